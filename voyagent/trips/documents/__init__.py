"""The itinerary as PDF, as a table and by mail."""
