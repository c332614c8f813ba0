"""Rules over the views, and the alerts they raise."""
