"""Exports of the audit trail: a CSV file of chosen events and an archive of all."""
