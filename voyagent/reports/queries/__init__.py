"""Queries of the reports and the home page.

Amounts in different currencies are never added.
"""
