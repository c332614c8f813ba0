"""The Faust pipeline: match, ledger, views, alerting and the HTTP API."""
