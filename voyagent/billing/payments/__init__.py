"""Receipts, payments to suppliers, refunds and allocations."""
