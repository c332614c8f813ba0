"""The HTTP API: any worker answers for any brand."""
