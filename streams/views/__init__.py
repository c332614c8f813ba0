"""One file per family of numbers, all views over the ledger."""
