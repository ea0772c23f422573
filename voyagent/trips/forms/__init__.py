"""Forms of trips, of passengers, and of each kind of trip line."""
