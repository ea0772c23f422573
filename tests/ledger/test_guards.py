"""Rules of the ledger that the database itself enforces, for every role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.ledger.books import DAY, account_id, balances, bind, post
from tests.people import Person
from voyagent.kernel.ids import new_id

ENTRY = sa.text(
    "insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id,"
    " purpose, line_count) values (:t, :id, :day, 'raw', 'raw', :id, 'raw', :n)"
)
LINE = sa.text(
    "insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor,"
    " credit_minor, effective_date) values (:t, :entry, :no, :account, :currency, :debit, :credit,"
    " :day)"
)
CHANGES = [
    "update postings set debit_minor = debit_minor + 1 where entry_id = :id and line_no = 1",
    "update postings set memo = 'other' where entry_id = :id",
    "update postings set base_debit_minor = 1, base_credit_minor = 0, base_basis = 'given'"
    " where entry_id = :id and line_no = 1",
    "delete from postings where entry_id = :id",
    "update journal_entries set narration = 'other' where id = :id",
    "delete from journal_entries where id = :id",
    "truncate postings",
    "truncate journal_entries cascade",
]


@pytest.fixture(params=["application", "owner"])
def raw(
    request: pytest.FixtureRequest, app_engine: sa.Engine, owner_engine: sa.Engine
) -> sa.Engine:
    """Raw SQL, as the role of the application and as the owner."""
    return app_engine if request.param == "application" else owner_engine


def write(
    engine: sa.Engine,
    person: Person,
    lines: list[dict[str, Any]],
    *,
    count: int | None = None,
    entry: UUID | None = None,
) -> None:
    """Write an entry with these lines in one transaction.

    With `entry`, only the lines are written, to an existing entry.
    """
    with engine.begin() as connection:
        bind(connection, person)
        entry_id = entry or new_id()
        if entry is None:
            connection.execute(
                ENTRY,
                {
                    "t": person.actor.tenant_id,
                    "id": entry_id,
                    "day": DAY,
                    "n": len(lines) if count is None else count,
                },
            )
        for number, line in enumerate(lines, start=1):
            values = {
                "t": person.actor.tenant_id,
                "entry": entry_id,
                "no": number,
                "currency": "INR",
                "debit": 0,
                "credit": 0,
                "day": DAY,
            }
            connection.execute(LINE, values | line)


@pytest.fixture
def two(alice: Person) -> Callable[..., list[dict[str, Any]]]:
    """Return a debit and a credit of Alice's; the second has the given changes."""
    receivable, revenue = account_id(alice, "receivable"), account_id(alice, "revenue_services")
    return lambda **second: [
        {"account": receivable, "debit": 100},
        {"account": revenue, "credit": 100} | second,
    ]


def test_a_balanced_entry_by_raw_sql_is_accepted(
    alice: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    write(raw, alice, two())
    assert balances(alice) == {("receivable", "INR"): 100, ("revenue_services", "INR"): -100}


@pytest.mark.parametrize("change", CHANGES)
def test_a_posted_entry_cannot_be_changed(alice: Person, raw: sa.Engine, change: str) -> None:
    posted = post(alice)
    with (
        pytest.raises(sa.exc.DBAPIError, match=r"append-only|permission denied"),
        raw.begin() as connection,
    ):
        bind(connection, alice)
        connection.execute(sa.text(change), {"id": posted.entry_id})
    assert balances(alice)[("receivable", "INR")] == 10_000


def test_an_unbalanced_entry_is_refused_at_commit(
    alice: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="does not balance in INR"):
        write(raw, alice, two(credit=99))
    assert balances(alice) == {}


def test_an_imbalance_in_one_currency_is_not_offset_by_another(
    alice: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="does not balance"):
        write(raw, alice, two(currency="USD"))


def test_an_entry_without_lines_is_refused(alice: Person, raw: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="has 0 of its 2 lines"):
        write(raw, alice, [], count=2)


@pytest.mark.parametrize("count", [0, 1])
def test_an_entry_has_at_least_two_lines(alice: Person, raw: sa.Engine, count: int) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="ck_journal_entries_lines"):
        write(raw, alice, [], count=count)


def test_an_entry_has_the_stated_number_of_lines(
    alice: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="has 2 of its 3 lines"):
        write(raw, alice, two(), count=3)


def test_a_posted_entry_accepts_no_further_line(
    alice: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    posted = post(alice)
    more = [line | {"no": number} for number, line in enumerate(two(), start=3)]
    with pytest.raises(sa.exc.DBAPIError, match="cannot be added to a posted journal entry"):
        write(raw, alice, more, entry=posted.entry_id)
    with pytest.raises(sa.exc.IntegrityError, match="pk_postings"):
        write(raw, alice, two(), entry=posted.entry_id)


def test_a_posting_has_the_book_date_of_its_entry(
    alice: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="the date of a posting differs"):
        write(raw, alice, two(day=date(2026, 3, 11)))


@pytest.mark.parametrize(
    "sides",
    [
        {"debit": 5, "credit": 5},
        {"debit": 0, "credit": 0},
        {"debit": -100, "credit": 0},
        {"debit": 0, "credit": -100},
    ],
)
def test_a_posting_has_exactly_one_positive_side(
    alice: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]], sides: dict[str, int]
) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="ck_postings_sides"):
        write(raw, alice, two(**sides))


def test_a_foreign_key_refuses_an_account_of_another_agency(
    alice: Person, charlie: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="fk_postings_account"):
        write(raw, alice, two(account=account_id(charlie, "revenue_services")))


def test_a_line_of_another_agency_s_entry_is_refused(
    alice: Person, charlie: Person, raw: sa.Engine, two: Callable[..., list[dict[str, Any]]]
) -> None:
    posted = post(charlie)
    with pytest.raises(sa.exc.IntegrityError, match="fk_postings_entry"):
        write(
            raw,
            alice,
            [line | {"no": number} for number, line in enumerate(two(), start=3)],
            entry=posted.entry_id,
        )


def test_the_application_reads_and_writes_only_books_of_the_agency(
    alice: Person, charlie: Person, app_engine: sa.Engine
) -> None:
    post(charlie)
    for table in (
        "accounts",
        "journal_entries",
        "postings",
        "monthly_balances",
        "daily_balances",
        "trip_earnings",
    ):
        with app_engine.begin() as connection:
            assert connection.scalar(sa.text(f"select count(*) from {table}")) == 0, (
                "no agency bound"
            )
            bind(connection, alice)
            seen = set(connection.scalars(sa.text(f"select tenant_id from {table}")))
        assert seen <= {alice.actor.tenant_id}
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
    ):
        bind(connection, alice)
        connection.execute(
            ENTRY, {"t": charlie.actor.tenant_id, "id": new_id(), "day": DAY, "n": 2}
        )


def test_an_account_with_postings_cannot_be_deleted(
    alice: Person, owner_engine: sa.Engine, app_engine: sa.Engine
) -> None:
    post(alice)
    receivable = account_id(alice, "receivable")
    for engine in (owner_engine, app_engine):
        with (
            pytest.raises(sa.exc.DBAPIError, match=r"fk_|permission denied"),
            engine.begin() as connection,
        ):
            bind(connection, alice)
            connection.execute(sa.text("delete from accounts where id = :id"), {"id": receivable})
