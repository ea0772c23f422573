"""Queries of the audit trail: events and chains."""
