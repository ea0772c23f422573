"""Acts on trips: flights, hotels, visas, passengers and the itinerary."""

from voyagent.trips.capabilities import (
    add_passenger,
    add_transfer,
    check_hotel_rate,
    hold_flight,
    read_hotel_booking,
    read_itinerary,
    read_pnr,
    release_flight,
    remove_passenger,
    search_flights,
    search_hotels,
    show_trip,
    visa_requirements,
)

CAPABILITIES = (
    add_passenger.CAPABILITY,
    add_transfer.CAPABILITY,
    check_hotel_rate.CAPABILITY,
    hold_flight.CAPABILITY,
    read_hotel_booking.CAPABILITY,
    read_itinerary.CAPABILITY,
    read_pnr.CAPABILITY,
    release_flight.CAPABILITY,
    remove_passenger.CAPABILITY,
    search_flights.CAPABILITY,
    search_hotels.CAPABILITY,
    show_trip.CAPABILITY,
    visa_requirements.CAPABILITY,
)
