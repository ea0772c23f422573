"""Profit and loss and balance sheet agree with trial balance and lines."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.ledger.books import post
from tests.people import ApiClient, Person
from tests.reports.test_views import block, link_of, rows, shown, words
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.money import Money
from voyagent.ledger.queries.trial_balance import trial_balance_statement
from voyagent.ledger.rules import PROFIT_AND_LOSS, year_began
from voyagent.ledger.service import entries
from voyagent.reports.queries import statements, trial_balance
from voyagent.reports.queries.periods import Days, Period, balance_days, day_compared

APRIL = 4
PURPOSES = (
    *("bank", "receivable", "payable", "customer_advances", "capital", "retained_earnings"),
    *("revenue_fees", "revenue_services", "cost_of_services", "bank_charges"),
)
DAYS = tuple(date(2024, 1, 20) + timedelta(days=29 * step) for step in range(30))
EDGES = (date(2024, 3, 31), date(2024, 4, 1), date(2025, 3, 31), date(2025, 4, 1))
"""The last and the first days of financial years, which books of luck would seldom meet."""


def earned(
    person: Person,
    minor: int,
    day: date,
    *,
    currency: str = "INR",
    on: str = "revenue_fees",
    against: str = "bank",
) -> None:
    amount = Money(minor, currency)
    post(person, lines=[entries.debit(against, amount), entries.credit(on, amount)], entry_date=day)


def spent(person: Person, minor: int, day: date, *, currency: str = "INR") -> None:
    amount = Money(minor, currency)
    post(
        person,
        lines=[entries.debit("cost_of_services", amount), entries.credit("bank", amount)],
        entry_date=day,
    )


def random_books(person: Person, seed: int) -> list[tuple[date, str, str, int]]:
    """Forty entries of two to four lines on any accounts.

    Some are taken back later. Returns what was posted: day, currency, purpose, debit less credit.
    """
    luck = random.Random(seed)  # noqa: S311 - a test's
    made = []
    for _ in range(40):
        day, currency = (
            luck.choice((*DAYS, *EDGES, *EDGES)),
            luck.choice(["INR", "INR", "AED", "KWD"]),
        )
        left, *right = luck.sample(PURPOSES, luck.randint(2, 4))
        parts = [luck.randint(1, 99_999) for _ in right]
        lines = [entries.debit(left, Money(sum(parts), currency))]
        lines += [
            entries.credit(purpose, Money(part, currency))
            for purpose, part in zip(right, parts, strict=True)
        ]
        entry = post(person, lines=lines, entry_date=day)
        moved = [
            (left, sum(parts)),
            *((purpose, -part) for purpose, part in zip(right, parts, strict=True)),
        ]
        made += [(day, currency, purpose, minor) for purpose, minor in moved]
        if luck.random() < 0.2:
            later = day + timedelta(days=luck.choice([0, 3, 200, 400]))
            person.does(entries.reverse, entry.entry_id, reason="Undone", entry_date=later)
            made += [(later, currency, purpose, -minor) for purpose, minor in moved]
    return made


def type_of(purpose: str) -> str:
    types = {
        "revenue_fees": "revenue",
        "revenue_services": "revenue",
        "cost_of_services": "expense",
        "bank_charges": "expense",
    }
    return types.get(purpose) or {
        "bank": "asset",
        "receivable": "asset",
        "payable": "liability",
        "customer_advances": "liability",
    }.get(purpose, "equity")


def result_of(person: Person, days: Days) -> statements.ProfitAndLoss:
    with person.reading() as reader:
        read, policies, before = statements.read_profit_and_loss(reader, days, "none")
    return statements.profit_and_loss(read, policies, days, before, "INR")


def position_of(
    person: Person, as_of: date, before_day: date | None = None, *, month: int = APRIL
) -> statements.BalanceSheet:
    now, before = balance_days(as_of, before_day, month)
    with person.reading() as reader:
        read = statements.read_balance_sheet(reader, now, before)
    return statements.balance_sheet(read, now, before, "INR")


@pytest.mark.parametrize("seed", range(4))
def test_the_result_equals_revenue_and_expenses_of_the_trial_balance(
    alice: Person, seed: int
) -> None:
    made = random_books(alice, seed)
    for days in (
        Days(DAYS[3], DAYS[7]),
        Days(DAYS[0], DAYS[-1]),
        Days(date(2024, 4, 1), date(2025, 3, 31)),
        Days(DAYS[5], DAYS[5]),
    ):
        by_lines: dict[str, int] = defaultdict(int)
        for day, currency, purpose, minor in made:
            by_lines[currency] -= (
                minor
                if days.first <= day <= days.last and type_of(purpose) in PROFIT_AND_LOSS
                else 0
            )
        found = result_of(alice, days)
        assert {one.currency: one.result.amount_minor for one in found.blocks if one.result} == {
            c: minor for c, minor in by_lines.items() if minor
        }
        with alice.reading() as reader:
            period = Period(days.first, days.last, year_began(days.first, APRIL))
            books = trial_balance.read_period(
                reader, period, "INR", include_zero=False, retained_earnings="kept"
            )
        moved = {
            one.currency: sum(
                (line.movement[1] - line.movement[0]).amount_minor
                for line in one.accounts
                if line.type in PROFIT_AND_LOSS
            )
            for one in books.blocks
        }
        assert {one.currency: one.result.amount_minor for one in found.blocks if one.result} == {
            c: minor for c, minor in moved.items() if minor
        }


@pytest.mark.parametrize("seed", range(4))
def test_the_balance_sheet_balances_and_agrees_with_the_trial_balance(
    alice: Person, seed: int
) -> None:
    made = random_books(alice, seed)
    for as_of in (
        DAYS[2],
        date(2024, 3, 31),
        date(2024, 4, 1),
        DAYS[14],
        date(2025, 3, 31),
        date(2200, 12, 31),
    ):
        found, began = position_of(alice, as_of), year_began(as_of, APRIL)
        by_type: dict[tuple[str, str], int] = defaultdict(int)
        for day, currency, purpose, minor in made:
            if day <= as_of:
                kind = type_of(purpose)
                kind = ("year" if day >= began else "kept") if kind in PROFIT_AND_LOSS else kind
                by_type[currency, kind] += minor if kind == "asset" else -minor
        assert found.in_balance
        for one in found.blocks:
            totals = (
                one.assets.total,
                one.liabilities.total,
                one.equity.total,
                one.retained,
                one.of_the_year,
            )
            expected = tuple(
                by_type[one.currency, kind]
                for kind in ("asset", "liability", "equity", "kept", "year")
            )
            assert tuple(total.amount_minor for total in totals) == expected
            assert one.difference == Money(0, one.currency)
        with alice.reading() as reader:
            books = trial_balance.trial_balance(
                reader.read(trial_balance_statement(as_of, include_zero=False))[0],
                as_of,
                "INR",
                include_zero=False,
            )
        shown_lines = {
            (one.currency, line.code): line.amount
            for one in found.blocks
            for section in one.sections
            for line in section.lines
        }
        tied = {
            (one.currency, line.code): line.balance if line.type == "asset" else -line.balance
            for one in books.blocks
            for line in one.accounts
            if line.type not in PROFIT_AND_LOSS and line.balance
        }
        assert shown_lines == tied


@pytest.mark.parametrize(
    ("first", "last", "comparison", "expected"),
    [
        ("2026-03-01", "2026-03-31", "period", ("2026-02-01", "2026-02-28")),
        ("2026-01-01", "2026-03-31", "period", ("2025-10-01", "2025-12-31")),
        ("2025-04-01", "2026-03-31", "period", ("2024-04-01", "2025-03-31")),
        ("2026-03-10", "2026-03-10", "period", ("2026-03-09", "2026-03-09")),
        ("2026-03-01", "2026-03-30", "period", ("2026-01-30", "2026-02-28")),
        ("2026-03-10", "2026-03-19", "period", ("2026-02-28", "2026-03-09")),
        ("2026-03-10", "2026-03-19", "year", ("2025-03-10", "2025-03-19")),
        ("2024-02-29", "2024-03-19", "year", ("2023-02-28", "2023-03-19")),
        ("2025-02-01", "2025-02-28", "year", ("2024-02-01", "2024-02-29")),
        ("2026-03-10", "2026-03-19", "none", None),
    ],
)
def test_a_period_is_compared_with_the_previous_one(
    first: str, last: str, comparison: Any, expected: tuple[str, str] | None
) -> None:
    found = Days(date.fromisoformat(first), date.fromisoformat(last)).compared(comparison)
    assert (found and (found.first.isoformat(), found.last.isoformat())) == expected


@pytest.mark.parametrize(
    ("first", "last", "day", "expected"),
    [
        ("2026-03-01", "2026-03-31", "2025-02-01", ("2025-02-01", "2025-02-28")),
        ("2026-01-01", "2026-03-31", "2024-10-01", ("2024-10-01", "2024-12-31")),
        ("2026-03-01", "2026-03-31", "2025-02-02", ("2025-02-02", "2025-03-04")),
        ("2026-03-10", "2026-03-19", "2026-05-01", ("2026-05-01", "2026-05-10")),
        ("2026-03-10", "2026-03-10", "2026-03-10", ("2026-03-10", "2026-03-10")),
        ("2026-02-01", "2026-02-28", "2026-01-01", ("2026-01-01", "2026-01-31")),
    ],
)
def test_a_comparison_has_the_same_number_of_days(
    first: str, last: str, day: str, expected: tuple[str, str]
) -> None:
    found = Days(date.fromisoformat(first), date.fromisoformat(last)).from_day(
        date.fromisoformat(day)
    )
    assert (found.first.isoformat(), found.last.isoformat()) == expected


@pytest.fixture
def shop(alice: Person) -> Person:
    """An agency with entries between May 2024 and July 2025, in two currencies."""
    post(
        alice,
        lines=[
            entries.debit("bank", Money(500_000, "INR")),
            entries.credit("capital", Money(500_000, "INR")),
        ],
        entry_date=date(2024, 5, 1),
    )
    earned(alice, 10_000, date(2025, 3, 31))
    earned(alice, 200_000, date(2025, 6, 10))
    spent(alice, 80_000, date(2025, 6, 12))
    earned(alice, 3_000, date(2025, 7, 1), on="revenue_services", against="receivable")
    spent(alice, 9_000, date(2025, 7, 31))
    earned(alice, 70_025, date(2025, 7, 15), currency="AED")
    return alice


def test_the_api_returns_profit_and_loss(shop: Person) -> None:
    report = shop.api.get("/reports/profit-and-loss?from=2025-07-01&to=2025-07-31").json
    aed = report.pop("by_currency")
    assert [one["applies_to"] for one in report.pop("policies")] == ["principal", "agent"]
    assert report == {
        "tenant_id": str(shop.actor.tenant_id),
        "period": {"from": "2025-07-01", "to": "2025-07-31"},
        "compared_with": {"from": "2025-06-01", "to": "2025-06-30"},
        "revenue": [
            {
                "code": "4200",
                "name": "Service fees",
                "amount": "0.00",
                "before": "2000.00",
                "change": "-2000.00",
            },
            {
                "code": "4300",
                "name": "Sales of travel services",
                "amount": "30.00",
                "before": "0.00",
                "change": "30.00",
            },
        ],
        "expenses": [
            {
                "code": "5100",
                "name": "Cost of travel services",
                "amount": "90.00",
                "before": "800.00",
                "change": "-710.00",
            }
        ],
        "total_revenue": "30.00",
        "total_expenses": "90.00",
        "result": "-60.00",
        "before": {"total_revenue": "2000.00", "total_expenses": "800.00", "result": "1200.00"},
        "currency": "INR",
    }
    assert [(one["currency"], one["result"], one["before"]["result"]) for one in aed] == [
        ("AED", "700.25", "0.00")
    ]
    assert aed[0].keys() == report.keys()
    alone = shop.api.get("/reports/profit-and-loss?from=2025-07-01&to=2025-07-31&compare=none").json
    assert (
        alone["compared_with"],
        alone["before"],
        alone["expenses"][0]["before"],
        len(alone["revenue"]),
    ) == (None, None, None, 1)
    other = shop.api.get(
        "/reports/profit-and-loss?from=2025-07-01&to=2025-07-31&compare=none&compare_from=2025-03-01"
    ).json
    assert (other["compared_with"], other["before"]["result"]) == (
        {"from": "2025-03-01", "to": "2025-03-31"},
        "100.00",
    )
    year = shop.api.get("/reports/profit-and-loss?from=2026-06-01&to=2026-06-30&compare=year").json
    assert (year["compared_with"], year["result"], year["before"]["result"]) == (
        {"from": "2025-06-01", "to": "2025-06-30"},
        "0.00",
        "1200.00",
    )


def test_the_api_returns_the_balance_sheet(shop: Person, owner_engine: sa.Engine) -> None:
    report = shop.api.get("/reports/balance-sheet?as_of=2025-07-31").json
    aed = report.pop("by_currency")
    alone = {"before": None, "change": None}
    assert report == {
        "tenant_id": str(shop.actor.tenant_id),
        "as_of": "2025-07-31",
        "compared_with": None,
        "before": None,
        "year_began": "2025-04-01",
        "assets": [
            {"code": "1100", "name": "Bank, current account", "amount": "6210.00"} | alone,
            {"code": "1200", "name": "Trade receivables", "amount": "30.00"} | alone,
        ],
        "liabilities": [],
        "equity": [{"code": "3000", "name": "Capital", "amount": "5000.00"} | alone],
        "retained_earnings": "100.00",
        "result_of_year": "1140.00",
        "total_assets": "6240.00",
        "total_liabilities": "0.00",
        "total_equity": "6240.00",
        "difference": "0.00",
        "in_balance": True,
        "currency": "INR",
    }
    assert [
        (one["currency"], one["total_assets"], one["result_of_year"], one["in_balance"])
        for one in aed
    ] == [("AED", "700.25", "700.25", True)]
    with (
        owner_engine.begin() as connection
    ):  # a financial year that begins in July keeps what was earned in June
        connection.execute(
            sa.text(
                "update tenant_settings set financial_year_start_month = 7 where tenant_id = :t"
            ),
            {"t": shop.actor.tenant_id},
        )
    moved = shop.api.get("/reports/balance-sheet?as_of=2025-07-31").json
    assert (moved["year_began"], moved["retained_earnings"], moved["result_of_year"]) == (
        "2025-07-01",
        "1300.00",
        "-60.00",
    )


@pytest.mark.parametrize(
    ("path", "loc"),
    [
        ("/reports/profit-and-loss?from=2026-01-01", ["query", "to"]),
        ("/reports/profit-and-loss?from=soon&to=2026-01-01", ["query", "from"]),
        (
            "/reports/profit-and-loss?from=2026-01-01&to=2026-01-02&compare=always",
            ["query", "compare"],
        ),
        (
            "/reports/profit-and-loss?from=2026-01-01&to=2026-01-02&compare_from=soon",
            ["query", "compare_from"],
        ),
        ("/reports/balance-sheet?as_of=1850-01-01", ["query", "as_of"]),
        ("/reports/balance-sheet?tz=Mars", ["query", "tz"]),
        ("/reports/balance-sheet?compare=always", ["query", "compare"]),
        ("/reports/balance-sheet?compare_as_of=soon", ["query", "compare_as_of"]),
    ],
)
def test_an_invalid_parameter_is_reported_at_its_location(
    alice: Person, path: str, loc: list[str]
) -> None:
    answer = alice.api.get(path)
    assert (answer.status_code, answer.json["detail"][0]["loc"]) == (422, loc)


def test_a_period_that_ends_before_it_begins_is_refused(alice: Person) -> None:
    answer = alice.api.get("/reports/profit-and-loss?from=2026-02-02&to=2026-02-01")
    assert (answer.status_code, answer.json["detail"]) == (422, "from must be on or before to")
    assert "The start date is after the end date." in shown(
        alice.tab, "/reports/profit-and-loss?from=2026-02-02&to=2026-02-01", status=422
    )


PATHS = [
    "/reports/profit-and-loss?from=2025-07-01&to=2025-07-31",
    "/reports/balance-sheet?as_of=2025-07-31",
]


@pytest.mark.parametrize("path", PATHS)
def test_users_see_only_the_report_of_their_agency(
    shop: Person, bob: Person, victor: Person, charlie: Person, path: str
) -> None:
    seen = shop.api.get(path).json
    assert bob.api.get(path).json == victor.api.get(path).json == seen
    assert "700.25" in shop.api.get(path).text
    assert "700.25" not in charlie.api.get(path).text
    assert "700.25" in shown(victor.tab, path)
    assert "700.25" not in shown(charlie.tab, path)
    assert ApiClient(shop.app.test_client(), None).get(path).status_code == 401
    assert shop.app.test_client().get(path).status_code == 303


@pytest.mark.parametrize(("path", "statements_max"), [(PATHS[0], 5), (PATHS[1], 4)])
def test_a_statement_takes_a_fixed_number_of_statements(
    shop: Person,
    path: str,
    statements_max: int,
    statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trips: list[int] = []
    run = ReadPool.run
    monkeypatch.setattr(
        ReadPool,
        "run",
        lambda lane, credential, selects: (
            trips.append(1 + len(selects)),
            run(lane, credential, selects),
        )[1],
    )
    client, browser = shop.api, shop.tab
    statements.clear()
    assert client.get(path).status_code == 200
    assert len(trips) == 1
    assert sum(trips) <= statements_max
    trips.clear()
    assert browser.get(path).status_code == 200
    assert len(trips) == 2
    assert statements == []


def test_profit_and_loss_shows_both_periods_and_links_amounts_to_lines(
    shop: Person,
) -> None:
    client = shop.tab
    page = shown(client, PATHS[0])
    assert rows(block(page, "INR")) == [
        ["Account", "1 Jul 2025 to 31 Jul 2025", "1 Jun 2025 to 30 Jun 2025", "Difference"],
        ["Revenue"],
        ["4200 Service fees", "–", "2,000.00", "−2,000.00"],
        ["4300 Sales of travel services", "30.00", "–", "30.00"],
        ["Total revenue", "30.00", "2,000.00", "−1,970.00"],
        ["Expenses"],
        ["5100 Cost of travel services", "90.00", "800.00", "−710.00"],
        ["Total expenses", "90.00", "800.00", "−710.00"],
        ["Loss in INR", "−60.00", "1,200.00", "−1,260.00"],
    ]
    assert "Loss INR −60.00" in words(block(page, "INR"))
    assert "Profit AED 700.25" in words(block(page, "AED"))
    assert (
        link_of(page, "90.00")
        == "/reports/general-ledger?account=5100&from=2025-07-01&to=2025-07-31"
    )
    before = link_of(page, "800.00")
    assert before == "/reports/general-ledger?account=5100&from=2025-06-01&to=2025-06-30"
    assert "800.00" in shown(client, before)
    alone = block(shown(client, f"{PATHS[0]}&compare=none"), "INR")
    assert rows(alone)[-1] == ["Loss in INR", "−60.00"]
    assert 'id="in-INR"' not in shown(client, f"{PATHS[0]}&currency=AED")
    assert "No entries in this currency" in shown(client, f"{PATHS[0]}&currency=KWD")
    assert "Not valid: comparison." in shown(client, f"{PATHS[0]}&compare=always", status=422)
    assert (
        "1 Mar 2025 to 31 Mar 2025"
        in rows(block(shown(client, f"{PATHS[0]}&compare=none&compare_from=1+mar+2025"), "INR"))[0]
    )
    assert "Not valid: comparison date." in shown(
        client, f"{PATHS[0]}&compare_from=soonish", status=422
    )


def test_the_balance_sheet_page_shows_its_balance_and_links_computed_lines(
    shop: Person,
) -> None:
    client = shop.tab
    page = shown(client, PATHS[1])
    assert rows(block(page, "INR")) == [
        ["Account", "31 Jul 2025"],
        ["Assets"],
        ["1100 Bank, current account", "6,210.00"],
        ["1200 Trade receivables", "30.00"],
        ["Total assets", "6,240.00"],
        ["Liabilities"],
        ["Total liabilities", "0.00"],
        ["Equity"],
        ["3000 Capital", "5,000.00"],
        ["Result of earlier years computed", "100.00"],
        ["Result of this financial year computed", "1,140.00"],
        ["Total equity", "6,240.00"],
        ["Liabilities and equity in INR", "6,240.00"],
    ]
    assert "assets equal liabilities and equity" in words(block(page, "INR"))
    assert (
        link_of(page, "6,210.00")
        == "/reports/general-ledger?account=1100&from=2025-04-01&to=2025-07-31"
    )
    for name, result in (
        ("Result of this financial year", "Profit in INR 1,140.00"),
        ("Result of earlier years", "Profit in INR 100.00"),
    ):
        assert result in words(shown(client, link_of(page, name)))


@pytest.mark.parametrize(
    ("day", "comparison", "expected"),
    [
        ("2025-07-31", "none", None),
        ("2025-07-31", "period", "2025-06-30"),
        ("2025-07-01", "period", "2025-06-30"),
        ("2025-01-15", "period", "2024-12-31"),
        ("2025-07-31", "year", "2024-07-31"),
        ("2025-02-28", "year", "2024-02-29"),
        ("2024-02-29", "year", "2023-02-28"),
        ("2025-03-10", "year", "2024-03-10"),
    ],
)
def test_a_day_is_compared_with_an_earlier_day(
    day: str, comparison: Any, expected: str | None
) -> None:
    found = day_compared(date.fromisoformat(day), comparison)
    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize("seed", range(2))
def test_the_comparison_equals_the_balance_sheet_of_that_day(alice: Person, seed: int) -> None:
    random_books(alice, seed)
    for as_of, before in (
        (DAYS[14], DAYS[2]),
        (DAYS[2], date(2024, 3, 31)),
        (date(2025, 4, 1), date(2025, 3, 31)),
        (DAYS[5], DAYS[20]),
    ):
        found, alone = (
            position_of(alice, as_of, before),
            {one.currency: one for one in position_of(alice, before).blocks},
        )
        for one in found.blocks:
            then = alone.get(one.currency)
            shown_then = {
                line.code: line.before
                for section in one.sections
                for line in section.lines
                if line.before
            }
            assert shown_then == (
                {line.code: line.amount for section in then.sections for line in section.lines}
                if then
                else {}
            )
            zero = Money(0, one.currency)
            assert (
                one.assets.total_before
                == one.liabilities_and_equity_before
                == (then.assets.total if then else zero)
            )
            assert (one.retained_before, one.of_the_year_before) == (
                (then.retained, then.of_the_year) if then else (zero, zero)
            )
        assert {one.currency for one in found.blocks} >= alone.keys()


def test_the_api_compares_the_balance_sheet_with_another_day(shop: Person) -> None:
    report = shop.api.get("/reports/balance-sheet?as_of=2025-07-31&compare=period").json
    assert report["compared_with"] == "2025-06-30"
    assert report["assets"] == [
        {
            "code": "1100",
            "name": "Bank, current account",
            "amount": "6210.00",
            "before": "6300.00",
            "change": "-90.00",
        },
        {
            "code": "1200",
            "name": "Trade receivables",
            "amount": "30.00",
            "before": "0.00",
            "change": "30.00",
        },
    ]
    assert report["before"] == {
        "year_began": "2025-04-01",
        "retained_earnings": "100.00",
        "result_of_year": "1200.00",
        "total_assets": "6300.00",
        "total_liabilities": "0.00",
        "total_equity": "6300.00",
    }
    assert [
        (one["currency"], one["compared_with"], one["before"]["total_assets"])
        for one in report["by_currency"]
    ] == [("AED", "2025-06-30", "0.00")]
    year = shop.api.get("/reports/balance-sheet?as_of=2025-07-31&compare=year").json
    assert (
        year["compared_with"],
        year["before"]["year_began"],
        year["before"]["total_assets"],
    ) == ("2024-07-31", "2024-04-01", "5000.00")
    named = shop.api.get(
        "/reports/balance-sheet?as_of=2025-07-31&compare=year&compare_as_of=2025-06-11"
    ).json
    assert (named["compared_with"], named["before"]["total_assets"]) == ("2025-06-11", "7100.00")
    later = shop.api.get("/reports/balance-sheet?as_of=2024-01-01&compare_as_of=2025-06-11").json
    assert [(line["amount"], line["before"]) for line in later["assets"]] == [
        ("0.00", "7100.00")
    ], "what stands only on the other day is shown too"


def test_the_page_compares_the_balance_sheet_with_another_day(shop: Person) -> None:
    client = shop.tab
    page = shown(client, f"{PATHS[1]}&compare=period")
    assert rows(block(page, "INR")) == [
        ["Account", "31 Jul 2025", "30 Jun 2025", "Difference"],
        ["Assets"],
        ["1100 Bank, current account", "6,210.00", "6,300.00", "−90.00"],
        ["1200 Trade receivables", "30.00", "–", "30.00"],
        ["Total assets", "6,240.00", "6,300.00", "−60.00"],
        ["Liabilities"],
        ["Total liabilities", "0.00", "0.00", "–"],
        ["Equity"],
        ["3000 Capital", "5,000.00", "5,000.00", "–"],
        ["Result of earlier years computed", "100.00", "100.00", "–"],
        ["Result of this financial year computed", "1,140.00", "1,200.00", "−60.00"],
        ["Total equity", "6,240.00", "6,300.00", "−60.00"],
        ["Liabilities and equity in INR", "6,240.00", "6,300.00", "−60.00"],
    ]
    assert (
        link_of(page, "6,300.00")
        == "/reports/general-ledger?account=1100&from=2025-04-01&to=2025-06-30"
    )
    assert "Profit in INR 1,200.00" in words(shown(client, link_of(page, "1,200.00")))
    assert "As of 31 July 2025, compared with 30 June 2025, all currencies." in words(page)
    assert (
        "11 Jun 2025"
        in rows(block(shown(client, f"{PATHS[1]}&compare_as_of=11+jun+2025"), "INR"))[0]
    )
    assert "Not valid: comparison date." in shown(
        client, f"{PATHS[1]}&compare_as_of=soonish", status=422
    )


def test_an_empty_report_explains_its_contents(alice: Person) -> None:
    assert "No revenue or expenses in this period" in shown(alice.tab, "/reports/profit-and-loss")
    assert "No entries yet" in shown(alice.tab, "/reports/balance-sheet")
    assert "Not valid: as of." in shown(
        alice.tab, "/reports/balance-sheet?as_of=soonish", status=422
    )
    assert alice.api.get("/reports/balance-sheet").json["assets"] == []


def test_a_difference_is_shown_in_red_with_its_amount(
    shop: Person, owner_engine: sa.Engine
) -> None:
    tamper = sa.text(
        "update monthly_balances set debit_minor = debit_minor + 100 where tenant_id = :tenant and"
        " currency = 'INR' and account_id = (select id from accounts where tenant_id = :tenant and"
        " purpose = 'capital')"
    )
    with owner_engine.begin() as connection:
        assert connection.execute(tamper, {"tenant": shop.actor.tenant_id}).rowcount == 1
    page = shown(shop.tab, PATHS[1])
    assert "out of balance by INR 1.00" in words(block(page, "INR"))
    assert rows(block(page, "INR"))[-1] == ["Difference", "1.00"]
    assert 'class="v-num v-red"' in block(page, "INR")
    assert "assets equal liabilities and equity" in words(block(page, "AED"))
    assert [shop.api.get(PATHS[1]).json[name] for name in ("difference", "in_balance")] == [
        "1.00",
        False,
    ]


def test_the_pdf_names_report_period_and_comparison(shop: Person) -> None:
    text = words(shown(shop.tab, PATHS[0]))
    assert (
        "Profit and loss Book dates from 1 July 2025 to 31 July 2025, compared with 1 June 2025"
        " to 30 June 2025, all currencies. Amounts in different currencies are not added together."
        in text
    )
    assert (
        "Balance sheet As of 31 July 2025, in AED only. Amounts in different currencies are not"
        " added together." in words(shown(shop.tab, f"{PATHS[1]}&currency=AED"))
    )


def test_a_period_begins_with_the_financial_year_by_default(shop: Person) -> None:
    page = shown(shop.tab, "/reports/profit-and-loss?to=2025-07-31")
    assert "1 Apr 2025 to 31 Jul 2025" in page
