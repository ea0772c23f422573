"""The rules of trips: what an agency plans for a customer, who goes along, and what each thing costs."""

from voyagent.trips.service.errors import (
    BornLater,
    InvalidFlightTimes,
    InvalidLineStatus,
    LineAtSupplier,
    LineIsCommitted,
    LineIsOver,
    LineKindFixed,
    NegativeAmount,
    NobodyTravels,
    NoDayOfArrival,
    NoNationality,
    NotAtSupplier,
    NotHeld,
    NothingToSend,
    OfferNotFound,
    TooManyGuests,
    TripAlreadyOpen,
    TripFull,
)
from voyagent.trips.service.flights import hold_flight, issue_ticket, offered_anew, read_flight, search_flights
from voyagent.trips.service.hotels import book_hotel, cancel_hotel_booking, check_hotel_rate, read_hotel_booking, search_hotels
from voyagent.trips.service.lines import BY_HAND, LineChanges, add_line, cancel_line, remove_line, update_line
from voyagent.trips.service.offers import sweep
from voyagent.trips.service.passengers import PassengerChanges, add_passenger, remove_passenger, seal_anew, update_passenger
from voyagent.trips.service.sending import Post, address_of_customer, send_itinerary
from voyagent.trips.service.supplies import Offered
from voyagent.trips.service.trips import TripChanges, open_trip, trip_for, update_trip
from voyagent.trips.service.visas import file_visa, visa_requirements

__all__ = [
    "BY_HAND",
    "BornLater",
    "InvalidFlightTimes",
    "InvalidLineStatus",
    "LineAtSupplier",
    "LineChanges",
    "LineIsCommitted",
    "LineIsOver",
    "LineKindFixed",
    "NegativeAmount",
    "NoDayOfArrival",
    "NoNationality",
    "NobodyTravels",
    "NotAtSupplier",
    "NotHeld",
    "NothingToSend",
    "OfferNotFound",
    "Offered",
    "PassengerChanges",
    "Post",
    "TooManyGuests",
    "TripAlreadyOpen",
    "TripChanges",
    "TripFull",
    "add_line",
    "add_passenger",
    "address_of_customer",
    "book_hotel",
    "cancel_hotel_booking",
    "cancel_line",
    "check_hotel_rate",
    "file_visa",
    "hold_flight",
    "issue_ticket",
    "offered_anew",
    "open_trip",
    "read_flight",
    "read_hotel_booking",
    "remove_line",
    "remove_passenger",
    "seal_anew",
    "search_flights",
    "search_hotels",
    "send_itinerary",
    "sweep",
    "trip_for",
    "update_line",
    "update_passenger",
    "update_trip",
    "visa_requirements",
]
