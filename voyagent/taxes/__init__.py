"""Taxes on sales: rates with dates, place of supply, and tax at source."""
