"""Itinerary of a trip, for the reports API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from voyagent.kernel.money import Money
from voyagent.trips.rules.details import FlightDetails, HotelDetails, VisaDetails
from voyagent.trips.rules.journey import Journey, Line, Passenger


@dataclass(frozen=True, slots=True)
class Itinerary:
    """Passengers, flights, hotels, visas and prices of a trip.

    A passenger is a name and a passport number, which may be masked. A flight is a PNR and the
    details of the flight. A visa is a country and a status. There is one price for each currency;
    the price in the agency's currency comes first.
    """

    trip_id: UUID | None
    passengers: tuple[tuple[str, str | None], ...]
    flights: tuple[tuple[str | None, FlightDetails], ...]
    hotels: tuple[HotelDetails, ...]
    visas: tuple[tuple[str, str], ...]
    prices: tuple[Money, ...]


def itinerary_of(
    journey: Journey | None, currency: str, passport_of: Callable[[Passenger], str | None]
) -> Itinerary:
    """Return the itinerary of a trip without cancelled or failed lines.

    `currency` is the agency's currency. `passport_of` returns the passport number of a passenger as
    it may be shown. The itinerary is empty if `journey` is None.
    """
    if journey is None:
        return Itinerary(None, (), (), (), (), (Money(0, currency),))
    prices = {total.currency: total.price for total in journey.totals}
    home = prices.pop(currency, Money(0, currency))
    details = [(line, line.details) for line in journey.active_lines]
    return Itinerary(
        trip_id=journey.trip["id"],
        passengers=tuple((one.full_name, passport_of(one)) for one in journey.passengers),
        flights=tuple(
            (line.supplier_ref, flight)
            for line, flight in details
            if isinstance(flight, FlightDetails)
        ),
        hotels=tuple(stay for _, stay in details if isinstance(stay, HotelDetails)),
        visas=tuple(
            (visa.country, _visa_status(line, visa))
            for line, visa in details
            if isinstance(visa, VisaDetails)
        ),
        prices=(home, *(price for price in prices.values() if price)),
    )


def _visa_status(line: Line, visa: VisaDetails) -> str:
    return "granted" if visa.granted_on is not None else line.status
