"""Queries of the reports and the home page; amounts are separate for each currency."""
