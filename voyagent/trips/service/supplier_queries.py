"""Build supplier queries from the plain fields of a request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from voyagent.capabilities.capability import Invocation
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.protocols.flights import Cabin, FlightQuery
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery
from voyagent.drivers.suppliers.protocols.parts import Party
from voyagent.kernel.money import Money


def suppliers(call: Invocation) -> Suppliers:
    """Return the suppliers that the installation is connected to."""
    return call.port(Suppliers)


def flight_query(  # noqa: PLR0913 - each is a field of the query
    *,
    origin: str,
    destination: str,
    outbound_date: date,
    passengers: Mapping[str, int],
    currency: str,
    return_date: date | None,
    cabin: str,
    direct_only: bool,
) -> FlightQuery:
    """Return a flight query; age groups absent from `passengers` have no passengers."""
    party = Party(**{"adult": 0, **passengers})
    return FlightQuery(
        origin, destination, outbound_date, party, currency, return_date, Cabin(cabin), direct_only
    )


def hotel_query(
    *,
    country: str,
    city: str,
    check_in: date,
    check_out: date,
    guests: int,
    currency: str,
    budget_max: str | None,
) -> HotelQuery:
    """Return a hotel query. Raises InvalidAmount, UnknownCurrency."""
    return HotelQuery(
        country,
        city,
        check_in,
        check_out,
        guests,
        currency,
        Money.parse(budget_max, currency) if budget_max else None,
    )
