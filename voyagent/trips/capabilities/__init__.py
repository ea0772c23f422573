"""Acts on trips: flights, hotels, visas, passengers and the itinerary."""

from voyagent.trips.capabilities import (
    hold_flight,
    read_pnr,
    release_flight,
    search_flights,
    visa_requirements,
)

CAPABILITIES = (
    hold_flight.CAPABILITY,
    read_pnr.CAPABILITY,
    release_flight.CAPABILITY,
    search_flights.CAPABILITY,
    visa_requirements.CAPABILITY,
)
