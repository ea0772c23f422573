"""Billing documents as PDF files and spreadsheets."""
