"""Capabilities of trips, such as acts on flights, hotels and passengers."""
