"""Forms of trips, passengers, and each kind of line."""
