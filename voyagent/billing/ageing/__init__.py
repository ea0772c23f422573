"""Receivables, payables and advances by age and party."""
