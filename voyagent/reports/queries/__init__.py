"""Queries of the reports and the home page.

Amounts are separate for each currency.
"""
