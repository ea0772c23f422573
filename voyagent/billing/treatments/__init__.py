"""Confirmation of tax rates by a person, before the agency uses them."""
