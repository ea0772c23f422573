"""Lines of an account and of an entry in the base currency."""

from __future__ import annotations

import csv
import io
import random
from datetime import date
from typing import Any
from uuid import UUID

from tests.ledger.books import inr, post, sale
from tests.ledger.test_base_amounts import usd
from tests.ledger.test_establishing import established
from tests.people import Person
from tests.reports.test_general_ledger import page_of
from tests.reports.test_in_base import RATES, cells, dealer
from tests.reports.test_statements import DAYS
from tests.reports.test_views import rows, shown, words
from voyagent.billing.core.views import previews
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line
from voyagent.reports.documents import books as paper
from voyagent.reports.exports import spreadsheets
from voyagent.reports.queries.general_ledger import (
    GeneralLedger,
    account_of,
    read_general_ledger,
)
from voyagent.reports.queries.periods import Period

__all__ = ["dealer"]
MARCH = "from=2026-03-01&to=2026-03-31"
PERIOD = Period(date(2026, 3, 1), date(2026, 3, 31), date(2025, 4, 1))


def table(page: str) -> str:
    """Return the first table of a page."""
    return page[page.index("<table") : page.index("</table>")]


def ledger(person: Person, code: str, period: Period = PERIOD) -> GeneralLedger:
    """Return the whole general ledger of an account."""
    with person.reading() as reader:
        account = account_of(accounts.read_chart(reader), code)
        return read_general_ledger(reader, account, period, limit=1_000)


def paid(person: Person) -> str:
    """Return the last entry of the dealer: 60 dollars, and a loss of 18 rupees."""
    (first,) = person.api.get("/journal-entries?limit=1").json["items"]
    return str(first["id"])


def test_the_page_of_an_account_has_base_amounts_beside_its_currencies(dealer: Person) -> None:
    page = shown(dealer.tab, f"/reports/general-ledger?account=1200&{MARCH}")
    head, opening, *lines, closing, in_inr, in_usd = rows(table(page))
    assert head[3:] == [
        "Amount",
        "Balance",
        "Debit in INR",
        "Credit in INR",
        "Balance in INR",
    ]
    assert opening == ["Opening, 1 Mar 2026", "–"]
    assert [line[3:] for line in lines[2:]] == [
        ["INR 100.00 Dr", "INR 100.00 Dr", "100.00", "", "100.00 Dr"],
        ["USD 100.00 Dr", "USD 100.00 Dr", "8,420.50", "", "8,520.50 Dr"],
        ["USD 60.00 Cr", "USD 40.00 Dr", "", "5,070.30", "3,450.20 Dr"],
    ]
    assert closing == ["Closing, 31 Mar 2026", "8,520.50", "5,070.30", "3,450.20 Dr"]
    assert (in_inr[:2], in_usd[:2]) == (
        ["Closing, 31 Mar 2026 INR", "INR 100.00 Dr"],
        ["Closing, 31 Mar 2026 USD", "USD 40.00 Dr"],
    )
    assert "Amounts in INR add all currencies." in words(page)


def test_a_difference_has_its_base_amount_on_the_page_of_its_account(dealer: Person) -> None:
    page = shown(dealer.tab, f"/reports/general-ledger?account=5920&{MARCH}")
    assert [row[3:] for row in rows(table(page)) if "A sale" in row[1]] == [
        ["", "–", "18.00", "", "18.00 Dr"]
    ]
    (line,) = ledger(dealer, "5920").lines
    assert (line.debit, line.base and line.base.debit) == (usd(0), inr(1_800))


def test_the_json_of_an_account_has_base_amounts(dealer: Person) -> None:
    read = dealer.api.get(f"/reports/general-ledger?account=1200&{MARCH}").json
    last = read["lines"][-1]
    assert {name: last[name] for name in last if name.startswith("base_")} == {
        "base_currency": "INR",
        "base_debit": "0.00",
        "base_credit": "5070.30",
        "base_balance": "3450.20",
    }
    assert (last["currency"], last["balance"]) == ("USD", "40.00")
    assert read["base"] == {
        "currency": "INR",
        "opening": "0.00",
        "debit": "8520.50",
        "credit": "5070.30",
        "carried": "0.00",
        "closing": "3450.20",
    }


def test_the_files_of_an_account_have_base_amounts(dealer: Person) -> None:
    path = f"/reports/general-ledger.csv?account=1200&{MARCH}"
    head, *lines = cells(dealer, path)
    assert head[-4:] == ["base_currency", "base_debit", "base_credit", "base_balance"]
    assert [[line[0], *line[7:8], *line[-4:]] for line in lines] == [
        ["opening", "INR", "", "", "", ""],
        ["opening", "USD", "", "", "", ""],
        ["opening", "", "INR", "", "", "0.00"],
        ["line", "INR", "INR", "100.00", "0.00", "100.00"],
        ["line", "USD", "INR", "8420.50", "0.00", "8520.50"],
        ["line", "USD", "INR", "0.00", "5070.30", "3450.20"],
        ["total", "INR", "", "", "", ""],
        ["total", "USD", "", "", "", ""],
        ["total", "", "INR", "8520.50", "5070.30", "3450.20"],
    ]
    with dealer.acting():
        printed = paper.general_ledger(ledger(dealer, "1200"))
    first, second = printed.tables
    assert (first.title, second.title) == (
        "All currencies, in Indian Rupee (INR)",
        "US Dollar (USD)",
    )
    assert first.groups[0].rows[-1][1:] == [
        "A sale\nDeepa Krishnan\n$60.00",
        "",
        "5,070.30",
        "3,450.20 Dr",
    ]


