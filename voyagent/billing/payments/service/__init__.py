"""Rules of payments, refunds and allocations."""
