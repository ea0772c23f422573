"""Services of payments, refunds and allocations."""
