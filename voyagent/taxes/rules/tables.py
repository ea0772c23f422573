"""Tables of tax rates, collections, limits, codes and states, from CSV files.

A tax treatment, such as `service_fee` or `air_domestic`, is the way in which a country taxes a kind
of sale. Each row of rates has its first and last day and its legal source. A row is marked as
unconfirmed until somebody has compared it with the text of the law. An invoice line whose tax was
computed with an unconfirmed row is marked as well.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

from voyagent.kernel.canonical import digest
from voyagent.kernel.errors import N_, Invalid

Supply = Literal["same_state", "other_state", "any"]
COLLECTED = "tcs"
"""Component of tax collected at source (TCS), which a credit note does not return."""
Nature = Literal["taxable", "exempt", "zero_rated"]
Recipient = Literal["any", "abroad", "sez"]
ABROAD = "96"
"""Code of the place of supply of an export, in the place of a state."""


class UnknownTreatment(Invalid):
    """The agency's country has no rates for this tax treatment, or no tax tables."""

    code = "tax_treatment_unknown"
    message = N_("This tax treatment is not available in the agency’s country.")


class UnknownState(Invalid):
    """The country has no state with this code."""

    code = "place_of_supply_unknown"
    message = N_("This is not a valid state code.")


class NoRateThen(Invalid):
    """The tables have no rate for this treatment or collection on this day."""

    code = "tax_rate_not_known"
    message = N_("There is no tax rate for this date. Choose another date.")


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate of one tax component of a treatment, and the days on which it applies.

    The tax is `percent` percent of `share` percent of the base. `valid_from` and `valid_to` are
    inclusive. `valid_to` is None if no last day is known. The rate applies if the value per unit,
    such as that of a room for a night, is above `unit_above` and at most `unit_up_to`. Both are in
    major units, and None means that there is no limit.
    """

    country: str
    treatment: str
    component: str
    supply: Supply
    percent: Decimal
    share: Decimal
    unit_above: Decimal | None
    unit_up_to: Decimal | None
    valid_from: date
    valid_to: date | None
    confirmed: bool
    source: str

    @property
    def slab(self) -> tuple[Decimal | None, Decimal | None]:
        """Return the limits of the value per unit."""
        return self.unit_above, self.unit_up_to


@dataclass(frozen=True, slots=True)
class Band:
    """The rate of tax collected at source between two amounts of a yearly total.

    The yearly total is the sum of a buyer's documents in a financial year.

    `above` and `up_to` are in major units of the country's currency. `up_to` is None for the
    highest band.
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


@dataclass(frozen=True, slots=True)
class ServiceCode:
    """A code that classifies services by law, such as an Indian SAC of six digits.

    `treatments` are the tax treatments whose lines have this code by default.
    """

    country: str
    code: str
    treatments: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    confirmed: bool
    source: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """The nature of a tax treatment, and the customers for whom it is.

    `nature` is `exempt` if the law exempts the sale or taxes it at nil, and `zero_rated` for an
    export, or a supply to a special economic zone (SEZ), without payment of tax. `recipient` says
    for which customers the treatment is: those abroad, those in an SEZ, or any.
    """

    nature: Nature
    recipient: Recipient


Row = TypeVar("Row", Rate, Band, ServiceCode)


def rates_on(country: str, treatment: str, day: date) -> list[Rate]:
    """Return the rates of a treatment on a day.

    There is one rate for each tax component, kind of supply and range of the value per unit. Raises
    UnknownTreatment, NoRateThen.
    """
    known = rates_of(country, treatment)
    if not known:
        raise UnknownTreatment
    return _in_force(known, day)


def rates_of(country: str, treatment: str) -> list[Rate]:
    """Return the rates of a treatment on all days; an empty list if it is unknown."""
    return [rate for rate in _rates() if (rate.country, rate.treatment) == (country, treatment)]


