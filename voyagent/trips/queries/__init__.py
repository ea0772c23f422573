"""Queries of trips, their itineraries and the items to invoice."""
