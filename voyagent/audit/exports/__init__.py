"""Exports of the audit log: chosen events as CSV, and an archive of all events."""
