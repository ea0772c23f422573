"""The audit trail as files: CSV and archive."""
