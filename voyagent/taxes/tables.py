"""The tables of rates, collections and states: rows with the days they hold from and to and where
they come from, so that another country is other rows.

A row that nobody has held against the text of its law is marked as not confirmed, and whoever sees
a tax is told so.
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
    """No rates are known by that name in the agency's country."""

    code = "tax_treatment_unknown"
    message = N_("That is not a way in which a line is taxed here.")


class UnknownState(Invalid):
    """A code that no state of the country has."""

    code = "place_of_supply_unknown"
    message = N_("That is not the code of a state.")


class NoRateThen(Invalid):
    """The tables have no row for that day."""

    code = "tax_rate_not_known"
    message = N_("No tax rate is known for that day.")


@dataclass(frozen=True, slots=True)
class Rate:
    """A component of a treatment: so many percent of a share (in percent) of the base, for supplies
    within or across states, over days that are included.
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
    """What is collected of the part of a buyer's year that lies above one sum and up to another, in
    major units of the country's currency.
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
    """The rows of a treatment that hold on a day. Raises UnknownTreatment, NoRateThen."""
    known = rates_of(country, treatment)
    if not known:
        raise UnknownTreatment
    return _in_force(known, day)


def rates_of(country: str, treatment: str) -> list[Rate]:
    """All rows of a treatment, whenever they hold; none where it is not known."""
    return [rate for rate in _rates() if (rate.country, rate.treatment) == (country, treatment)]


def bands_on(country: str, kind: str, day: date) -> list[Band]:
    """The rows of a collection that hold on a day, from the lowest.

    Raises UnknownTreatment, NoRateThen.
    """
    known = [band for band in _bands() if (band.country, band.kind) == (country, kind)]
    if not known:
        raise UnknownTreatment
    return sorted(_in_force(known, day), key=lambda band: band.above)


def treatments(country: str) -> tuple[str, ...]:
    """How a line may be taxed in a country, in the order of the table; nothing where it has no
    rows.
    """
    return tuple(dict.fromkeys(rate.treatment for rate in _rates() if rate.country == country))


def components_on(country: str, day: date) -> tuple[str, ...]:
    """The components that taxes have in a country on a day, in the order of the table."""
    return tuple(
        dict.fromkeys(
            rate.component for rate in _rates() if rate.country == country and _holds(rate, day)
        )
    )


def collections(country: str) -> tuple[str, ...]:
    """What may be collected on top of a document in a country."""
    return tuple(dict.fromkeys(band.kind for band in _bands() if band.country == country))


@cache
def currency_of(country: str) -> str:
    """The currency in which a country's taxes are reckoned.

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
    """The states of a country that its tax tells apart, by the code that stands in front of a tax
    number; nothing where it tells none apart.
    """
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
