"""Reads of trips, their itinerary and charges."""
