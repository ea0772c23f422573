"""Preview of the postings of an action before it is performed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext as _

from voyagent.billing.core.queries import recognitions
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.numbering import other_year
from voyagent.http.forms import DateText, SchemaForm
from voyagent.http.template_filters import day, today
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts, entries as ledger_entries
from voyagent.ledger.rules import CHART
from voyagent.ledger.service import entries as posting


def other_year_words(booked: date | None, series: str | None = None) -> str | None:
    """Return a note if a booking date is not in the present financial year, else None.

    With `series`, the note says whether the document will get the first number of that financial
    year or the next one.
    """
    if booked is None or (found := other_year(booked, today(), series)) is None:
        return None
    words = {"day": day(booked, year=True), "year": found.year}
    if found.is_first is None:
        return str(
            _(
                "Dated %(day)s, in a different financial year: it is booked in %(year)s.",
                **words,
            )
        )
    if found.is_first:
        return str(
            _(
                "Dated %(day)s, in a different financial year: it gets the first number of"
                " %(year)s.",
                **words,
            )
        )
    return str(
        _(
            "Dated %(day)s, in a different financial year: it gets the next number of %(year)s.",
            **words,
        )
    )


def typed_day(field: DateText) -> date | None:
    """Return the entered date, or None if it cannot be read."""
    try:
        return date.fromisoformat(field.iso or "")
    except ValueError:  # reported when the form is submitted
        return None


def continues_editing() -> bool:
    """Return True if the form was submitted only to add a line or to see the postings."""
    return request.method == "POST" and request.form.get("then") in ("line", "look")


def is_preview() -> bool:
    """Return True if the form was submitted only to see the postings."""
    return request.method == "POST" and request.form.get("then") == "look"


def preview(
    form: SchemaForm[Any],
    sides: Callable[[Any], Sequence[tuple[UUID | str, int, Money | None]]],
    *,
    day_of: Callable[[Any], date] | None = None,
) -> dict[str, Any]:
    """Return the template variables `postings` and `problems` of the entered form.

    `sides` computes the journal lines of the parsed form and raises the errors that the action
    would raise. `problems` are these errors. Both variables are empty for an incomplete form.
    `day_of` returns the day of the reference rates that the action would use.
    """

    def checked(body: Any) -> Sequence[tuple[UUID | str, int, Money | None]]:
        found = sides(body)
        if day_of is not None:
            posting.check_rates(found, on=day_of(body))
        return found

    found = form.dry_run(checked)
    return {"postings": postings_of(found or ()), "problems": form.problems}


def postings_of(sides: Sequence[tuple[UUID | str, int, Money | None]]) -> list[dict[str, Any]]:
    """Return journal lines for a page, each with `account`, `is_debit` and `amount`.

    An amount is None if it is not known yet. An account of the standard chart that the agency lacks
    is shown as the posting will add it. Lines on any other unknown account are left out.
    """
    found: dict[UUID | str, Any] = {one.purpose: one for one in CHART if one.purpose is not None}
    found |= accounts.find_accounts(purpose for purpose, _sign, _amount in sides)
    return [
        {"account": found[purpose], "is_debit": sign > 0, "amount": amount}
        for purpose, sign, amount in sides
        if purpose in found
    ]


def recognition_postings(found: Iterable[Recognition]) -> list[dict[str, Any]]:
    """Return the journal entries that an action would post on service dates.

    Each item has `day` and `postings`.
    """
    return [{"day": one.day, "postings": postings_of(one.sides)} for one in found]


def reversals_of(source: tuple[str, UUID], day: date) -> list[dict[str, Any]]:
    """Return the entries that would reverse a document's recognised revenue or cost.

    Each item has `postings` and `day`. The day of an item is the date of the recognition, or the
    argument `day` if `day` is later.
    """
    return [
        {"day": max(day, booked_on), "postings": reversal_of(entry_id)}
        for entry_id, booked_on in recognitions.recognised(*source)
    ]


def reversal_of(entry_id: UUID | None) -> list[dict[str, Any]]:
    """Return the journal lines that would reverse an entry, as rows of `postings_of`.

    The list is empty if `entry_id` is None.
    """
    if entry_id is None:
        return []
    lines = ledger_entries.read_entry(SessionReader(db.session), entry_id)[1]
    sides = ((line, *ledger_entries.sides_of(line)) for line in lines)
    return [
        {"account": line, "is_debit": bool(credit), "amount": credit or debit}
        for line, debit, credit in sides
    ]
