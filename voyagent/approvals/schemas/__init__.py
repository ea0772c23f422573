"""Shapes of proposals: for the API, and for the pages that review them."""
