"""Check reports over a year end against each other.

They are compared with profit and loss, balance sheet and general ledger.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.ledger.books import post
from tests.people import Person
from tests.reports.test_statements import position_of, result_of, type_of
from tests.reports.test_views import block, link_of, rows, shown, table, words
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.rules import PROFIT_AND_LOSS, year_began
from voyagent.ledger.service import entries
from voyagent.reports.queries import checks, general_ledger, trial_balance
from voyagent.reports.queries.periods import Days, Period
from voyagent.settings.service import tenant_settings as chosen

PURPOSES = (
    "bank",
    "capital",
    "retained_earnings",
    "revenue_fees",
    "revenue_services",
    "cost_of_services",
    "bank_charges",
)
EDGES = [
    date(2024, 3, 31),
    date(2024, 4, 1),
    date(2025, 3, 31),
    date(2025, 4, 1),
    date(2024, 1, 1),
    date(2024, 12, 31),
    date(2025, 1, 1),
]
DAYS = st.one_of(st.sampled_from(EDGES), st.dates(date(2023, 1, 1), date(2026, 6, 30)))
MOVES = st.tuples(
    DAYS,
    st.sampled_from(["INR", "INR", "KWD"]),
    st.lists(st.sampled_from(PURPOSES), min_size=2, max_size=2, unique=True),
    st.integers(1, 99_999),
)
TURN = "from=2025-03-01&as_of=2025-04-30"
LEDGER = "account=4200&from=2025-03-01&to=2025-04-30"


def over(
    person: Person, first: date, last: date, month: int
) -> tuple[Period, trial_balance.PeriodBalance]:
    period = Period(first, last, year_began(first, month))
    with person.reading() as reader:
        return period, trial_balance.read_period(
            reader, period, "INR", include_zero=False, retained_earnings="kept"
        )


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(MOVES, min_size=1, max_size=10),
    st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=4),
    st.sampled_from([1, 4, 7]),
)
def test_reports_agree_across_year_ends(
    app: Flask, people: Any, moves: list[Any], asked: list[tuple[date, date]], month: int
) -> None:
    person = people.sign_up("Alice Owner", agency="Alice Travels")
    person.does(lambda actor: chosen.update(actor, {"financial_year_start_month": month}).timezone)
    for day, currency, (left, right), minor in moves:
        post(
            person,
            lines=[
                entries.debit(left, Money(minor, currency)),
                entries.credit(right, Money(minor, currency)),
            ],
            entry_date=day,
        )
    for some_day, other_day in asked:
        first, last = sorted((some_day, other_day))
        period, books = over(person, first, last, month)
        assert books.in_balance
        position = {one.currency: one for one in position_of(person, last, month=month).blocks}
        earned = result_of(person, Days(period.last_year_began, last)).blocks
        assert {one.currency for one in books.blocks} <= position.keys()
        for one in books.blocks:
            stood = {
                line.code: line.amount
                for section in position[one.currency].sections
                for line in section.lines
            }
            mine = (result for result in earned if result.currency == one.currency)
            came = {
                line.code: line.amount
                for result in mine
                for section in result.sections
                for line in section.lines
                if line.amount
            }
            closed = {
                line.code: (
                    -line.closing
                    if line.type in ("liability", "equity", "revenue")
                    else line.closing
                )
                for line in one.accounts
                if line.closing
            }
            assert closed == stood | came | (
                {"": position[one.currency].retained} if position[one.currency].retained else {}
            )
        _moves_are_those_posted(moves, period, books)
        for purpose in ("revenue_fees", "bank_charges", "bank"):
            _the_ledger_says_the_same(person, purpose, period, books)
    with app.app_context():
        assert checks.run(person.actor.tenant_id) == []


def _moves_are_those_posted(
    moves: list[Any], period: Period, books: trial_balance.PeriodBalance
) -> None:
    """Check that movements equal the postings of the period."""
    posted: dict[tuple[str, str], int] = defaultdict(int)
    for day, currency, (left, right), minor in moves:
        if period.first <= day <= period.last:
            posted[currency, type_of(left)] += minor
            posted[currency, type_of(right)] -= minor
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for one in books.blocks:
        for line in one.accounts:
            moved[one.currency, line.type] += (line.movement[0] - line.movement[1]).amount_minor
            assert (
                line.carried is None
                or line.type in PROFIT_AND_LOSS
                or not line.code
                or not any(line.carried)
            )
    assert {key: minor for key, minor in moved.items() if minor} == {
        key: minor for key, minor in posted.items() if minor
    }


def _the_ledger_says_the_same(
    person: Person, purpose: str, period: Period, books: trial_balance.PeriodBalance
) -> None:
    with person.reading() as reader:
        account = next(row for row in accounts.read_chart(reader) if row["purpose"] == purpose)
    of_block = {one.currency: {line.code: line for line in one.accounts} for one in books.blocks}
    for limit in (1, 3, 100):
        found, after = [], None
        while not found or after:
            with person.reading() as reader:
                page = general_ledger.read_general_ledger(
                    reader,
                    account,
                    period,
                    after=LineCursor.decode(after) if after else None,
                    limit=limit,
                )
            found.append(page)
            after = page.next_cursor
        rows = [row for page in found for row in page.rows]
        assert [row.day for row in rows] == sorted(row.day for row in rows)
        for one in found[-1].currencies:
            zero = Money(0, one.opening.currency)
            line = of_block.get(one.opening.currency, {}).get(
                account["code"]
            ) or trial_balance.PeriodLine("", "", "", zero, (zero, zero))
            assert (one.opening, (one.debit, one.credit), one.closing) == (
                line.opening,
                line.movement,
                line.closing,
            )
            assert (one.carried or (zero, zero)) == (line.carried or (zero, zero))
            running = one.opening
            for row in (row for row in rows if row.balance.currency == one.opening.currency):
                running += row.debit - row.credit
                assert row.balance == running
                if isinstance(row, general_ledger.CarriedLine):
                    assert not row.balance, "nothing of the old year is left behind the turn"
                    assert year_began(
                        row.day + timedelta(days=1), period.year_began.month
                    ) == row.day + timedelta(days=1)
            assert running == one.closing


@pytest.fixture
def turned(alice: Person) -> Person:
    """Fees and charges on both sides of 1 April 2025, and a year before them."""
    for day, minor in (
        (date(2024, 2, 1), 5_000),
        (date(2025, 2, 10), 10_000),
        (date(2025, 3, 31), 3_000),
        (date(2025, 4, 1), 700),
    ):
        post(
            alice,
            lines=[
                entries.debit("bank", Money(minor, "INR")),
                entries.credit("revenue_fees", Money(minor, "INR")),
            ],
            entry_date=day,
            narration="Fees",
        )
    post(
        alice,
        lines=[
            entries.debit("bank_charges", Money(400, "INR")),
            entries.credit("bank", Money(400, "INR")),
        ],
        entry_date=date(2025, 3, 5),
    )
    return alice


def test_year_end_lines_are_shown_and_numbers_link_to_details(
    turned: Person,
) -> None:
    client = turned.tab
    page = shown(client, f"/reports/trial-balance?{TURN}")
    assert [row[1:] for row in rows(block(page, "INR"))[2:] if len(row) > 1] == [
        ["150.00", "", "37.00", "4.00", "", "", "183.00", ""],
        ["", "50.00", "", "", "", "126.00", "", "176.00"],
        ["", "100.00", "", "37.00", "130.00", "", "", "7.00"],
        ["", "", "4.00", "", "", "4.00", "", ""],
        ["150.00", "150.00", "41.00", "41.00", "130.00", "130.00", "183.00", "183.00"],
    ]
    assert "Year-end transfer" in words(page)
    assert "A financial year begins on 1 Apr 2025, within this period" in words(page)
    for figure, result in (
        ("50.00", "Profit in INR 50.00"),
        ("126.00", "Profit in INR 126.00"),
        ("176.00", "Profit in INR 176.00"),
    ):
        assert result in words(shown(client, link_of(page, figure)))
    lines = rows(table(shown(client, link_of(page, "130.00"))))
    assert [row[-3:] for row in lines[2:]] == [
        ["", "INR 30.00", "INR 130.00 Cr"],
        ["INR 130.00", "", "–"],
        ["", "INR 7.00", "INR 7.00 Cr"],
        ["INR 0.00", "INR 37.00", ""],
        ["INR 130.00", "INR 0.00", ""],
        ["", "", "INR 7.00 Cr"],
    ]
    carried = shown(client, f"/reports/general-ledger?{LEDGER}")
    assert "Transferred to the result of earlier years computed" in words(carried)
    assert "Profit in INR 126.00" in words(
        shown(client, link_of(carried, "Transferred to the result of earlier years"))
    )
    assert "Carried" not in shown(client, "/reports/trial-balance?from=2025-04-01&as_of=2025-04-30")


def test_a_year_end_line_appears_once_for_any_page_size(turned: Person) -> None:
    page = turned.api.get(f"/reports/general-ledger?{LEDGER}&limit=1").json
    assert (page["carried"], page["currencies"]) == (
        [],
        [
            {
                "currency": "INR",
                "opening": "-100.00",
                "debit": "0.00",
                "credit": "37.00",
                "carried": "130.00",
                "closing": "-7.00",
            }
        ],
    )
    page = turned.api.get(
        f"/reports/general-ledger?{LEDGER}&limit=1&cursor={page['next_cursor']}"
    ).json
    assert page["carried"] == [
        {
            "entry_date": "2025-03-31",
            "currency": "INR",
            "debit": "130.00",
            "credit": "0.00",
            "balance": "0.00",
        }
    ]
    assert ([line["balance"] for line in page["lines"]], page["next_cursor"]) == (["-7.00"], None)
    bank = turned.api.get("/reports/general-ledger?account=1100&from=2025-03-01&to=2025-04-30").json
    assert (bank["carried"], bank["currencies"][0]["carried"]) == ([], "0.00")


def test_movements_do_not_change_the_other_fields_of_the_response(turned: Person) -> None:
    default = turned.api.get("/reports/trial-balance?as_of=2025-04-30").json
    report = turned.api.get(f"/reports/trial-balance?{TURN}").json
    movements = report.pop("movements")
    assert report == default
    assert (movements["period"], movements["year_began"]) == (
        {"from": "2025-03-01", "to": "2025-04-30"},
        "2024-04-01",
    )
    (inr,) = movements["currencies"]
    assert inr["in_balance"]
    assert inr["accounts"][-1] == {
        "code": "",
        "name": "Result of earlier years",
        "type": "equity",
        "opening_debit": "0.00",
        "opening_credit": "50.00",
        "debit": "0.00",
        "credit": "0.00",
        "carried_debit": "0.00",
        "carried_credit": "126.00",
        "closing_debit": "0.00",
        "closing_credit": "176.00",
    }
    assert [
        inr["totals"][name]
        for name in ("carried_debit", "carried_credit", "closing_debit", "closing_credit")
    ] == ["130.00", "130.00", "183.00", "183.00"]
    april = turned.api.get("/reports/trial-balance?from=2025-04-01&as_of=2025-04-30").json[
        "movements"
    ]
    assert {account["carried_debit"] for account in april["currencies"][0]["accounts"]} == {"0.00"}
    assert (
        turned.api.get("/reports/trial-balance?from=2025-05-01&as_of=2025-04-30").status_code == 422
    )


def test_files_contain_the_year_end_line(turned: Person) -> None:
    client = turned.tab
    rows = list(
        csv.DictReader(io.StringIO(client.get(f"/reports/trial-balance?{TURN}&format=csv").text))
    )
    fees = next(row for row in rows if row["code"] == "4200")
    assert [
        fees[name]
        for name in ("debit", "credit", "carried_debit", "carried_credit", "closing_credit")
    ] == ["0.00", "37.00", "130.00", "0.00", "7.00"]
    lines = list(
        csv.DictReader(io.StringIO(client.get(f"/reports/general-ledger?{LEDGER}&format=csv").text))
    )
    assert [
        (row["entry_date"], row["entry_id"], row["narration"], row["debit"], row["balance"])
        for row in lines
        if row["narration"].startswith("Carried")
    ] == [("2025-03-31", "", "Carried to the result of earlier years", "130.00", "0.00")]
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/reports/trial-balance?{TURN}&format=xlsx").data)
    ).worksheets[0]
    assert [cell.value for cell in next(book.iter_rows())][9:11] == [
        "carried_debit",
        "carried_credit",
    ]


def test_pdfs_show_the_year_end_line(turned: Person, typeset_input: dict[str, Any]) -> None:
    client = turned.tab
    assert client.get(f"/reports/trial-balance?{TURN}&format=pdf").mimetype == "application/pdf"
    assert typeset_input["tables"][0]["columns"][5:7] == [
        "Year-end transfer\nDebit",
        "Year-end transfer\nCredit",
    ]
    assert typeset_input["tables"][0]["totals"] == [
        ["Total INR", "150.00", "150.00", "41.00", "41.00", "130.00", "130.00", "183.00", "183.00"]
    ]
    client.get(f"/reports/general-ledger?{LEDGER}&format=pdf")
    (lines,) = typeset_input["tables"]
    assert lines["groups"][0]["rows"][2] == [
        "31 March 2025",
        "Transferred to the result of earlier years (computed)",
        "130.00",
        "",
        "0.00",
    ]
    assert lines["totals"][1:] == [
        ["", "Transferred to the result of earlier years", "130.00", "0.00", ""],
        ["", "Closing, 30 April 2025", "", "", "7.00 Cr"],
    ]
