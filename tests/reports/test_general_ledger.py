"""The general ledger: continuous balances across pages, and a cost by lines."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.audit.conftest import untied
from tests.crowds import scanned
from tests.ledger.books import post
from tests.people import People, Person
from tests.reports.books import invoice, today
from tests.reports.test_views import link_of, rows, shown, table
from voyagent.kernel.database import copy_export
from voyagent.kernel.database.copy_export import Snapshot
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import Money
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.queries import accounts, entries
from voyagent.ledger.queries.account_lines import (
    LineCursor,
    account_lines_statement,
    balances_at_statement,
)
from voyagent.ledger.queries.balances import balances_statement
from voyagent.ledger.queries.exports import account_lines_cells, day_book_cells
from voyagent.ledger.queries.monthly import monthly_sales_statement
from voyagent.ledger.service import entries as ledger_entries
from voyagent.reports.queries import general_ledger as reports
from voyagent.reports.queries.periods import Period

FIRST, LAST = date(2026, 1, 10), date(2026, 3, 20)
_MANY = (
    (
        "create temp table made on commit drop as select gen_random_uuid() as id, date '2023-01-01'"
        " + d as day from generate_series(0, 1095) d, generate_series(1, 10)"
    ),
    (
        "insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id,"
        " purpose, line_count) select :t, id, day, 'Many', 'test', id, 'many', 2 from made"
    ),
    (
        "insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor,"
        " credit_minor, effective_date) select :t, m.id, case a.purpose when 'bank' then 1 else 2"
        " end, a.id, 'INR', case a.purpose when 'bank' then 100 else 0 end, case a.purpose when"
        " 'bank' then 0 else 100 end, m.day from made m, accounts a where a.tenant_id = :t and"
        " a.purpose in ('bank', 'revenue_fees')"
    ),
    (
        "insert into monthly_balances (tenant_id, account_id, currency, month, debit_minor,"
        " credit_minor) select tenant_id, account_id, currency, date_trunc('month',"
        " effective_date)::date, sum(debit_minor), sum(credit_minor) from postings where tenant_id"
        " = :t group by 1, 2, 3, 4"
    ),
    (
        "insert into daily_balances"
        " (tenant_id, day, account_id, currency, debit_minor, credit_minor)"
        " select tenant_id, effective_date, account_id, currency, sum(debit_minor),"
        " sum(credit_minor) from postings where tenant_id = :t group by 1, 2, 3, 4"
    ),
)
PERIOD = Period(FIRST, LAST, date(2025, 4, 1))


def bank(person: Person) -> dict[str, Any]:
    with person.reading() as reader:
        return reports.account_of(accounts.read_chart(reader), "1100")


def page_of(
    person: Person, account: dict[str, Any], period: Period, after: str | None, limit: int
) -> reports.GeneralLedger:
    with person.reading() as reader:
        return reports.read_general_ledger(
            reader, account, period, after=LineCursor.decode(after) if after else None, limit=limit
        )


def pages(person: Person, limit: int) -> list[reports.GeneralLedger]:
    account, found = bank(person), []
    cursor: str | None = None
    while not found or cursor:
        found.append(page_of(person, account, PERIOD, cursor, limit))
        cursor = found[-1].next_cursor
    return found


@pytest.mark.parametrize("seed", range(3))
def test_running_balances_continue_across_pages_to_the_closing_balance(
    alice: Person, seed: int
) -> None:
    luck = random.Random(seed)  # noqa: S311 - a test's
    balances: dict[str, int] = defaultdict(int)
    made: list[tuple[date, str, int]] = []
    for _ in range(30):
        day = date(2025, 12, 20) + timedelta(days=luck.choice([0, 5, 25, 26, 26, 26, 60, 95, 120]))
        amount = Money(luck.randint(1, 9999), luck.choice(["INR", "INR", "AED"]))
        left, right = luck.sample(["bank", "revenue_fees"], 2)
        post(
            alice,
            lines=[ledger_entries.debit(left, amount), ledger_entries.credit(right, amount)],
            entry_date=day,
        )
        made.append(
            (day, amount.currency, amount.amount_minor if left == "bank" else -amount.amount_minor)
        )
    for day, currency, minor in made:
        balances[currency] += minor if day < FIRST else 0
    inside = [one for one in made if FIRST <= one[0] <= LAST]
    for limit in (1, 2, 7, 100):
        found = pages(alice, limit)
        assert {
            one.opening.currency: one.opening.amount_minor
            for one in found[0].currencies
            if one.opening
        } == {c: m for c, m in balances.items() if m}
        running, lines = dict(balances), [line for page in found for line in page.lines]
        assert sorted(
            (line.day, line.debit.currency, (line.debit - line.credit).amount_minor)
            for line in lines
        ) == sorted(inside)
        assert [line.day for line in lines] == sorted(line.day for line in lines)
        for line in lines:
            running[line.balance.currency] = (
                running.get(line.balance.currency, 0) + (line.debit - line.credit).amount_minor
            )
            assert line.balance.amount_minor == running[line.balance.currency]
        assert {
            one.closing.currency: one.closing.amount_minor
            for one in found[-1].currencies
            if one.closing
        } == {c: m for c, m in running.items() if m}
        assert all(len(page.lines) == limit for page in found[:-1])


def test_a_page_marker_of_another_period_is_refused(alice: Person) -> None:
    post(
        alice,
        lines=[
            ledger_entries.debit("bank", Money(1, "INR")),
            ledger_entries.credit("capital", Money(1, "INR")),
        ],
        entry_date=date(2026, 2, 1),
    )
    account = bank(alice)
    for day in (FIRST - timedelta(days=1), LAST + timedelta(days=1)):
        mark = LineCursor(day, account["id"], 1)
        with pytest.raises(InvalidCursor):
            page_of(alice, account, PERIOD, mark.encode(), 5)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "2026-01-01",
        "2026-01-01.x.1",
        "2026-01-01.01a2170c-b618-7592-b853-c5223d892cd3.0",
        "9.9.9",
        "2026-13-01.a.1",
    ],
)
def test_an_unknown_page_marker_is_refused(token: str) -> None:
    with pytest.raises(VoyagentError):
        LineCursor.decode(token)


def test_the_page_links_entries_and_documents_and_names_missing_ones(
    alice: Person, charlie: Person
) -> None:
    made = invoice(alice, "Deepa Krishnan", "1000.50", due=today())
    client = alice.tab
    page = shown(client, "/reports/general-ledger?account=1200")
    _head, opening, line, closing = rows(table(page))
    assert (opening[1], line[3:], closing[1:]) == (
        "–",
        ["INR 1,000.50", "", "INR 1,000.50 Dr"],
        ["INR 1,000.50", "INR 0.00", "INR 1,000.50 Dr"],
    )
    assert link_of(page, "Invoice") == f"/invoices/{made}"
    assert "1,000.50" in shown(client, link_of(page, line[1].removesuffix(" Invoice")))
    assert "No entries on this account" in shown(client, "/reports/general-ledger?account=3000")
    assert "Choose an account" in shown(client, "/reports/general-ledger")
    assert "could not find that account" in shown(
        client, "/reports/general-ledger?account=9999", status=422
    )
    assert "page marker" in shown(
        client, "/reports/general-ledger?account=1200&after=x", status=422
    )
    assert "1,000.50" not in shown(charlie.tab, "/reports/general-ledger?account=1200")


def test_totals_show_the_currency_if_there_are_several(alice: Person) -> None:
    def sums() -> list[str]:
        found = rows(table(shown(alice.tab, "/reports/general-ledger?account=1100")))
        return [row[0].split(" ")[-1] for row in found if row[0].startswith(("Opening", "Closing"))]

    post(
        alice,
        lines=[
            ledger_entries.debit("bank", Money(100, "AED")),
            ledger_entries.credit("capital", Money(100, "AED")),
        ],
        entry_date=today(),
    )
    assert "AED" not in sums(), "one alone"
    post(
        alice,
        lines=[
            ledger_entries.debit("bank", Money(500, "INR")),
            ledger_entries.credit("capital", Money(500, "INR")),
        ],
        entry_date=today(),
    )
    assert sorted(sums()) == ["AED", "AED", "INR", "INR"]


def test_the_first_page_has_the_totals_of_all_pages(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for amount in ("1000", "200", "30"):
        invoice(alice, "Deepa Krishnan", amount, due=today())
    path = "/reports/general-ledger?account=1200"
    whole = rows(table(shown(alice.tab, path)))
    monkeypatch.setattr(reports, "PAGE_LINES", 2)
    first = shown(alice.tab, path)
    _head, _opening, closing, *lines = rows(table(first))
    assert (closing, closing[1:]) == (whole[-1], ["INR 1,230.00", "INR 0.00", "INR 1,230.00 Dr"])
    assert len(lines) == 2
    second = rows(table(shown(alice.tab, link_of(first, "Newer"))))
    assert (len(whole), len(second), second[-1]) == (
        6,
        3,
        whole[-1],
    ), "on one page, and behind the last, they stand once"


@pytest.fixture
def big(people: People, owner_engine: sa.Engine) -> Person:
    """An agency with ten entries a day for three years in one account.

    They are written without triggers, with the roll-up that triggers would have kept.
    """
    alice = people.sign_up("Alice Owner", agency="Alice Travels")
    tenant = {"t": alice.actor.tenant_id}
    with untied(owner_engine) as connection:
        for statement in _MANY:
            connection.execute(sa.text(statement), tenant)
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            sa.text("vacuum analyze postings, journal_entries, monthly_balances, daily_balances")
        )
    return alice


def _scans(cursor: psycopg.Cursor[Any]) -> dict[str, int]:
    cursor.execute(
        "select relname, pg_stat_get_xact_tuples_returned(oid) +"
        " pg_stat_get_xact_tuples_fetched(oid) as n from pg_class where relname in ('postings',"
        " 'journal_entries', 'ix_postings_account', 'ix_journal_entries_date', 'monthly_balances',"
        " 'daily_balances')"
    )
    return dict(cursor.fetchall())


def _cost(
    lane: psycopg.Connection[Any], person: Person, period: Period, after: LineCursor | None
) -> int:
    """Return how many rows of tables and indexes one page of a hundred lines reads."""
    account = bank(person)
    statements = [
        balances_statement(period.day_before, [account["id"]]),
        account_lines_statement(account["id"], period.first, period.last, after=after, limit=101),
        *([balances_at_statement(account["id"], after)] if after else []),
    ]
    return sum(sum(_read(lane, person, statement).values()) for statement in statements)


def _read(
    lane: psycopg.Connection[Any], person: Person, statement: sa.Select[Any]
) -> dict[str, int]:
    sql, values = compiled_for(statement, person.credential.tenant_id)
    return scanned(lane, person, sql, values, _scans)[0]


def test_the_cost_of_a_page_does_not_grow_with_the_account(
    big: Person, lane: psycopg.Connection[Any]
) -> None:
    """The last page of three years costs as much as the first."""
    period = Period(date(2023, 1, 1), date(2025, 12, 28), date(2022, 4, 1))
    far = LineCursor(date(2025, 11, 20), big.actor.tenant_id, 1)
    assert 100 < _cost(lane, big, period, None) < 2_500
    assert 100 < _cost(lane, big, period, far) < 2_500


def test_the_cost_of_a_journal_page_does_not_grow_with_later_days(
    big: Person, lane: psycopg.Connection[Any]
) -> None:
    """The data are fifty entries, many future entries, and sales by month."""
    day = date(2024, 1, 20)
    page, later = (
        _read(lane, big, statement)
        for statement in (
            entries.entries_page_statement(None, day, 51, None),
            entries.later_count_statement(day),
        )
    )
    assert 50 < sum(page.values()) < 300
    assert entries.LATER_COUNT_MAX < sum(later.values()) <= 2 * (entries.LATER_COUNT_MAX + 1)
    sales = _read(lane, big, monthly_sales_statement(date(2023, 2, 1), day))
    assert sales.get("daily_balances", 0) < 100, (
        "the days of one month, where more than their index is looked at"
    )


def test_a_file_of_three_years_starts_without_delay(
    app: Flask, big: Person, lane: psycopg.Connection[Any]
) -> None:
    """Before the first line, at most a day is sorted.

    No entry is searched by key.
    """
    years = (date(2023, 1, 1), date(2025, 12, 30), "line")
    for cells in (
        day_book_cells(*years),
        account_lines_cells(bank(big)["id"], *years, {"INR": 0}),
    ):
        snapshot: Snapshot = app.extensions["voyagent.exports"].open(big.actor.tenant_id)
        query = snapshot.bound(cells)
        snapshot.close()
        with lane.transaction(), lane.cursor() as cursor:
            cursor.execute("select set_config('app.tenant', %s, true)", [str(big.actor.tenant_id)])
            cursor.execute(copy_export.ABREAST)
            plan = [
                row[0].strip(" ->")
                for row in cursor.execute(f"explain (costs off) {query}".encode()).fetchall()
            ]
        assert ("Merge Join" in plan, "Incremental Sort" in plan, "Sort" in plan) == (
            True,
            True,
            False,
        )
        assert "Presorted Key: postings.effective_date" in plan
