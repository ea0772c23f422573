"""Services of trips: plan them, manage passengers, book at suppliers, send itineraries."""