def rates_as_texts(country: str, treatment: str) -> list[dict[str, str]]:
    """Return the rates of a treatment on all days as texts.

    People compare them with the law. The members are those of `Rate` without country, treatment and
    `confirmed`. `valid_to` is empty if no last day is known, and so are the limits of the value of
    a unit if there are none.
    """
    return [
        {
            "component": rate.component,
            "supply": rate.supply,
            "percent": f"{rate.percent.normalize():f}",
            "share": f"{rate.share.normalize():f}",
            "unit_above": "" if rate.unit_above is None else f"{rate.unit_above:f}",
            "unit_up_to": "" if rate.unit_up_to is None else f"{rate.unit_up_to:f}",
            "valid_from": rate.valid_from.isoformat(),
            "valid_to": rate.valid_to.isoformat() if rate.valid_to else "",
            "source": rate.source,
        }
        for rate in rates_of(country, treatment)
    ]


@cache
def rates_hash(country: str, treatment: str) -> str:
    """Return the SHA-256 of `rates_as_texts`; it differs if a release changes a rate."""
    return digest(rates_as_texts(country, treatment))


def bands_on(country: str, kind: str, day: date) -> list[Band]:
    """Return the bands of a tax collected at source on a day, lowest first.

    Raises UnknownTreatment, NoRateThen.
    """
    known = [band for band in _bands() if (band.country, band.kind) == (country, kind)]
    if not known:
        raise UnknownTreatment
    return sorted(_in_force(known, day), key=lambda band: band.above)


def treatments(country: str) -> tuple[str, ...]:
    """Return a country's tax treatments in the order of the table.

    The result is empty if the country has no table.
    """
    return tuple(dict.fromkeys(rate.treatment for rate in _rates() if rate.country == country))


def is_taxable(treatment: str | None) -> bool:
    """Return True if a document line with this treatment has a tax."""
    return treatment is not None and _treatment(treatment).nature == "taxable"


def is_exempt(treatment: str | None) -> bool:
    """Return True if lines with this treatment are exempt, or taxed at nil."""
    return treatment is not None and _treatment(treatment).nature == "exempt"


def is_zero_rated(treatment: str | None) -> bool:
    """Return True for exports and supplies to an SEZ without payment of tax."""
    return treatment is not None and _treatment(treatment).nature == "zero_rated"


def recipient_of(treatment: str) -> Recipient:
    """Return for which customers a treatment is."""
    return _treatment(treatment).recipient


def components_on(country: str, day: date) -> tuple[str, ...]:
    """Return a country's tax components on a day, such as `CGST`, in table order."""
    return tuple(
        dict.fromkeys(
            rate.component for rate in _rates() if rate.country == country and _holds(rate, day)
        )
    )


def highest_percent_on(country: str, day: date) -> Decimal | None:
    """Return the highest tax rate of a country on a day, all components together.

    It is a percentage of the taxed share, which can be less than the whole amount. The result is
    None if the country has no rate on that day.
    """
    sums: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for rate in _rates():
        if rate.country == country and _holds(rate, day):
            sums[rate.treatment, rate.supply, rate.slab] += rate.percent
    return max(sums.values(), default=None)


def service_codes_on(country: str, day: date) -> list[ServiceCode]:
    """Return the service codes of a country on a day; an empty list without a table."""
    return [one for one in _service_codes() if one.country == country and _holds(one, day)]


def service_code_of(country: str, treatment: str | None, day: date) -> str | None:
    """Return the usual service code of a treatment on a day, or None if there is none."""
    return next(
        (one.code for one in service_codes_on(country, day) if treatment in one.treatments), None
    )


def collections(country: str) -> tuple[str, ...]:
    """Return the kinds of tax that sellers of a country collect at source."""
    return tuple(dict.fromkeys(band.kind for band in _bands() if band.country == country))


