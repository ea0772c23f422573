"""Forms, edits of requests and the assistant read dates by the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from flask import Flask
from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict
from wtforms import StringField

from tests.kernel.text.date_rules import RULES, TODAY, Rule
from voyagent.approvals.forms.editing import Sheet
from voyagent.http.forms import DateText, SchemaForm, amount_sentence, plain
from voyagent.imports.rules.cell_types import Context, RowDate
from voyagent.kernel.fields import BusinessDate, Open
from voyagent.kernel.text.dates import DateKind, Day, read_date
from voyagent.kernel.text.reading import read

ARGUMENTS: dict[DateKind, str] = {
    "travel": "check_in",
    "due": "due_date",
    "book": "issue_date",
    "birth": "date_of_birth",
}
"""An argument of a request for each kind of date."""


class DatesIn(Open):
    """Dates of each kind."""

    travel: BusinessDate | None = None
    due: BusinessDate | None = None
    book: BusinessDate | None = None
    birth: BusinessDate | None = None


class DatesForm(SchemaForm[DatesIn]):
    """A field for each kind of date."""

    schema = DatesIn
    travel = DateText("Departs", kind="travel")
    due = DateText("Due", kind="due")
    book = DateText("Issued", kind="book")
    birth = DateText("Born", kind="birth")
    note = StringField("Note")


@pytest.fixture(autouse=True)
def clock_on_the_day() -> Iterator[None]:
    with time_machine.travel(f"{TODAY}T10:00:00Z", tick=False):
        yield


def by_form(app: Flask, written: str, kind: DateKind) -> tuple[date | None, list[str]]:
    """Return the date that a form reads, and the errors at its field."""
    with app.test_request_context("/", method="POST", data={kind: written}):
        form: Any = DatesForm(meta={"csrf": False})
        value = form.accepted()
        return getattr(value, kind, None), [str(line) for line in form[kind].errors]


def by_edit(app: Flask, written: str, kind: DateKind) -> tuple[str, str]:
    """Return the argument that an edit of a proposal reads, and the displayed value."""
    name = ARGUMENTS[kind]
    with app.test_request_context("/"):
        sheet = Sheet.of({name: "2020-01-01"}, MultiDict({f"a.{name}": written}))
        return str(sheet.arguments()[name]), dict(sheet.understood).get(written.strip(), "")


def by_import(written: str) -> date | None:
    """The date that a cell of an imported file has; None if it is refused."""
    try:
        return TypeAdapter(RowDate).validate_python(written, context=Context(TODAY, "INR"))
    except ValidationError:
        return None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.written}-{rule.kind}")
def test_form_edit_import_and_assistant_read_values_as_listed(app: Flask, rule: Rule) -> None:
    form, sentences = by_form(app, rule.written, rule.kind)
    edit, _understood = by_edit(app, rule.written, rule.kind)
    alone = read_date(rule.written, TODAY, rule.kind)
    reading = read(rule.written, today=TODAY, prefer=rule.kind)
    if rule.kind == "book":
        is_complete = isinstance(alone, Day) and alone.has_year and not alone.is_relative
        assert by_import(rule.written) == (rule.day if is_complete else None)
    readings = [alone.day] if isinstance(alone, Day) else [one.value for one in reading.of("date")]
    if rule.day:
        assert (form, sentences) == (rule.day, [])
        assert edit == rule.day.isoformat()
        assert readings == [rule.day]
    else:
        assert form is None
        assert len(sentences) == 1
        assert edit == rule.written
        assert len(readings) == (2 if rule.found == "two_dates" else 0)


@pytest.mark.parametrize(
    ("written", "kind", "sentence"),
    [
        ("30 Feb", "travel", "The calendar has no 30 Feb."),
        ("13/14/2026", "book", "The calendar has no 13/14/2026."),
        (
            "03/15/2027",
            "due",
            "Enter the day before the month. Did you mean Mon 15 Mar 2027?",
        ),
        (
            "Saturday 4 Dec",
            "travel",
            "“Saturday 4 Dec” is not correct: this date is Fri 4 Dec 2026.",
        ),
        ("25 Dec", "birth", "Enter the year too, such as 24 Nov 1986."),
        ("19-25 Dec", "travel", "Enter one date, not two."),
        (
            "in December",
            "travel",
            "“in December” is not an exact date. Enter a date such as 24 Nov 2026 or 24/11.",
        ),
        ("soon", "travel", "Enter a date such as 24 Nov 2026 or 24/11."),
    ],
)
def test_an_error_states_the_reason_and_a_suggestion(
    app: Flask, written: str, kind: DateKind, sentence: str
) -> None:
    assert by_form(app, written, kind) == (None, [sentence])


@pytest.mark.parametrize(
    ("today", "written", "understood"),
    [
        ("2026-11-24", "next Friday", "4 Dec 2026; the coming one is 27 Nov 2026"),
        ("2026-11-29", "next Friday", "4 Dec 2026"),
        ("2026-11-29", "kal", "30 Nov 2026"),
        ("2026-11-29", "15", "15 Dec 2026"),
        ("2026-11-29", "12/03", "12 Mar 2027"),
        ("2026-11-29", "12/03/2027", ""),
    ],
)
def test_an_edit_shows_how_values_were_read(
    app: Flask, today: str, written: str, understood: str
) -> None:
    with time_machine.travel(f"{today}T10:00:00Z", tick=False):
        assert by_edit(app, written, "travel")[1] == understood


AMOUNTS = [
    ("45,000.50", "45000.50"),
    ("1.2 lakh", "120000"),
    ("2.5 lakh", "250000"),
    ("60k", "60000"),
    ("12500/-", "12500"),
    ("rs.12500/-", "12500"),
    ("₹45,000", "45000"),
    ("AED 500", None),
    ("20,000 per head", None),
    ("2k pp", None),
    ("10-20k", None),
    ("12,34", None),
    ("12.500,00", None),
    ("1.25.000", None),
    ("1e5", None),
    ("saade teen lakh", "350000"),
    ("paune do lakh", "175000"),
    ("4 nights", None),
]


@pytest.mark.parametrize(("written", "amount"), AMOUNTS)
def test_form_and_edit_read_the_same_amount(app: Flask, written: str, amount: str | None) -> None:
    assert plain(written, "INR") == (amount or written)
    payload = {"amount": "1.00", "currency": "INR"}
    with app.test_request_context("/"):
        sent = MultiDict({"a.amount": written, "a.currency": "INR"})
        assert Sheet.of(payload, sent).arguments()["amount"] == (amount or written)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("10-20k", "This is a range. Enter one amount."),
        ("2k each", "This is a price per person or piece. Enter the amount alone."),
        ("AED 500", "Enter the amount without AED, in the currency of this form."),
        ("a lot", "Enter an amount such as 45000 or 45,000.50."),
    ],
)
def test_a_refused_amount_states_the_reason(app: Flask, typed: str, sentence: str) -> None:
    with app.test_request_context("/"):
        assert amount_sentence(typed) == sentence
