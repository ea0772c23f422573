"""Reads of payments, allocations and refunds."""
