"""Instalments as typed: date, and amount or share; an empty amount is the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from voyagent.billing.core.service.instalments import INSTALMENTS_MAX, Plan, check_days
from voyagent.http.forms import RowsField, plain, read_date, typed_amount
from voyagent.kernel.fields import BusinessDate
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency

_DAYS = TypeAdapter(list[BusinessDate])
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


class InstalmentsField(RowsField):
    """Instalments as rows of a day and an amount; one without either is none."""

    names = ("instalment_due", "instalment_amount")
    written = ("instalment_due", "instalment_amount")
    most = INSTALMENTS_MAX


@dataclass(frozen=True, slots=True)
class TypedPlan:
    """A typed plan: date and amount of each row as sent, and the amounts that can be read."""

    values: list[dict[str, Any]]
    amounts: list[Money | None]
    total: Money | None

    @property
    def sum(self) -> Money | None:
        """Return the sum of the rows, or None if one cannot be read."""
        read = [amount for amount in self.amounts if amount is not None]
        return sum(read[1:], read[0]) if read and len(read) == len(self.amounts) else None

    @property
    def missing(self) -> Money | None:
        """Return the total less the sum of the rows, or None if it is not known."""
        return None if self.sum is None or self.total is None else self.total - self.sum


def rows_of(
    dues: Sequence[date] | None, minors: Sequence[int] | None, currency: str
) -> list[dict[str, Any]]:
    """Return the input values of a stored plan."""
    kept = zip(dues or (), minors or (), strict=True)
    return [
        {"instalment_due": due, "instalment_amount": typed_amount(Money(minor, currency))}
        for due, minor in kept
    ]


def read_plan(
    rows: Sequence[dict[str, Any]], total: Money | None, currency: str, issued: date | None = None
) -> TypedPlan:
    """Read typed instalments.

    A share is of the total, rounded half up; shares of 100 % add up to the total. One row without
    an amount is the rest. Dates without a year follow the issue date. What cannot be read is left
    as typed, so that the schema refuses it.
    """
    texts = [row["instalment_amount"].strip() for row in rows]
    shares = [_SHARE.fullmatch(text) for text in texts]
    percents = [Decimal(share[1]) for share in shares if share]
    amounts = [_amount(text, total, currency) for text in texts]
    if total is not None and len(percents) == len(texts) and sum(percents) == 100:
        amounts = [*total.split(percents)]
    if texts.count("") == 1 and total is not None:
        others = [
            amount.amount_minor
            for amount, text in zip(amounts, texts, strict=True)
            if amount is not None and text
        ]
        rest = total.amount_minor - sum(others)
        if len(others) == len(texts) - 1 and rest > 0:
            amounts[texts.index("")] = Money(rest, currency)
    values = [
        {
            "due_date": day,
            "amount": format(amount.decimal, "f") if amount is not None else plain(text, currency),
        }
        for day, amount, text in zip(_days(rows, issued), amounts, texts, strict=True)
    ]
    return TypedPlan(values, amounts, total)


def check_typed_days(rows: Sequence[dict[str, Any]], issued: date) -> None:
    """Check the dates of instalments, once each has one.

    Raises InvalidInstalmentDates, or ValidationError for a date that cannot be read.
    """
    if all(str(row["instalment_due"]).strip() for row in rows):
        check_days(Plan(tuple(_DAYS.validate_python([*_days(rows, issued)]))), issued)


def _amount(text: str, total: Money | None, currency: str) -> Money | None:
    try:
        if share := _SHARE.fullmatch(text):
            return (
                None
                if total is None
                else Money.rounded(total.decimal * Decimal(share[1]) / 100, currency)
            )
        return Money.parse(plain(text, currency), currency) if text else None
    except (InvalidAmount, UnknownCurrency):  # it has its sentence once the form is sent
        return None


def _days(rows: Sequence[dict[str, Any]], since: date | None) -> Iterator[str]:
    """Yield the dates; one without a year is the first such day from the one before it."""
    for row in rows:
        day = iso_day(row["instalment_due"], since=since)
        with suppress(ValueError):  # one that cannot be read has its sentence once the form is sent
            since = date.fromisoformat(day)
        yield day


def iso_day(typed: date | str, *, since: date | None = None) -> str:
    """Return a date as sent; one that cannot be read is left as typed."""
    if isinstance(typed, date):
        return typed.isoformat()
    found = read_date(typed.strip(), since=since)
    return found.isoformat() if found else typed.strip()
