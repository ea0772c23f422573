"""Forms over a schema, which return values and show errors at their fields.

Refusals roll back.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, g
from wtforms import StringField

from tests.people import Person
from voyagent.http.forms import DateText, SchemaForm, plain, read_date
from voyagent.kernel import tenancy
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import Conflict
from voyagent.kernel.fields import BusinessDate, Open, Trimmed
from voyagent.kernel.text.dates import DateKind


class TripIn(Open):
    """Schema of the form."""

    name: Annotated[str, Trimmed(10)]
    leaves: BusinessDate | None = None
    note: str = "nothing"


class TripForm(SchemaForm[TripIn]):
    """A form for these tests."""

    schema = TripIn
    sentences = {"name.missing": "Write a name."}  # noqa: RUF012 - as the base declares it
    name = StringField("Name")
    leaves = DateText("Leaves")
    note = StringField("Note")


class Taken(Conflict):
    """The name is taken."""

    code = "name_taken"
    message = "That name is taken."


class Kept(Taken):
    """The name is taken, and written rows are kept."""

    keeps_work = True


@pytest.fixture
def submitted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Submit the form with a valid CSRF token."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", value=False)

    def context(**typed: str) -> Any:
        return app.test_request_context("/", method="POST", data=typed)

    return context


def test_a_valid_field_has_the_value_of_the_schema(submitted: Any) -> None:
    with submitted(name="  Dubai ", leaves="24/12/2026", note=""):
        given = TripForm().accepted()
        assert given == TripIn(name="Dubai", leaves=date(2026, 12, 24), note="nothing")


def test_showing_a_form_does_not_submit_it(app: Flask) -> None:
    with app.test_request_context("/"):
        form = TripForm()
        assert form.accepted() is None
        assert form.status == 200
        assert form.errors == {}


@pytest.mark.parametrize(
    ("typed", "place", "words"),
    [
        ({}, "name", "Write a name."),
        ({"name": "   "}, "name", "Write a name."),
        ({"name": "x" * 11}, "name", "This is too long."),
        (
            {"name": "Dubai", "leaves": "soon"},
            "leaves",
            "Enter a date such as 24 Nov 2026 or 24/11.",
        ),
        ({"name": "Dubai", "leaves": "1.1.1850"}, "leaves", "Use a date between 1900 and 2200."),
    ],
)
def test_a_schema_error_is_shown_at_its_field(
    submitted: Any, typed: dict[str, str], place: str, words: str
) -> None:
    with submitted(**typed):
        form = TripForm()
        assert form.accepted() is None
        assert [str(line) for line in form[place].errors] == [words]
        assert form.status == 422
        assert form[place].data == typed.get(place, form[place].data)


def renamed(person: Person) -> str:
    return str(
        db.session.execute(
            sa.text("select display_name from users where id = :id"), {"id": person.actor.user_id}
        ).scalar()
    )


@pytest.mark.parametrize(("error", "stays"), [(Taken, False), (Kept, True)])
def test_a_refusal_is_shown_and_rolled_back_unless_its_work_is_kept(
    submitted: Any, alice: Person, error: type[Taken], stays: bool
) -> None:
    def act(given: TripIn) -> None:
        rows_changed(
            "update users set display_name = :name where tenant_id = :tenant_id and id = :id",
            name=given.name,
            id=alice.actor.user_id,
        )
        raise error

    with submitted(name="Dubai"):
        tenancy.bind(db.session(), alice.actor.tenant_id)
        form = TripForm()
        assert form.attempt(act, name_taken="name") is None
        assert [str(line) for line in form.name.errors] == ["That name is taken."]
        assert renamed(alice) == ("Dubai" if stays else "Alice Owner")


def test_an_unexpected_error_is_handled_as_usual(submitted: Any) -> None:
    def act(_given: TripIn) -> None:
        raise Taken

    with submitted(name="Dubai"):
        with pytest.raises(Taken):
            TripForm().attempt(act, other_code="name")
        above = TripForm()
        assert above.attempt(act, name_taken="") is None
        assert [str(line) for line in above.form_errors] == ["That name is taken."]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-12-24", date(2026, 12, 24)),
        ("24/12/2026", date(2026, 12, 24)),
        ("24.12.2026", date(2026, 12, 24)),
        ("24 Dec 2026", date(2026, 12, 24)),
        ("24 december", date(2026, 12, 24)),
        ("24/12", date(2026, 12, 24)),
        ("3/2", date(2027, 2, 3)),
        ("2026-02-30", None),
        ("soon", None),
        ("12", date(2026, 12, 12)),
    ],
)
def test_a_date_is_read_with_the_day_before_the_month(
    app: Flask, text: str, found: date | None
) -> None:
    with app.app_context(), time_machine.travel("2026-11-24T10:00:00Z", tick=False):
        assert read_date(text) == found


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("1 nov", "travel", date(2027, 11, 1)),
        ("24/11", "travel", date(2026, 11, 24)),
        ("23/11", "travel", date(2027, 11, 23)),
        ("1 nov", "past", date(2026, 11, 1)),
        ("24/11", "past", date(2026, 11, 24)),
        ("24/12", "past", date(2025, 12, 24)),
        ("24/11", "book", date(2026, 11, 24)),
        ("23/11", "book", date(2026, 11, 23)),
        ("1 Apr", "book", date(2026, 4, 1)),
        ("24 Dec", "book", date(2026, 12, 24)),
        ("26 Dec", "book", date(2025, 12, 26)),
        ("15/11", "due", date(2026, 11, 15)),
        ("15/3", "due", date(2027, 3, 15)),
        ("15/7", "due", date(2026, 7, 15)),
        ("29/2", "book", date(2024, 2, 29)),
        ("yesterday", "travel", date(2026, 11, 23)),
        ("tomorrow", "past", date(2026, 11, 25)),
        ("28/11/26", "past", date(2026, 11, 28)),
        ("28/11/26", "travel", date(2026, 11, 28)),
        ("28.11.26", "book", date(2026, 11, 28)),
        ("1-4-99", "book", date(2099, 4, 1)),
        ("28 Nov 26", "travel", date(2026, 11, 28)),
        ("28 Nov '26", "book", date(2026, 11, 28)),
        ("28/11/2025", "book", date(2025, 11, 28)),
    ],
)
def test_a_date_without_a_year_is_within_the_limit_of_its_field(
    app: Flask, text: str, kind: DateKind, found: date
) -> None:
    with app.app_context(), time_machine.travel("2026-11-24T10:00:00Z", tick=False):
        assert read_date(text, kind) == found


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("45000", "45000"),
        ("45,000.50", "45000.50"),
        ("1,00,000.50", "100000.50"),
        ("1,234,567.5", "1234567.5"),
        (" 1 000 ", "1000"),
        ("\u0967,\u0966\u0966\u0966", "1000"),
        ("1,00", "1,00"),
        ("12,34", "12,34"),
        ("1,2,3", "1,2,3"),
        ("22500,50", "22500,50"),
        ("1,0000", "1,0000"),
        (",100", ",100"),
        ("1.000,50", "1.000,50"),
        ("much", "much"),
        ("2.5 lakh", "250000"),
        ("60k", "60000"),
        ("12500/-", "12500"),
        ("\u20b945,000", "\u20b945,000"),
        ("2k each", "2k each"),
        ("1-2 lakh", "1-2 lakh"),
    ],
)
def test_only_commas_between_digit_groups_are_removed(typed: str, amount: str) -> None:
    assert plain(typed) == amount


def test_today_is_the_date_in_the_agencys_time_zone(app: Flask) -> None:
    with app.app_context(), time_machine.travel("2026-11-24T20:00:00Z", tick=False):
        g.page = SimpleNamespace(timezone="Asia/Kolkata", locale="en")
        assert (read_date("today"), read_date("tomorrow")) == (
            date(2026, 11, 25),
            date(2026, 11, 26),
        )
