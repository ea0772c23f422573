"""Reads of the reports and the home page, by currency."""
