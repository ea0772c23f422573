"""Pages of payments, refunds and allocations."""
