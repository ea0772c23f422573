"""Tables of rates, collections and states: rows with their first and last day and their source.

Another country needs only further rows. A row that was not compared with the text of its law is
marked as unconfirmed, and the page says so.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

from voyagent.kernel.errors import N_, Invalid

Supply = Literal["same_state", "other_state", "any"]


class UnknownTreatment(Invalid):
    """The agency's country has no rates for this treatment."""

    code = "tax_treatment_unknown"
    message = N_("This tax treatment is not available in the agency’s country.")


class UnknownState(Invalid):
    """The country has no state with this code."""

    code = "place_of_supply_unknown"
    message = N_("This is not a valid state code.")


class NoRateThen(Invalid):
    """The tables have no rate for this day."""

    code = "tax_rate_not_known"
    message = N_("There is no tax rate for this date. Choose another date.")


@dataclass(frozen=True, slots=True)
class Rate:
    """One component of a treatment, valid on the days from first to last.

    The rate is a percentage of `share` percent of the base.
    """

    country: str
    treatment: str
    component: str
    supply: Supply
    percent: Decimal
    share: Decimal
    valid_from: date
    valid_to: date | None
    confirmed: bool
    source: str


@dataclass(frozen=True, slots=True)
class Band:
    """A collection on the part of a buyer's yearly total between two sums.

    Sums are major units of the country's currency.
    """

    country: str
    kind: str
    component: str
    above: Decimal
    up_to: Decimal | None
    percent: Decimal
    percent_without_pan: Decimal
    valid_from: date
    valid_to: date | None
    confirmed: bool
    source: str


Row = TypeVar("Row", Rate, Band)


def rates_on(country: str, treatment: str, day: date) -> list[Rate]:
    """Return the rates of a treatment on a day. Raises UnknownTreatment, NoRateThen."""
    known = rates_of(country, treatment)
    if not known:
        raise UnknownTreatment
    return _in_force(known, day)


def rates_of(country: str, treatment: str) -> list[Rate]:
    """Return all rates of a treatment, on any day; empty if the treatment is unknown."""
    return [rate for rate in _rates() if (rate.country, rate.treatment) == (country, treatment)]


def bands_on(country: str, kind: str, day: date) -> list[Band]:
    """Return the bands of a collection on a day, lowest first.

    Raises UnknownTreatment, NoRateThen.
    """
    known = [band for band in _bands() if (band.country, band.kind) == (country, kind)]
    if not known:
        raise UnknownTreatment
    return sorted(_in_force(known, day), key=lambda band: band.above)


def treatments(country: str) -> tuple[str, ...]:
    """Return the treatments of a country in table order; empty without tables."""
    return tuple(dict.fromkeys(rate.treatment for rate in _rates() if rate.country == country))


def components_on(country: str, day: date) -> tuple[str, ...]:
    """Return the tax components of a country on a day, in table order."""
    return tuple(
        dict.fromkeys(
            rate.component for rate in _rates() if rate.country == country and _holds(rate, day)
        )
    )


def collections(country: str) -> tuple[str, ...]:
    """Return the collections of a country."""
    return tuple(dict.fromkeys(band.kind for band in _bands() if band.country == country))


@cache
def currency_of(country: str) -> str:
    """Return the currency of a country's taxes.

    Raises UnknownTreatment for a country without tables.
    """
    found = next(
        (row["currency"] for row in _rows("countries.csv") if row["country"] == country), None
    )
    if found is None:
        raise UnknownTreatment
    return found


@cache
def states(country: str) -> dict[str, str]:
    """Return a country's states by their tax code; empty if its tax does not tell states apart."""
    return {row["code"]: row["name"] for row in _rows("states.csv") if row["country"] == country}


@cache
def _rates() -> tuple[Rate, ...]:
    return tuple(
        Rate(
            row["country"],
            row["treatment"],
            row["component"],
            _supply(row["supply"]),
            Decimal(row["percent"]),
            Decimal(row["share"]),
            date.fromisoformat(row["valid_from"]),
            _day(row["valid_to"]),
            row["confirmed"] == "yes",
            row["source"],
        )
        for row in _rows("rates.csv")
    )


@cache
def _bands() -> tuple[Band, ...]:
    return tuple(
        Band(
            row["country"],
            row["kind"],
            row["component"],
            Decimal(row["above"]),
            Decimal(row["up_to"]) if row["up_to"] else None,
            Decimal(row["percent"]),
            Decimal(row["percent_without_pan"]),
            date.fromisoformat(row["valid_from"]),
            _day(row["valid_to"]),
            row["confirmed"] == "yes",
            row["source"],
        )
        for row in _rows("collection.csv")
    )


def _in_force(rows: list[Row], day: date) -> list[Row]:
    found = [row for row in rows if _holds(row, day)]
    if not found:
        raise NoRateThen
    return found


def _holds(row: Rate | Band, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)


def _supply(text: str) -> Supply:
    match text:
        case "same_state" | "other_state" | "any":
            return text
    raise ValueError(text)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _rows(name: str) -> list[dict[str, str]]:
    return list(
        csv.DictReader((files("voyagent.taxes") / name).read_text(encoding="utf-8").splitlines())
    )
