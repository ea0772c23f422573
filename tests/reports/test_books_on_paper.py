"""Profit and loss, accounts, day book and margins as PDF."""

from __future__ import annotations

import time
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import issued, line
from tests.ledger.books import post
from tests.ledger.test_base_amounts import make_ready
from tests.ledger.test_revaluations import book, revalue
from tests.paper_text import text_of
from tests.people import Person
from tests.rates.entered import entered
from tests.reports.books import DAYS, bill, busy_may, today
from tests.reports.test_papers import busy, pdf, rows
from tests.trips.things import DESERT, VISA, a_line, a_trip
from voyagent.enquiries import service as enquiries
from voyagent.kernel.money import Money
from voyagent.ledger.service import chart, entries
from voyagent.reports.views import books, lines, margins
from voyagent.trips.service import acceptance

__all__ = ["busy"]
MAY = date(2026, 5, 6)


def of_the_table(table: dict[str, Any]) -> list[list[str]]:
    """Return the rows and totals of all groups of a table."""
    return [row for group in table["groups"] for row in (*group["rows"], *group["sums"])]


def test_profit_and_loss_has_a_total_for_each_type_and_the_result(
    busy: Person, typeset_input: dict[str, Any]
) -> None:
    text = text_of(pdf(busy, "profit-and-loss"))
    assert (typeset_input["title"], typeset_input["words"][:42]) == (
        "Profit and loss",
        "Book dates from 1 May 2026 to 31 May 2026,",
    )
    rupees, dirhams = typeset_input["tables"]
    assert rupees["columns"] == [
        "Account",
        "1 May 2026 to 31 May 2026",
        "1 April 2026 to 30 April 2026",
        "Difference",
    ]
    assert [group["title"] for group in rupees["groups"]] == ["Revenue", "Expenses"]
    assert of_the_table(rupees) == [
        ["4300 Sales of travel services", "1,200.50", "0.00", "1,200.50"],
        ["Total revenue", "1,200.50", "0.00", "1,200.50"],
        ["5100 Cost of travel services", "300.00", "0.00", "300.00"],
        ["Total expenses", "300.00", "0.00", "300.00"],
    ]
    assert rupees["totals"] == [["Profit in INR", "900.50", "0.00", "900.50"]]
    assert "Own sales and their cost: recognised on the first day of the service." in rupees["note"]
    assert (dirhams["title"], dirhams["totals"]) == (
        "United Arab Emirates Dirham (AED)",
        [["Loss in AED", "−700.25", "0.00", "−700.25"]],
    )
    assert all(
        words in text for words in ("Profit and loss", "Profit in INR", "900.50", "Alice Travels")
    )
    pdf(busy, "profit-and-loss", f"{DAYS}&compare=none&currency=INR")
    (alone,) = typeset_input["tables"]
    assert (alone["columns"], alone["totals"]) == (
        ["Account", "1 May 2026 to 31 May 2026"],
        [["Profit in INR", "900.50"]],
    )


def test_the_balance_sheet_compares_both_sides(busy: Person, typeset_input: dict[str, Any]) -> None:
    text = text_of(pdf(busy, "balance-sheet"))
    rupees, dirhams = typeset_input["tables"]
    assert rupees["columns"] == ["Account", "31 May 2026"]
    assert [group["title"] for group in rupees["groups"]] == ["Assets", "Liabilities", "Equity"]
    assert of_the_table(rupees) == [
        ["1200 Trade receivables", "1,200.50"],
        ["Total assets", "1,200.50"],
        ["2100 Trade payables", "300.00"],
        ["Total liabilities", "300.00"],
        ["Result of this financial year (computed)", "900.50"],
        ["Total equity", "900.50"],
    ]
    assert (rupees["totals"], rupees["note"]) == (
        [["Liabilities and equity in INR", "1,200.50"]],
        "assets equal liabilities and equity",
    )
    assert of_the_table(dirhams)[0] == ["1100 Bank, current account", "−700.25"]
    assert "Liabilities and equity in AED" in text
    pdf(busy, "balance-sheet", "as_of=2026-05-31&compare_as_of=2026-04-30&currency=INR")
    (beside,) = typeset_input["tables"]
    assert (beside["columns"], beside["totals"]) == (
        ["Account", "31 May 2026", "30 April 2026", "Difference"],
        [["Liabilities and equity in INR", "1,200.50", "0.00", "1,200.50"]],
    )