@cache
def cash_limit_on(country: str, day: date) -> Decimal | None:
    """Return the amount from which the law forbids to receive cash.

    Less than this amount is allowed. `day` is the day of the receipt, which decides the law that
    applies. The amount is in major units of the country's currency. The result is None if the law
    of the country has no limit on that day.
    """
    return next(
        (
            Decimal(row["amount"])
            for row in _rows("cash_limits.csv")
            if row["country"] == country
            and date.fromisoformat(row["valid_from"]) <= day
            and ((last := _day(row["valid_to"])) is None or day <= last)
        ),
        None,
    )


def country_of_currency(currency: str) -> str | None:
    """Return the country of the tables whose taxes are due in a currency, or None."""
    return next(
        (row["country"] for row in _rows("countries.csv") if row["currency"] == currency), None
    )


@cache
def currency_of(country: str) -> str:
    """Return the currency in which a country's taxes are due.

    Raises UnknownTreatment if the country has no tax tables.
    """
    found = next(
        (row["currency"] for row in _rows("countries.csv") if row["country"] == country), None
    )
    if found is None:
        raise UnknownTreatment
    return found


@cache
def states(country: str) -> dict[str, str]:
    """Return the names of a country's states by the state codes in tax numbers.

    The result is empty if the tax does not differ between states.
    """
    return {row["code"]: row["name"] for row in _rows("states.csv") if row["country"] == country}


@cache
def has_own_place(country: str, treatment: str, *, is_registered: bool) -> bool:
    """Return True if the place of supply may be where the service is.

    Examples are the state of the hotel and the state in which a journey begins. If the result is
    False, the place of supply is the state of the recipient. `is_registered` is true for a
    recipient with a tax number.
    """
    column = "registered" if is_registered else "unregistered"
    return any(
        row[column] == "service"
        for row in _rows("places.csv")
        if row["country"] == country and treatment in row["treatments"].split()
    )


def _treatment(code: str) -> Treatment:
    """Return a treatment.

    One that a later release has removed counts as taxable and for any customer.
    """
    return _treatments().get(code, Treatment("taxable", "any"))


@cache
def _treatments() -> dict[str, Treatment]:
    return {
        row["treatment"]: Treatment(_nature(row["nature"]), _recipient(row["recipient"]))
        for row in _rows("treatments.csv")
    }


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
            _limit(row["unit_above"]),
            _limit(row["unit_up_to"]),
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
            _limit(row["up_to"]),
            Decimal(row["percent"]),
            Decimal(row["percent_without_pan"]),
            date.fromisoformat(row["valid_from"]),
            _day(row["valid_to"]),
            row["confirmed"] == "yes",
            row["source"],
        )
        for row in _rows("collection.csv")
    )


@cache
def _service_codes() -> tuple[ServiceCode, ...]:
    return tuple(
        ServiceCode(
            row["country"],
            row["code"],
            tuple(row["treatments"].split()),
            date.fromisoformat(row["valid_from"]),
            _day(row["valid_to"]),
            row["confirmed"] == "yes",
            row["source"],
        )
        for row in _rows("service_codes.csv")
    )


def _in_force(rows: list[Row], day: date) -> list[Row]:
    found = [row for row in rows if _holds(row, day)]
    if not found:
        raise NoRateThen
    return found


def _holds(row: Rate | Band | ServiceCode, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)


def _supply(text: str) -> Supply:
    match text:
        case "same_state" | "other_state" | "any":
            return text
    raise ValueError(text)


def _nature(text: str) -> Nature:
    match text:
        case "taxable" | "exempt" | "zero_rated":
            return text
    raise ValueError(text)


def _recipient(text: str) -> Recipient:
    match text:
        case "any" | "abroad" | "sez":
            return text
    raise ValueError(text)


def _limit(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _rows(name: str) -> list[dict[str, str]]:
    return list(
        csv.DictReader((files("voyagent.taxes") / name).read_text(encoding="utf-8").splitlines())
    )
