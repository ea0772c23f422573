"""Form field of instalments, each with a date and an amount or a share.

One amount may be left empty; it becomes the rest of the total.
"""

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
    """Instalments as rows of a date and an amount; a row with neither is ignored."""

    names = ("instalment_due", "instalment_amount")
    written = ("instalment_due", "instalment_amount")
    most = INSTALMENTS_MAX


@dataclass(frozen=True, slots=True)
class TypedPlan:
    """The entered instalments, as rows for the API and as amounts.

    An item of `amounts` is None if the amount cannot be read. `total` is the total of the document,
    or None if it cannot be computed.
    """

    values: list[dict[str, Any]]
    amounts: list[Money | None]
    total: Money | None

    @property
    def sum(self) -> Money | None:
        """Return the sum of the instalments, or None if an amount cannot be read."""
        read = [amount for amount in self.amounts if amount is not None]
        return sum(read[1:], read[0]) if read and len(read) == len(self.amounts) else None

    @property
    def missing(self) -> Money | None:
        """Return the total less the sum of the instalments, or None if either is unknown."""
        return None if self.sum is None or self.total is None else self.total - self.sum


def rows_of(
    dues: Sequence[date] | None, minors: Sequence[int] | None, currency: str
) -> list[dict[str, Any]]:
    """Return the input values of stored instalments."""
    pairs = zip(dues or (), minors or (), strict=True)
    return [
        {"instalment_due": due, "instalment_amount": typed_amount(Money(minor, currency))}
        for due, minor in pairs
    ]


def read_plan(
    rows: Sequence[dict[str, Any]], total: Money | None, currency: str, issued: date | None = None
) -> TypedPlan:
    """Return the entered instalments, as rows for the API and as amounts.

    The amount of a share such as `30 %` is computed from `total` and rounded half up. If all are
    shares with the sum 100 %, `Money.split` divides the total, so that no minor unit is left. One
    amount may be empty: it becomes the rest of the total. A date without a year is the first such
    date on or after the previous instalment; for the first instalment, on or after the issue date.
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
    """Check the order of the instalment dates, if every row has a date.

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
    except (InvalidAmount, UnknownCurrency):  # reported when the form is submitted
        return None


def _days(rows: Sequence[dict[str, Any]], since: date | None) -> Iterator[str]:
    """Yield the dates in ISO format.

    A date without a year is the first such date on or after the date of the previous row; in the
    first row, on or after `since`.
    """
    for row in rows:
        day = iso_day(row["instalment_due"], since=since)
        with suppress(ValueError):  # an unreadable date is reported when the form is submitted
            since = date.fromisoformat(day)
        yield day


def iso_day(typed: date | str, *, since: date | None = None) -> str:
    """Return an entered date in ISO format, or unchanged if it cannot be read.

    If `since` is given, a date without a year is the first such date on or after `since`.
    """
    if isinstance(typed, date):
        return typed.isoformat()
    found = read_date(typed.strip(), since=since)
    return found.isoformat() if found else typed.strip()