def test_the_balance_sheet_names_the_closing_rates(
    alice: Person, owner_engine: sa.Engine, typeset_input: dict[str, Any]
) -> None:
    """They are those of the last revaluation of the day."""
    make_ready(owner_engine, alice)
    book(alice, date(2024, 11, 5), "84", {"bank": 100, "capital": -100})

    def note(day: str = "2024-11-30") -> str:
        pdf(alice, "balance-sheet", f"as_of={day}")
        note: str = typeset_input["tables"][-1]["note"]
        return note.removeprefix("Each amount is in the currency of its column")

    assert note() == ""
    entered(alice, date(2024, 11, 29), "84.75")
    assert note() == ""
    closing = " · closing rate 1 USD = 84.75 INR, 29 November 2024, FBIL"
    revalue(alice)
    assert note() == closing
    entered(alice, date(2024, 11, 29), "85")
    assert note() == closing
    assert note("2024-11-29") == ""


def test_the_general_ledger_has_balances_in_each_currency(
    busy: Person, typeset_input: dict[str, Any]
) -> None:
    paid = [
        entries.debit("bank", Money(20_000, "INR"), memo="by cheque"),
        entries.credit("receivable", Money(20_000, "INR"), party_name="Deepa Krishnan"),
    ]
    post(busy, lines=paid, entry_date=MAY, narration="Paid")
    pdf(busy, "general-ledger", "account=1200&from=2026-05-05&to=2026-05-31")
    assert typeset_input["title"] == "General ledger, 1200 Trade receivables"
    (table,) = typeset_input["tables"]
    assert table["columns"] == ["Book date", "Entry", "Debit", "Credit", "Balance"]
    assert rows(table) == [
        ["", "Opening, 5 May 2026", "", "", "1,200.50 Dr"],
        ["6 May 2026", "Paid\nDeepa Krishnan", "", "200.00", "1,000.50 Dr"],
    ]
    assert table["totals"] == [["", "Closing, 31 May 2026", "0.00", "200.00", "1,000.50 Dr"]]
    pdf(busy, "general-ledger", f"account=1100&{DAYS}")
    dirhams, rupees = typeset_input["tables"]
    assert (dirhams["title"], rows(dirhams)[0][-1], rows(dirhams)[1][-1]) == (
        "United Arab Emirates Dirham (AED)",
        "0.00",
        "700.25 Cr",
    )
    assert rows(rupees)[1][1:] == ["Paid\nby cheque", "200.00", "", "200.00 Dr"]


def test_the_day_book_has_entries_by_day_and_totals(
    busy: Person, typeset_input: dict[str, Any]
) -> None:
    text = text_of(pdf(busy, "day-book"))
    (table,) = typeset_input["tables"]
    (loss,) = [group for group in table["groups"] if group["title"].endswith("@rooms")]
    assert loss["title"] == "4 May 2026 · @rooms"
    assert loss["rows"] == [
        ["5100 Cost of travel services", "AED\N{NO-BREAK SPACE}700.25", ""],
        ["1100 Bank, current account", "", "AED\N{NO-BREAK SPACE}700.25"],
    ]
    assert table["totals"] == [
        [
            "All entries in this period in AED",
            "AED\N{NO-BREAK SPACE}700.25",
            "AED\N{NO-BREAK SPACE}700.25",
        ],
        ["All entries in this period in INR", "₹1,500.50", "₹1,500.50"],
    ]
    assert all(
        words in text for words in ("4 May 2026 · @rooms", "Galaxy Consolidators", "₹1,500.50")
    )


