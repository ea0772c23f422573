"""Statements in the base currency, once base amounts are established."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.enquiries.reading import Page
from tests.ledger.books import DAY, inr, post, sale, stored
from tests.ledger.test_base_amounts import usd
from tests.ledger.test_establishing import established
from tests.people import Person
from tests.reports.books import today
from tests.reports.test_statements import DAYS, PURPOSES, position_of, result_of
from tests.reports.test_views import block, link_of, rows, shown, words
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line
from voyagent.reports.documents import books as paper, pdf
from voyagent.reports.queries import home, trial_balance
from voyagent.reports.queries.periods import Days, Period

RATES = {
    "USD": Quote("USD", "INR", Decimal("84.205"), DAY, "Bank"),
    "AED": Quote("AED", "INR", Decimal("22.95"), DAY, "Bank"),
}
MARCH = "from=2026-03-01&to=2026-03-31&compare=none"
YEAR = Period(date(2025, 4, 1), date(2026, 3, 31), date(2025, 4, 1))


@pytest.fixture
def dealer(alice: Person) -> Person:
    """Sales in rupees and dollars, dollars bought, and a loss of 18 rupees on dollars."""
    established(alice)
    post(alice)
    post(alice, sale(usd(10_000)), rates=RATES)
    bought = [
        entries.debit("bank", usd(10_000)),
        entries.credit("currency_exchange", usd(10_000)),
        entries.debit("currency_exchange", inr(840_000)),
        entries.credit("bank", inr(840_000)),
    ]
    post(alice, bought)
    paid = [
        entries.debit("bank", usd(6_000)),
        Line("receivable", credit=usd(6_000), party_name="Deepa Krishnan", base=inr(507_030)),
    ]
    post(alice, paid, rates=RATES, differences="exchange_differences")
    return alice


def cells(person: Person, path: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(person.api.get(path).text)))


def currencies(page: str) -> list[list[str]]:
    """Return the rows of the table of other currencies."""
    table = page[page.index('<details class="v-ageblock v-currencies"') :]
    return rows(table[: table.index("</details>")])


def test_the_profit_and_loss_has_one_result_and_other_currencies_beside_it(dealer: Person) -> None:
    page = shown(dealer.tab, f"/reports/profit-and-loss?{MARCH}")
    assert rows(block(page, "INR")) == [
        ["Account", "1 Mar 2026 to 31 Mar 2026"],
        ["Revenue"],
        ["4300 Sales of travel services", "8,520.50"],
        ["Total revenue", "8,520.50"],
        ["Expenses"],
        ["5920 Exchange differences", "18.00"],
        ["Total expenses", "18.00"],
        ["Profit in INR", "8,502.50"],
    ]
    assert "All currencies, in Indian Rupee INR" in words(page)
    assert currencies(page) == [["Account", "USD"], ["4300 Sales of travel services", "100.00"]]
    assert "Other currencies are included at their amount in INR." in words(page)
    assert "not added together" not in page
    assert 'id="no-total"' not in page
    alone = shown(dealer.tab, link_of(page, "USD"))
    assert rows(block(alone, "USD"))[-1] == ["Profit in USD", "100.00"]
    assert 'id="in-INR"' not in alone
    assert "v-currencies" not in alone


def test_the_balance_sheet_balances_in_base_without_the_account_of_exchange(
    dealer: Person,
) -> None:
    page = shown(dealer.tab, "/reports/balance-sheet?as_of=2026-03-31")
    assert rows(block(page, "INR")) == [
        ["Account", "31 Mar 2026"],
        ["Assets"],
        ["1100 Bank, current account", "5,052.30"],
        ["1200 Trade receivables", "3,450.20"],
        ["Total assets", "8,502.50"],
        ["Liabilities"],
        ["Total liabilities", "0.00"],
        ["Equity"],
        ["Result of this financial year computed", "8,502.50"],
        ["Total equity", "8,502.50"],
        ["Liabilities and equity in INR", "8,502.50"],
    ]
    assert "assets equal liabilities and equity" in words(block(page, "INR"))
    assert currencies(page) == [
        ["Account", "USD"],
        ["1100 Bank, current account", "160.00"],
        ["1160 Currency exchange", "−100.00"],
        ["1200 Trade receivables", "40.00"],
        ["Result of this financial year computed", "100.00"],
    ]


def test_the_trial_balance_has_one_total(dealer: Person) -> None:
    page = shown(dealer.tab, "/reports/trial-balance?from=2026-03-01&as_of=2026-03-31")
    found = rows(block(page, "INR"))
    assert found[-1] == ["Total INR", "0.00", "0.00", *["21,990.80"] * 2, *["8,520.50"] * 2]
    assert ["1200 Trade receivables", "", "", "8,520.50", "5,070.30", "3,450.20", ""] in found
    assert "1160" not in block(page, "INR")
    assert ["1160 Currency exchange", "−100.00"] in currencies(page)


def test_the_json_has_the_base_currency_beside_the_others(dealer: Person) -> None:
    read = dealer.api.get
    earned = read(f"/reports/profit-and-loss?{MARCH}").json
    assert (earned["currency"], earned["result"]) == ("INR", "100.00")
    assert [(one["currency"], one["result"]) for one in earned["by_currency"]] == [
        ("USD", "100.00")
    ]
    base = earned["base"]
    assert (base["currency"], base["total_expenses"], base["result"]) == (
        "INR",
        "18.00",
        "8502.50",
    )
    position = read("/reports/balance-sheet?as_of=2026-03-31").json["base"]
    assert (position["total_assets"], position["total_equity"], position["in_balance"]) == (
        "8502.50",
        "8502.50",
        True,
    )
    balances = read("/reports/trial-balance?from=2026-03-01&as_of=2026-03-31").json
    of_base = {one["code"]: one["balance"] for one in balances["base"]["accounts"]}
    assert of_base == {
        "1100": "5052.30",
        "1200": "3450.20",
        "4300": "-8520.50",
        "5920": "18.00",
    }
    assert (balances["base"]["total_debit"], balances["base"]["in_balance"]) == ("21990.80", True)
    assert "base_currency" not in balances["base"]["accounts"][0]
    moved = balances["movements"]["base"]
    assert (moved["currency"], moved["totals"]["closing_debit"]) == ("INR", "8520.50")


def test_the_files_have_a_column_for_each_other_currency(dealer: Person) -> None:
    head, *lines = cells(dealer, f"/reports/profit-and-loss.csv?{MARCH}")
    assert head[-2:] == ["difference", "USD"]
    assert [line[:6] + line[-1:] for line in lines] == [
        ["line", "INR", "revenue", "4300", "Sales of travel services", "8520.50", "100.00"],
        ["total", "INR", "revenue", "", "", "8520.50", ""],
        ["line", "INR", "expense", "5920", "Exchange differences", "18.00", ""],
        ["total", "INR", "expense", "", "", "18.00", ""],
        ["total", "INR", "result", "", "", "8502.50", ""],
    ]
    head, *lines = cells(dealer, "/reports/balance-sheet.csv?as_of=2026-03-31")
    beside = {(line[2], line[3]): (line[5], line[-1]) for line in lines if line[0] == "line"}
    assert beside == {
        ("asset", "1100"): ("5052.30", "160.00"),
        ("asset", "1200"): ("3450.20", "40.00"),
        ("retained_earnings", ""): ("0.00", ""),
        ("result_of_year", ""): ("8502.50", "100.00"),
        ("asset", "1160"): ("", "-100.00"),
    }
    head, *lines = cells(dealer, "/reports/trial-balance.csv?from=2026-03-01&as_of=2026-03-31")
    assert (head[-1], lines[1][3], lines[1][-1]) == ("USD", "1200", "40.00")


def test_the_pdf_has_a_table_of_other_currencies(dealer: Person) -> None:
    with dealer.acting():
        earned = paper.profit_and_loss(result_of(dealer, Days(DAY, DAY)), None)
        stood = paper.balance_sheet(position_of(dealer, DAY), None, {})
        alone = paper.profit_and_loss(result_of(dealer, Days(DAY, DAY)), "USD")
        balanced = pdf.trial_balance(period_of(dealer, YEAR), None)
    for printed in (earned, stood, balanced):
        assert [table.title for table in printed.tables] == [
            "All currencies, in Indian Rupee (INR)",
            "Other currencies",
        ]
        assert printed.tables[1].columns == ["Account", "USD"]
    assert stood.tables[1].groups[0].rows[-1] == ["Result of this financial year", "100.00"]
    assert [table.title for table in alone.tables] == ["US Dollar (USD)"]


def test_the_home_page_adds_sales_of_all_currencies(dealer: Person) -> None:
    def sales() -> int:
        with dealer.reading() as reader:
            now = home.read_now(reader, dealer.actor)
        assert (list(now.months), now.is_in_base) == (["INR"], True)
        return now.months["INR"][-1].sales.amount_minor

    post(dealer, sale(usd(100)), entry_date=today(), rates=RATES)
    before = sales()
    post(dealer, sale(usd(1_000)), entry_date=today(), rates=RATES)
    assert sales() - before == 84_205
    page = Page(dealer.tab.get("/"))
    chart = page.words(".//section[@id='sales']")
    assert "All currencies, in Indian Rupee INR" in chart
    assert "US Dollar" not in chart


def test_books_in_one_currency_look_as_before(alice: Person) -> None:
    post(alice)
    paths = [
        f"/reports/profit-and-loss?{MARCH}",
        "/reports/balance-sheet?as_of=2026-03-31",
        "/reports/trial-balance?from=2026-03-01&as_of=2026-03-31",
    ]
    before = [rows(block(shown(alice.tab, path), "INR")) for path in paths]
    files = [cells(alice, path.replace("?", ".csv?")) for path in paths]
    assert not any("base" in alice.api.get(path).json for path in paths)
    established(alice)
    for path, table, file in zip(paths, before, files, strict=True):
        page = shown(alice.tab, path)
        assert rows(block(page, "INR")) == table
        assert "All currencies" not in page
        assert "v-currencies" not in page
        assert cells(alice, path.replace("?", ".csv?")) == file


def test_several_currencies_without_base_amounts_have_a_way_to_a_total(
    alice: Person, victor: Person
) -> None:
    post(alice)
    path = "/reports/balance-sheet?as_of=2026-03-31"
    assert 'id="no-total"' not in shown(alice.tab, path)
    post(alice, sale(usd(100)))
    page = shown(alice.tab, path)
    assert "There is no total of all currencies" in words(page)
    assert link_of(page, "Base amounts of earlier entries") == "/base-amounts"
    theirs = shown(victor.tab, path)
    assert "There is no total of all currencies" in words(theirs)
    assert "/base-amounts" not in theirs
    assert rows(block(page, "USD"))[-1] == ["Liabilities and equity in USD", "1.00"]


def period_of(person: Person, period: Period) -> trial_balance.PeriodBalance:
    with person.reading() as reader:
        return trial_balance.read_period(
            reader, period, "INR", include_zero=False, retained_earnings="Earlier years"
        )


@pytest.mark.parametrize("seed", range(2))
def test_each_base_amount_is_the_sum_of_its_lines(
    alice: Person, owner_engine: sa.Engine, seed: int
) -> None:
    """Also over the turn of a year, and with differences without an amount."""
    established(alice)
    luck = random.Random(seed)  # noqa: S311 - a test's
    for _ in range(30):
        currency = luck.choice(["INR", "USD", "AED"])
        left, right = luck.sample(PURPOSES, 2)
        amount = Money(luck.randint(100, 99_999), currency)
        booked = Money(amount.amount_minor * 90, "INR") if currency != "INR" else None
        lines = [
            entries.debit(left, amount),
            Line(right, credit=amount, base=booked),
        ]
        day = luck.choice(DAYS)
        post(alice, lines, entry_date=day, rates=RATES, differences="exchange_differences")
    posted = stored(
        owner_engine,
        "select a.code, a.type, p.effective_date as day,"
        " p.base_debit_minor - p.base_credit_minor as minor"
        " from postings p join accounts a on a.id = p.account_id where p.tenant_id = :t",
        t=alice.actor.tenant_id,
    )
    for first, last in ((DAYS[4], DAYS[9]), (DAYS[0], DAYS[-1]), (DAYS[20], DAYS[20])):
        days = Days(first, last)
        sums: dict[str, int] = defaultdict(int)
        for row in posted:
            if first <= row["day"] <= last and row["type"] in ("revenue", "expense"):
                sums[row["type"]] -= row["minor"]
        found: Any = result_of(alice, days).base
        assert found is None or found.result.amount_minor == sum(sums.values())
        began = date(last.year - (last.month < 4), 4, 1)
        year = Period(first, last, date(first.year - (first.month < 4), 4, 1))
        moved = period_of(alice, year)
        assert moved.in_balance
        assert moved.base is not None
        for line in moved.base.accounts:
            if line.code:
                since = began if line.type in ("revenue", "expense") else date.min
                assert line.closing.amount_minor == sum(
                    row["minor"]
                    for row in posted
                    if row["code"] == line.code and since <= row["day"] <= last
                )
        position: Any = position_of(alice, last, first - timedelta(days=1))
        assert position.in_balance
        assert position.base.assets.total == position.base.liabilities_and_equity
