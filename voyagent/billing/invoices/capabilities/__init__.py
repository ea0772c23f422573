"""Capabilities of invoices."""