def test_margins_have_a_table_for_each_currency(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    first = a_trip(alice, title="Krishnan family, Dubai")
    a_line(alice, first, DESERT, cost="600.00", price="800.00", currency="INR")
    a_line(alice, first, VISA, cost="200.00", price="300.50", currency="AED")
    a_line(
        alice, a_trip(alice, title="Loss"), DESERT, cost="500.00", price="400.00", currency="INR"
    )
    a_trip(alice, title="Not begun")
    for one in alice.api.get("/trips").json["items"]:
        alice.does(acceptance.decide, UUID(one["id"]), "accepted")
    pdf(alice, "trip-margins", f"to={today()}")
    dirhams, rupees = typeset_input["tables"]
    unbooked = ["0.00", "0.00", "0.00", ""]
    assert rows(dirhams) == [
        ["Krishnan family, Dubai", "300.50", "200.00", "100.50", "33.4 %", *unbooked]
    ]
    assert rows(rupees)[1:] == [
        ["Loss", "400.00", "500.00", "−100.00", "−25.0 %", *unbooked],
        ["Krishnan family, Dubai", "800.00", "600.00", "200.00", "25.0 %", *unbooked],
    ]
    assert rows(rupees)[0] == ["Not begun", "0.00", "0.00", "0.00", "", *unbooked]
    assert rupees["totals"] == [
        ["All trips in this period in INR", "1,200.00", "1,100.00", "100.00", "8.3 %", *unbooked]
    ]


def test_the_trip_margin_pdf_has_planned_and_posted_amounts(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    asked = alice.does(lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan").id)
    trip_id = a_trip(alice, title="Dubai", enquiry_id=asked)
    issued(alice, line("900.00", quantity=1), issue_date=MAY, due_date=MAY, trip_id=trip_id)
    bill(alice, "Galaxy Consolidators", "300", due=MAY, reference="G-1")
    text = text_of(pdf(alice, "trip-margins", DAYS))
    table, books = typeset_input["tables"]
    assert rows(table) == [
        ["Dubai\nDeepa Krishnan", "0.00", "0.00", "0.00", "", "900.00", "0.00", "900.00", "100.0 %"]
    ]
    assert rows(books) == [
        ["Posted for trips", "900.00", "0.00", "900.00"],
        ["Posted without a trip", "0.00", "300.00", "−300.00"],
    ]
    assert books["totals"] == [["Trial balance of this period", "900.00", "300.00", "600.00"]]
    assert (
        books["note"]
        == "Postings without a trip are computed as the trial balance minus the postings for trips."
    )
    assert "All postings" in text
    for by, name in (("customer", "Deepa Krishnan"), ("month", "May 2026")):
        pdf(alice, "trip-margins", f"{DAYS}&group_by={by}")
        assert rows(typeset_input["tables"][0])[0] == [
            name,
            "0.00",
            "0.00",
            "0.00",
            "",
            "900.00",
            "0.00",
            "900.00",
            "100.0 %",
        ]


@pytest.mark.parametrize(
    ("module", "size", "report"),
    [
        (books, "ledgers", "general-ledger"),
        (lines, "PAGE_ENTRIES", "day-book"),
        (margins, "PAGE_TRIPS", "trip-margins"),
    ],
)
def test_a_pdf_has_the_rows_of_all_pages(
    busy: Person,
    typeset_input: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    size: str,
    report: str,
) -> None:
    pdf(busy, report)
    whole = typeset_input["tables"]
    monkeypatch.setattr(
        *((module.ledgers, "PAGE_LINES") if size == "ledgers" else (module, size)), 1
    )
    pdf(busy, report)
    assert typeset_input["tables"] == whole


def test_long_names_and_accounts_fit_on_the_page(alice: Person) -> None:
    busy_may(alice)
    name = "Very long name of an account " * 8 + "its end"
    account_id = alice.does(
        chart.add_account, code="5999", name=name[:255].strip(), account_type="expense"
    )
    much = Money(10**13, "INR")
    post(
        alice,
        lines=[entries.debit(account_id, much), entries.credit("bank", much)],
        entry_date=MAY,
        narration="n" * 400,
    )
    for report, query in (
        ("profit-and-loss", DAYS),
        ("general-ledger", f"account=5999&{DAYS}"),
        ("day-book", DAYS),
    ):
        text = "".join(text_of(pdf(alice, report, query)).split())
        assert "itsend" in text
        assert "1,00,00,00,00,000.00" in text


def test_two_thousand_rows_are_typeset_in_seconds(alice: Person) -> None:
    """It takes two seconds on an idle computer; the limit allows for a busy one."""
    pair = [
        entries.debit("bank", Money(100, "INR"), memo="a memo"),
        entries.credit("capital", Money(100, "INR")),
    ]
    with alice.acting() as actor:
        for number in range(100):
            entries.post(
                actor,
                source_type="test",
                source_id=actor.user_id,
                purpose=f"p{number}",
                narration="Many",
                entry_date=MAY,
                lines=pair * 10,
            )
    begun = time.perf_counter()
    assert text_of(pdf(alice, "day-book")).count("a memo") == 1_000
    assert time.perf_counter() - begun < 20
