"""Weekly numbers of enquiries: counted by hour, equal to a count of the enquiries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.enquiries.acts import changed, logged
from tests.people import Person
from voyagent.enquiries.queries.counts import ROLL_UPS, weeks_statement
from voyagent.kernel.database.roll_ups import Difference, differences
from voyagent.kernel.db import rows_changed

ZONES = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York")
MONDAY, WEEKS = date(2026, 3, 23), 3  # in the second of these weeks clocks are changed on Lord Howe
minutes = st.integers(-300, WEEKS * 7 * 1440 + 300)
near = st.tuples(st.integers(0, WEEKS), st.integers(-90, 90)).map(
    lambda at: at[0] * 7 * 1440 + at[1]
)
enquiries = st.lists(
    st.tuples(st.one_of(minutes, near), st.sampled_from(("new", "quoted", "booked", "cancelled"))),
    max_size=12,
)


def written(person: Person, came: list[tuple[datetime, str]]) -> None:
    """Write enquiries received at these instants."""
    insert = (
        "insert into enquiries (tenant_id, id, created_by_user_id, customer_name, status,"
        " created_at, updated_at) values (:tenant_id, gen_random_uuid(), :user, 'Counted', :status,"
        " :at, :at)"
    )
    with person.acting() as actor:
        for at, status in came:
            rows_changed(insert, user=actor.user_id, status=status, at=at)


def weeks(person: Person, zone: str) -> list[tuple[date, int, int]]:
    with person.reading() as reader:
        return [
            (row["monday"], row["received"], row["booked"])
            for row in reader.read(weeks_statement(MONDAY, WEEKS, zone))[0]
        ]


def untied(person: Person) -> list[Difference]:
    with person.reading() as reader:
        return differences(reader, ROLL_UPS)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(enquiries, st.sampled_from(ZONES))
def test_enquiries_are_counted_by_week(
    people: Any, drawn: list[tuple[int, str]], zone: str
) -> None:
    person = people.sign_up("Alice Owner", agency="Alice Travels")
    begin = datetime(MONDAY.year, MONDAY.month, MONDAY.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    came = [(begin + timedelta(minutes=minute), status) for minute, status in drawn]
    written(person, came)
    expected: dict[date, list[int]] = {}
    for at, status in came:
        day = at.astimezone(ZoneInfo(zone)).date()
        monday = day - timedelta(days=day.weekday())
        if MONDAY <= monday < MONDAY + timedelta(weeks=WEEKS):
            week = expected.setdefault(monday, [0, 0])
            week[0] += 1
            week[1] += status == "booked"
    assert weeks(person, zone) == [(monday, *week) for monday, week in sorted(expected.items())]
    assert untied(person) == []


def test_the_counts_follow_the_status_of_enquiries(alice: Person) -> None:
    one, two = logged(alice, "One"), logged(alice, "Two")
    changed(alice, one, status="booked")
    changed(alice, two, status="quoted")
    with alice.reading() as reader:
        monday = (datetime.now(UTC) - timedelta(days=datetime.now(UTC).weekday())).date()
        (row,) = reader.read(weeks_statement(monday, 1, "UTC"))[0]
    assert (row["received"], row["booked"]) == (2, 1)
    assert untied(alice) == []
    with alice.acting():
        assert (
            rows_changed("delete from enquiries where tenant_id = :tenant_id and id = :id", id=one)
            == 1
        )
    with alice.reading() as reader:
        (row,) = reader.read(weeks_statement(monday, 1, "UTC"))[0]
    assert (row["received"], row["booked"]) == (1, 0)
    assert untied(alice) == []


@pytest.mark.parametrize(
    ("wrong", "which"),
    [
        (
            "update enquiries_by_hour set booked = booked + 1 where tenant_id = :tenant_id",
            "enquiries_by_hour",
        ),
        (
            "update enquiry_counts set n = n + 1 where tenant_id = :tenant_id and status = 'new'",
            "enquiry_counts",
        ),
    ],
)
def test_a_wrong_count_is_reported(alice: Person, wrong: str, which: str) -> None:
    logged(alice)
    with alice.acting():
        assert rows_changed(wrong) == 1
    assert [row.roll_up.table.name for row in untied(alice)] == [which]


def test_counts_exclude_other_agencies(alice: Person, charlie: Person) -> None:
    written(alice, [(datetime(2026, 3, 25, 12, tzinfo=UTC), "booked")])
    assert weeks(alice, "Asia/Kolkata") == [(MONDAY, 1, 1)]
    assert weeks(charlie, "Asia/Kolkata") == []
