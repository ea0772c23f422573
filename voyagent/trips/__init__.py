"""Trips: who travels, with what, where they sleep, what it costs and what the customer pays; and
the itinerary made of it.
"""
