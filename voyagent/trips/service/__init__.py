"""The rules of trips: what an agency plans for a customer, who goes along, and what each thing costs."""

from voyagent.trips.service.errors import (
    BornLater,
    InvalidFlightTimes,
    InvalidLineStatus,
    LineIsCommitted,
    LineIsOver,
    LineKindFixed,
    NegativeAmount,
    TripAlreadyOpen,
    TripFull,
)
from voyagent.trips.service.lines import BY_HAND, LineChanges, add_line, cancel_line, remove_line, update_line
from voyagent.trips.service.offers import sweep
from voyagent.trips.service.passengers import PassengerChanges, add_passenger, remove_passenger, seal_anew, update_passenger
from voyagent.trips.service.trips import TripChanges, open_trip, trip_for, update_trip

__all__ = [
    "BY_HAND",
    "BornLater",
    "InvalidFlightTimes",
    "InvalidLineStatus",
    "LineChanges",
    "LineIsCommitted",
    "LineIsOver",
    "LineKindFixed",
    "NegativeAmount",
    "PassengerChanges",
    "TripAlreadyOpen",
    "TripChanges",
    "TripFull",
    "add_line",
    "add_passenger",
    "cancel_line",
    "open_trip",
    "remove_line",
    "remove_passenger",
    "seal_anew",
    "sweep",
    "trip_for",
    "update_line",
    "update_passenger",
    "update_trip",
]
