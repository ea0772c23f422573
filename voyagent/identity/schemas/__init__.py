"""Schemas of identity for the JSON API and the HTML forms."""
