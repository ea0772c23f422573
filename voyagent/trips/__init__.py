"""Trips: passengers, flights, hotels, other services, cost, price and the itinerary."""
