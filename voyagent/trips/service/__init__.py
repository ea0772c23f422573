"""The rules of trips: what an agency plans for a customer, who goes along, and what each thing costs."""

from voyagent.trips.service.offers import sweep

__all__ = ["sweep"]
