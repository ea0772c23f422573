"""Reports as PDF have the amounts of the page, for users who may read it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.ledger.books import post
from tests.paper_text import text_of
from tests.people import Person
from tests.reports.books import DAYS, EVIL, REPORTS, busy_may, invoice
from voyagent.billing.payments.service import payments as payment_service
from voyagent.drivers.paper import tables
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries
from voyagent.reports.views import answers, lines
from voyagent.settings.service import tenant_settings as settings

PAPERS = (
    "receivables",
    "payables",
    "trial-balance",
    "party-statement",
    "profit-and-loss",
    "cash-flow",
    "balance-sheet",
    "general-ledger",
    "day-book",
    "trip-margins",
)


@pytest.fixture
def busy(alice: Person) -> Person:
    """Somebody whose agency had a busy May."""
    busy_may(alice)
    return alice


def pdf(person: Person, report: str, query: str = "") -> bytes:
    answer = person.tab.get(f"/reports/{report}?{query or REPORTS[report]}&format=pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text
    return answer.data


def rows(table: dict[str, Any]) -> list[list[str]]:
    """Return the rows of all groups of a table."""
    return [row for group in table["groups"] for row in group["rows"]]


def test_the_pdf_has_receivables_by_age(busy: Person, typeset_input: dict[str, Any]) -> None:
    busy.does(
        payment_service.record_payment,
        direction="in",
        party_name="Deepa Krishnan",
        amount=Money(5_000, "INR"),
        on=date(2026, 5, 5),
    )
    text = text_of(pdf(busy, "receivables"))
    assert (typeset_input["title"], typeset_input["is_wide"]) == ("Receivables by age", True)
    assert typeset_input["words"].startswith("As of 31 May 2026, by due date")
    (table,) = typeset_input["tables"]
    assert table["title"] == "Indian Rupee (INR)"
    assert table["columns"] == [
        "Customer",
        "Not due",
        "1–30",
        "31–60",
        "61–90",
        "Over 90",
        "Amount due",
        "Advances",
        "Outstanding",
    ]
    assert rows(table) == [
        [EVIL, "", "1,000.50", "", "", "", "1,000.50", "", "1,000.50"],
        ["Deepa Krishnan", "", "200.00", "", "", "", "200.00", "−50.00", "150.00"],
    ]
    assert table["totals"] == [
        ["Total INR", "0.00", "1,200.50", "0.00", "0.00", "0.00", "1,200.50", "−50.00", "1,150.50"]
    ]
    assert table["note"] == "equals account 1200, ₹1,200.50"
    assert all(
        words in text for words in ("Receivables by age", "Deepa Krishnan", "1,150.50", EVIL)
    )


def test_payables_without_advances_have_no_column_for_them(
    busy: Person, typeset_input: dict[str, Any]
) -> None:
    pdf(busy, "payables")
    assert (typeset_input["title"], typeset_input["tables"][0]["columns"][-1]) == (
        "Payables by age",
        "Amount due",
    )
    assert rows(typeset_input["tables"][0]) == [
        ["Galaxy Consolidators", "", "300.00", "", "", "", "300.00"]
    ]


def test_the_pdf_shows_differences_between_documents_and_books(
    busy: Person, typeset_input: dict[str, Any]
) -> None:
    both = [
        entries.debit(control, Money(100, "INR"), party_name="X")
        for control in ("receivable", "customer_advances")
    ]
    post(
        busy,
        lines=[*both, entries.credit("capital", Money(200, "INR"))],
        entry_date=date(2026, 5, 6),
    )
    pdf(busy, "receivables")
    assert (
        typeset_input["tables"][0]["note"]
        == "ledger balance ₹1,201.50 · INR: advances total ₹0.00, balance of their account ₹1.00"
    )
    pdf(busy, "party-statement", f"party=X&{DAYS}")
    assert (
        typeset_input["tables"][0]["note"]
        == "INR: the ageing report shows ₹0.00 due, the ledger shows ₹1.00."
    )


def test_the_trial_balance_has_a_table_for_each_currency_and_a_head_for_each_type(
    busy: Person, typeset_input: dict[str, Any]
) -> None:
    pdf(busy, "trial-balance")
    assert [table["title"] for table in typeset_input["tables"]] == [
        "Indian Rupee (INR)",
        "United Arab Emirates Dirham (AED)",
    ]
    rupees = typeset_input["tables"][0]
    assert [group["title"] for group in rupees["groups"]] == [
        "Assets",
        "Liabilities",
        "Revenue",
        "Expenses",
    ]
    assert rupees["columns"][:3] == [
        "Account",
        "Opening, 1 May 2026\nDebit",
        "Opening, 1 May 2026\nCredit",
    ]
    assert rows(rupees)[0] == ["1200 Trade receivables", "", "", "1,200.50", "", "1,200.50", ""]
    assert rupees["totals"] == [
        ["Total INR", "0.00", "0.00", "1,500.50", "1,500.50", "1,500.50", "1,500.50"]
    ]
    assert rupees["note"] == "in balance"
    pdf(busy, "trial-balance", f"{REPORTS['trial-balance']}&currency=AED")
    assert [table["title"] for table in typeset_input["tables"]] == [
        "United Arab Emirates Dirham (AED)"
    ]


def test_a_statement_has_the_letterhead_and_running_balances(
    busy: Person, typeset_input: dict[str, Any]
) -> None:
    busy.does(
        lambda actor: (
            settings.update(
                actor, {"address": "12 Marine Drive\nKochi", "tax_number": "27AACCN6194P1ZP"}
            ).address
        )
    )
    invoice(busy, "Deepa Krishnan", "70", due=date(2026, 5, 9), currency="AED")
    text = text_of(pdf(busy, "party-statement", f"party=deepa krishnan&{DAYS}"))
    assert (typeset_input["title"], typeset_input["address"]) == (
        "Statement, Deepa Krishnan",
        "12 Marine Drive\nKochi",
    )
    dirhams, rupees, ages = typeset_input["tables"]
    assert rows(rupees) == [
        ["", "Opening, 1 May 2026", "", "", "0.00"],
        ["4 May 2026", "Invoice 2026-27/000002, Deepa Krishnan", "200.00", "", "200.00"],
    ]
    assert rupees["totals"] == [["", "Closing, 31 May 2026", "", "", "200.00"]]
    assert rupees["note"] == "INR: open documents total ₹200.00."
    assert rows(dirhams)[1][2] == "70.00"
    assert [(row[0], row[-1]) for row in rows(ages)] == [("AED", "70.00"), ("INR", "200.00")]
    assert all(
        words in text
        for words in ("Statement, Deepa Krishnan", "27AACCN6194P1ZP", "Closing, 31 May 2026")
    )
    assert (busy.actor.full_name or busy.email) in typeset_input["made"]


def test_a_statement_of_a_supplier_lists_bills(busy: Person, typeset_input: dict[str, Any]) -> None:
    busy.does(
        payment_service.record_payment,
        direction="out",
        party_name="Galaxy Consolidators",
        amount=Money(5_000, "INR"),
        on=date(2026, 5, 5),
    )
    pdf(busy, "party-statement", f"party=Galaxy Consolidators&kind=supplier&{DAYS}")
    table, _ages = typeset_input["tables"]
    assert table["columns"][2:4] == ["Billed or refunded", "Paid or credited"]
    assert [row[2:] for row in rows(table)] == [
        ["", "", "0.00"],
        ["300.00", "", "300.00"],
        ["", "50.00", "250.00"],
    ]
    assert table["note"] == "INR: open documents total ₹300.00, advances ₹50.00."


def test_a_hindi_pdf_has_hindi_labels(busy: Person, typeset_input: dict[str, Any]) -> None:
    busy.does(lambda actor: settings.update(actor, {"locale": "hi"}).locale)
    for report in PAPERS:
        pdf(busy, report)
        assert typeset_input["lang"] == "hi"
        assert not any(
            letter.isascii() and letter.isalpha()
            for letter in typeset_input["title"].replace(EVIL, "").replace("Trade receivables", "")
        )


@pytest.mark.parametrize("report", PAPERS)
def test_each_pdf_is_linked_and_contains_only_own_data(
    busy: Person, victor: Person, charlie: Person, typeset_input: dict[str, Any], report: str
) -> None:
    address = f"/reports/{report}?{REPORTS[report]}"
    assert "format=pdf" in victor.tab.get(address).text
    pdf(busy, report)
    ours = dict(typeset_input)
    pdf(victor, report)
    assert typeset_input["tables"] == ours["tables"]
    assert ours["tables"]
    assert "1,000.50" not in text_of(pdf(charlie, report))
    assert (typeset_input["tables"], typeset_input["empty"]) == (
        [],
        "Nothing to report in this selection.",
    )
    assert busy.app.test_client().get(f"{address}&format=pdf").status_code == 303
    assert (
        'inline; filename="voyagent-'
        in busy.tab.get(f"{address}&format=pdf").headers["Content-Disposition"]
    )


def test_a_pdf_is_complete_or_refused(busy: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice(busy, "Deepa Krishnan", "70", due=date(2026, 5, 9))
    query = f"party=Deepa Krishnan&{DAYS}"
    monkeypatch.setattr(lines, "PARTY_PAGE", 1)
    assert "70.00" in text_of(pdf(busy, "party-statement", query)), "not only the first page"
    monkeypatch.setattr(tables, "ROWS_MAX", 2)
    refused = busy.tab.get(f"/reports/party-statement?{query}&format=pdf")
    assert (refused.status_code, "at most 10,000 rows" in refused.text) == (422, True)
    monkeypatch.setattr(answers, "LINES_MAX", 1)
    refused = busy.tab.get(f"/reports/party-statement?{query}&format=pdf")
    assert (refused.status_code, "at most 20,000" in refused.text) == (422, True)


def test_entered_text_is_never_interpreted_as_markup(alice: Person) -> None:
    typed = '#read("/etc/passwd") *bold* $x$ \\ <b>'
    invoice(alice, typed, "10", due=date(2026, 5, 4))
    assert "#read" in text_of(pdf(alice, "receivables"))
