"""Trips: passengers, flights, hotels and other services, with cost, price and itinerary."""
