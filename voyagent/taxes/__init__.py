"""Taxes on sales: rates with their dates, place and time of supply, tax collected at source."""
