"""Queries of the audit log: events and chains."""
