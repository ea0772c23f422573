"""Invoices that the agency issues to customers."""
