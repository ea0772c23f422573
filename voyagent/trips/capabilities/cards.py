"""Texts of result cards and answers that several capabilities of trips share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask_babel import gettext, ngettext

from voyagent.capabilities.capability import Choice
from voyagent.capabilities.cards import SHOWN_MAX, moment, money
from voyagent.capabilities.results import Column, Result, ResultLink
from voyagent.kernel.errors import N_
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money
from voyagent.trips.words import board_word, state_word

PASSENGER_STEPS = {
    "passenger_not_found": N_("Give the full name, or show the trip to see who travels."),
}

TRIP_RESULTS = (Result(link=ResultLink(label=N_("Open the trip"), page="trip_id")),)
RATE_COLUMNS = (
    Column(label=N_("Hotel"), value="hotel"),
    Column(label=N_("Room"), value="room"),
    Column(label=N_("Meals"), value=lambda rate: board_word(rate.get("board_basis") or "")),
    Column(label=N_("Price"), value="price", kind="money"),
)


def status_note(output: JsonObject) -> str:
    """Return the status of a booking as text."""
    return state_word(output["status"])


def people_note(output: JsonObject) -> str:
    """Return the number of passengers as text."""
    return str(ngettext("one person", "%(num)d people", len(output["passengers"])))


def fare_row(fare: JsonObject) -> str:
    """Describe a fare in one line: flights, departure, stops, price and terms."""
    stops = (
        ngettext("one stop", "%(num)d stops", fare["stops"])
        if fare["stops"]
        else gettext("without a stop")
    )
    flights, leaves = " / ".join(fare["flights"]), moment(fare["departs_at"])
    parts = (flights, leaves, str(stops), money(fare["price"]), _terms(fare["refundable"]))
    return ", ".join(filter(None, parts))


def fare_records(fares: Sequence[JsonObject]) -> Sequence[Choice]:
    """Return fares as choices, to which later messages can refer.

    The `number` of a choice is the flight number of the fare's first flight.
    """
    return tuple(
        Choice(
            fare["fare_id"],
            fare_row(fare),
            fare["flights"][0],
            _amount(fare["price"]),
            ("fare_id",),
        )
        for fare in fares[:SHOWN_MAX]
    )


def rate_row(rate: JsonObject) -> str:
    """Describe a hotel rate in one line: hotel, stars, room, meals, price and terms."""
    stars = ngettext("one star", "%(num)d stars", rate["stars"]) if rate["stars"] else ""
    meals = board_word(rate["board_basis"])
    price, terms = money(rate["price"]), _terms(rate["is_refundable"])
    parts = (rate["hotel"], str(stars), rate["room"], meals, price, terms)
    return ", ".join(filter(None, parts))


def booking_record(id_: str, number: str, price: JsonObject | None = None) -> Choice:
    """Return a booking as a choice, to which later messages can refer by its number."""
    return Choice(id_, number, number, _amount(price) if price else None)


def price_text(price: JsonObject) -> str:
    """Return a price as text, or a text that says that there is none yet."""
    return money(price) if Decimal(price["amount"]) else str(gettext("no price yet"))


def _terms(refundable: bool) -> str:  # noqa: FBT001 - the value of a field
    return str(gettext("refundable")) if refundable else ""


def _amount(price: JsonObject) -> Money:
    return Money.parse(price["amount"], price["currency"])
