"""Charts of the home page: sums, links of bars, and permissions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Select

from tests.enquiries.reading import Page
from tests.ledger.books import post
from tests.people import Person
from tests.reports.books import bill, days_ago, invoice, today
from voyagent.identity.rules.permissions import (
    KEY_SCOPES,
    ROLE_PERMISSIONS,
    SCOPE_PERMISSIONS,
    STEP_UP,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import define_roles
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries.monthly import monthly_sales_statement
from voyagent.ledger.service import entries
from voyagent.reports.queries.home import MONEY, read_now

NOW = clock.now()
MONDAY = NOW.date() - timedelta(days=NOW.weekday())
FIRST = NOW.date().replace(day=1)
MONEY_STATEMENTS, OTHERS = 4, 9


@pytest.fixture(autouse=True)
def one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the dates MONDAY and FIRST, also in a run across midnight."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def rows(page: Page, section: str, currency: int = 0) -> list[list[str]]:
    """Return the cells of a chart, by rows."""
    table = page.all(f".//section[@id='{section}']//table")[currency]
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("th", "td")]
        for row in table.iter("tr")
    ]


def ways(page: Page, section: str) -> dict[str, str]:
    """Return the link of each amount of a chart, the first of equal ones."""
    return {
        "".join(link.itertext()): link.attrib["href"]
        for link in reversed(page.all(f".//section[@id='{section}']//table//a"))
    }


def widths(page: Page, section: str) -> list[float]:
    """Return the lengths of the bars, in hundredths of the longest."""
    return [
        float(bar.attrib["width"]) for bar in page.all(f".//section[@id='{section}']//{{*}}rect")
    ]


def moved(person: Person, amount: str, left: str, right: str, day: date) -> None:
    """Post an entry of two lines."""
    money = Money.parse(amount, "INR")
    post(person, [entries.debit(left, money), entries.credit(right, money)], entry_date=day)


def months_ago(count: int) -> date:
    """Return the first day of a month."""
    month = FIRST.year * 12 + FIRST.month - 1 - count
    return date(month // 12, month % 12 + 1, 1)


class Counting:
    """A reader that counts the statements of each round trip."""

    def __init__(self, reader: Any) -> None:
        self.reader, self.trips = reader, list[int]()

    def read(self, *statements: Select[Any]) -> list[list[Row]]:
        self.trips.append(len(statements))
        found: list[list[Row]] = self.reader.read(*statements)
        return found


@contextmanager
def a_viewer_without(*permissions: str) -> Iterator[None]:
    """A permission table in which a viewer lacks some areas.

    No real role is like that.
    """
    narrowed = {"viewer": ROLE_PERMISSIONS["viewer"] - set(permissions)}
    define_roles({**ROLE_PERMISSIONS, **narrowed}, SCOPE_PERMISSIONS, STEP_UP | KEY_SCOPES)
    try:
        yield
    finally:
        define_roles(ROLE_PERMISSIONS, SCOPE_PERMISSIONS, STEP_UP | KEY_SCOPES)


def test_amounts_due_are_shown_by_week_and_link_to_their_documents(
    alice: Person,
) -> None:
    invoice(alice, "Late Customer", "123456.50", due=days_ago(12))
    invoice(alice, "Week Customer", "4000", due=MONDAY + timedelta(days=6), issued=days_ago(40))
    invoice(alice, "Seventh Customer", "300", due=MONDAY + timedelta(weeks=7), issued=days_ago(40))
    invoice(alice, "Later Customer", "20", due=MONDAY + timedelta(weeks=8), issued=days_ago(40))
    bill(alice, "Late Supplier", "617.25", due=days_ago(3), reference="L-1")
    browser = alice.tab
    page = Page(browser.get("/"))
    chart = rows(page, "money-due")
    assert chart[0] == ["Due", "From customers", "To suppliers"]
    assert len(chart) == 1 + 1 + 8 + 1 + 1
    assert [chart[1], chart[2], chart[9], chart[10], chart[11]] == [
        ["Overdue", "1,23,456.50", "617.25"],
        ["This week", "4,000", "–"],
        [chart[9][0], "300", "–"],
        ["Later", "20", "–"],
        ["Total", "1,27,776.50", "617.25"],
    ]
    found = ways(page, "money-due")
    for amount, name in (
        ("1,23,456.50", "Late Customer"),
        ("4,000", "Week Customer"),
        ("300", "Seventh Customer"),
        ("20", "Later Customer"),
        ("617.25", "Late Supplier"),
    ):
        behind = Page(browser.get(found[amount])).words(".//main")
        assert name in behind, amount
        assert [
            other
            for other in ("Late Customer", "Week Customer", "Seventh Customer", "Later Customer")
            if other in behind
        ] in ([name], []), amount
    assert found["1,27,776.50"] == "/reports/receivables?currency=INR"
    assert widths(page, "money-due")[:2] == [
        100.0,
        0.5,
    ], "one scale for what comes in and what goes out"


def test_amounts_of_different_currencies_are_not_added(alice: Person) -> None:
    invoice(alice, "Al Noor Trading LLC", "700.25", due=days_ago(3), currency="AED")
    bill(alice, "BSP India", "50", due=days_ago(3), reference="L-1")
    page = Page(alice.tab.get("/"))
    assert rows(page, "money-due")[1] == ["Overdue", "–", "50"]
    assert rows(page, "money-due", 1)[1] == ["Overdue", "700.25", "–"]
    assert widths(page, "money-due").count(100.0) == 2, "each has its own scale"
    assert (
        ways(page, "money-due")["700.25"]
        == f"/invoices?status=open&currency=AED&due_to={days_ago(1)}"
    )
    assert [row[1] for row in rows(page, "sales", 1)][-1] == "700.25"


def test_sales_and_margin_are_shown_by_month_and_link_to_profit_and_loss(alice: Person) -> None:
    for first, sold, cost in (
        (months_ago(0), "900", "300"),
        (months_ago(11), "100", "250.50"),
        (months_ago(12), "7", "1"),
    ):
        moved(alice, sold, "bank", "revenue_services", first)
        moved(alice, cost, "cost_of_services", "bank", first)
    moved(alice, "55", "bank_charges", "bank", FIRST)
    browser = alice.tab
    page = Page(browser.get("/"))
    chart = rows(page, "sales")
    assert [row[1:] for row in (chart[0], chart[1], chart[2], chart[12], chart[13])] == [
        ["Sales", "Margin"],
        ["100", "−150.50"],
        ["–", "–"],
        ["900", "600"],
        ["1,000", "449.50"],
    ]
    way = ways(page, "sales")["900"]
    assert way == f"/reports/profit-and-loss?compare=none&currency=INR&from={FIRST}&to={today()}"
    last = months_ago(10) - timedelta(days=1)
    assert (
        ways(page, "sales")["100"]
        == f"/reports/profit-and-loss?compare=none&currency=INR&from={months_ago(11)}&to={last}"
    )
    behind = Page(browser.get(way)).words(".//main")
    assert "900.00" in behind
    assert "300.00" in behind
    (loss,) = page.all(".//section[@id='sales']//{*}svg[@class='v-chart-bar v-chart-bad']")
    assert loss[0].attrib["width"] == "16.7"
    assert f"/reports/trip-margins?from={months_ago(11)}&to={today()}" in page.links()


def test_the_present_month_is_counted_up_to_today(
    alice: Person,
) -> None:
    for day, sold, cost in ((today(), "900", "300"), (today() + timedelta(days=1), "50", "20")):
        moved(alice, sold, "bank", "revenue_services", day)
        moved(alice, cost, "cost_of_services", "bank", day)
    browser = alice.tab
    page = Page(browser.get("/"))
    assert rows(page, "sales")[12][1:] == rows(page, "sales")[13][1:] == ["900", "600"]
    behind = Page(browser.get(ways(page, "sales")["900"])).words(".//main")
    assert ("900.00" in behind, "950.00" in behind) == (True, False)


@pytest.mark.parametrize(
    ("last", "sums"), [(10, (900, 300)), (11, (950, 320)), (30, (950, 327)), (9, (0, 0))]
)
def test_sales_of_a_month_are_counted_up_to_the_given_day(
    alice: Person, last: int, sums: tuple[int, int]
) -> None:
    moved(alice, "5", "bank", "revenue_services", date(2024, 5, 31))
    for day, sold, cost in ((10, "900", "300"), (11, "50", "20"), (12, None, "7")):
        if sold:
            moved(alice, sold, "bank", "revenue_services", date(2024, 6, day))
        moved(alice, cost, "cost_of_services", "bank", date(2024, 6, day))
    with alice.reading() as reader:
        (found,) = reader.read(monthly_sales_statement(date(2024, 5, 1), date(2024, 6, last)))
    sums_by_month = {
        (row["month"].month, row["sales_minor"] // 100, row["cost_minor"] // 100) for row in found
    }
    assert sums_by_month == {(5, 5, 0)} | ({(6, *sums)} if any(sums) else set())


def test_empty_charts_have_a_text(alice: Person) -> None:
    moved(alice, "5", "bank", "capital", today())
    page = Page(alice.tab.get("/"))
    assert "Nothing is due." in page.words(".//section[@id='money-due']")
    assert "No sales in these months." in page.words(".//section[@id='sales']")
    assert page.all(".//section[@id='sales']//table") == []


def test_the_number_of_statements_does_not_depend_on_the_data(alice: Person) -> None:
    def trips() -> list[int]:
        with alice.reading() as reader:
            counting = Counting(reader)
            read_now(counting, alice.actor)
            return counting.trips

    invoice(alice, "Deepa Krishnan", "900", due=today())
    assert trips() == [MONEY_STATEMENTS + OTHERS]
    for number in range(5):
        invoice(
            alice,
            f"Customer {number}",
            "900",
            due=days_ago(number * 40),
            currency=("INR", "AED")[number % 2],
        )
        bill(alice, f"Supplier {number}", "90", due=days_ago(-number * 10), reference=f"S-{number}")
    assert trips() == [MONEY_STATEMENTS + OTHERS]


@pytest.mark.parametrize("missing", MONEY)
def test_a_user_without_the_permission_sees_no_amounts(
    alice: Person, victor: Person, missing: str
) -> None:
    invoice(alice, "Deepa Krishnan", "123456", due=days_ago(12))
    assert "1,23,456" in victor.tab.get("/").text
    with a_viewer_without(missing), alice.reading() as reader:
        page = victor.tab.get("/")
        counting = Counting(reader)
        now = read_now(counting, replace(alice.actor, role="viewer"))
    assert page.status_code == 200
    assert not [
        word
        for word in ("1,23,456", "money-due", 'id="sales"', "Overdue", "Deepa")
        if word in page.text
    ]
    assert counting.trips[0] == OTHERS
    assert (now.sees_money, now.overdue, now.due["INR"].total.amount_minor) == (False, [], 0)
    assert not any(month.sales for month in now.months["INR"])


def test_charts_exclude_other_agencies(alice: Person, charlie: Person) -> None:
    invoice(alice, "Deepa Krishnan", "123456", due=days_ago(12))
    invoice(charlie, "Somebody", "5", due=today())
    assert "1,23,456" not in charlie.tab.get("/").text
