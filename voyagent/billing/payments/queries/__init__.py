"""Queries of payments, refunds and allocations."""
