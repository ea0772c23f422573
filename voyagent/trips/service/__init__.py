"""Services of trips: plan, manage passengers, book, send itineraries."""
