"""Queries of invoices."""