def test_an_entry_has_base_amounts_in_the_json_and_on_its_page(dealer: Person) -> None:
    entry_id = paid(dealer)
    lines = dealer.api.get(f"/journal-entries/{entry_id}").json["lines"]
    assert [
        [line[name] for name in ("code", "debit_amount", "credit_amount", "base_currency")]
        + [line["base_debit"], line["base_credit"]]
        for line in lines
    ] == [
        ["1100", "60.00", None, "INR", "5052.30", "0.00"],
        ["1200", None, "60.00", "INR", "0.00", "5070.30"],
        ["5920", None, None, "INR", "18.00", "0.00"],
    ]
    page = shown(dealer.tab, f"/journal/{entry_id}")
    found = rows(table(page))
    assert found[0][2:] == ["Debit", "Credit", "Debit in INR", "Credit in INR"]
    assert [row[2:] for row in found[1:-1]] == [
        ["USD 60.00", "", "5,052.30", ""],
        ["", "USD 60.00", "", "5,070.30"],
        ["", "", "18.00", ""],
    ]
    assert found[-1] == ["Total INR", "5,070.30", "5,070.30"]
    assert "A line without an amount in its currency is a difference in INR." in words(page)


def test_the_files_of_an_entry_have_base_amounts(
    dealer: Person, typeset_input: dict[str, Any]
) -> None:
    entry_id = paid(dealer)
    path = f"/journal-entries/{entry_id}/journal-entry.csv"
    written = list(csv.DictReader(io.StringIO(dealer.api.get(path).text)))
    assert [
        [row["currency"], row["base_currency"], row["base_debit"], row["base_credit"]]
        for row in written
        if row["row"] != "head"
    ] == [
        ["USD", "INR", "5052.30", "0.00"],
        ["USD", "INR", "0.00", "5070.30"],
        ["USD", "INR", "18.00", "0.00"],
        ["USD", "", "", ""],
        ["", "INR", "5070.30", "5070.30"],
    ]
    assert dealer.tab.get(f"/journal/{entry_id}/journal-entry.pdf").status_code == 200
    first, second = typeset_input["tables"]
    assert [row[2:] for row in first["groups"][0]["rows"]] == [
        ["5,052.30", ""],
        ["", "5,070.30"],
        ["18.00", ""],
    ]
    assert first["totals"][0][2:] == ["5,070.30", "5,070.30"]
    assert [row[2:] for row in second["groups"][0]["rows"]] == [["60.00", ""], ["", "60.00"]]


def test_nothing_is_added_without_base_amounts_or_other_currencies(alice: Person) -> None:
    def seen() -> list[Any]:
        page = shown(alice.tab, f"/reports/general-ledger?account=1200&{MARCH}")
        entry_id = paid(alice)
        return [
            rows(table(page)),
            rows(table(shown(alice.tab, f"/journal/{entry_id}"))),
            cells(alice, f"/reports/general-ledger.csv?account=1200&{MARCH}"),
        ]

    post(alice)
    before = seen()
    read = alice.api.get(f"/reports/general-ledger?account=1200&{MARCH}").json
    entry = alice.api.get(f"/journal-entries/{paid(alice)}").json
    for members in (read, read["lines"][0], *entry["lines"]):
        assert not any(name.startswith("base") for name in members)
    established(alice)
    assert seen() == before
    post(alice, sale(usd(100)), rates=RATES)
    assert seen() != before


def test_running_base_balances_and_files_agree_over_year_ends(alice: Person) -> None:
    established(alice)
    luck = random.Random(1)  # noqa: S311 - a test's
    for _ in range(12):
        currency = luck.choice(["INR", "USD", "AED"])
        left, right = luck.sample(("bank", "revenue_services"), 2)
        amount = Money(luck.randint(100, 99_999), currency)
        booked = Money(amount.amount_minor * 90, "INR") if currency != "INR" else None
        lines = [entries.debit(left, amount), Line(right, credit=amount, base=booked)]
        day = luck.choice(DAYS)
        post(alice, lines, entry_date=day, rates=RATES, differences="exchange_differences")
    period = Period(DAYS[3], DAYS[-1], date(DAYS[3].year - (DAYS[3].month < 4), 4, 1))
    with alice.reading() as reader:
        chart = accounts.read_chart(reader)
    for code in ("1100", "4300", "5920"):
        account = account_of(chart, code)
        report = ledger(alice, code, period)
        assert report.base is not None
        assert report.rows
        balance = report.base.opening
        for row in report.rows:
            assert row.base is not None
            balance += row.base.debit - row.base.credit
            assert row.base.balance == balance
        assert balance == report.base.closing
        pages, after = [], None
        while after or not pages:
            pages.append(page_of(alice, account, period, after, 3))
            after = pages[-1].next_cursor
        assert tuple(row for page in pages for row in page.rows) == report.rows
        over = f"account={account['code']}&from={period.first}&to={period.last}"
        streamed = alice.tab.get(f"/reports/general-ledger?{over}&format=csv").data.decode()
        sheet = spreadsheets.general_ledger(report).csv(bom=False)
        assert list(csv.reader(io.StringIO(streamed))) == list(csv.reader(io.StringIO(sheet)))


def test_the_preview_of_a_reversal_names_the_difference(dealer: Person) -> None:
    with dealer.acting():
        *_others, line = previews.reversal_of(UUID(paid(dealer)))
    assert (line["is_debit"], line["amount"]) == (False, inr(1_800))
