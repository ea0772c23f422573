"""The itinerary as a PDF, as a table and by mail."""
