"""Shapes of the reports for the JSON API."""
