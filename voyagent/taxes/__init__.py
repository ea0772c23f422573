"""Taxes on sales: dated rates, treatments, place and time of supply, collections."""
