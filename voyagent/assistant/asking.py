"""What the assistant asks suppliers for, in the words of their protocols; the asking itself is the
trips' matter.
"""

from __future__ import annotations

from datetime import date

from flask import current_app

from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.protocols import Cabin, FlightQuery, HotelQuery, Party
from voyagent.kernel.money import Money


def suppliers() -> Suppliers:
    """Those of this installation."""
    found: Suppliers = current_app.extensions["voyagent.suppliers"]
    return found


def flight_query(  # noqa: PLR0913 - each is a field of the query
    *,
    origin: str,
    destination: str,
    outbound_date: date,
    passengers: dict[str, int],
    currency: str,
    return_date: date | None,
    cabin: str,
    direct_only: bool,
) -> FlightQuery:
    """A search of flights."""
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
    """A search of hotels. Raises InvalidAmount, UnknownCurrency."""
    return HotelQuery(
        country,
        city,
        check_in,
        check_out,
        guests,
        currency,
        Money.parse(budget_max, currency) if budget_max else None,
    )
