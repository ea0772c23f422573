"""Billing documents as files: PDF and spreadsheets."""
