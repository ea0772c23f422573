"""Trips: passengers, services, cost, price and itinerary."""
