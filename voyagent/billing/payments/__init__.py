"""Payments from customers and to suppliers, refunds, and allocations to documents."""
