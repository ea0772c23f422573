"""JSON API of payments, refunds and allocations."""
