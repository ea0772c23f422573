"""Money held for suppliers that is left, by trip and document."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import issued, line, receive
from tests.enquiries.reading import Page
from tests.ledger.books import account_id
from tests.people import Person
from tests.trips.things import a_trip
from voyagent.billing.core.service.pricing import LineItem
from voyagent.reports.queries import held
from voyagent.reports.queries.held import HELD, HeldCase, read_held
from voyagent.reports.queries.periods import Days

ISSUED, LATER, FAR = date(2024, 6, 10), date(2024, 6, 20), date(2200, 12, 31)
TERMS: dict[str, Any] = {"issue_date": ISSUED, "due_date": ISSUED}


def ticket(price: str, commission: str, currency: str = "INR") -> LineItem:
    return LineItem(
        description="Ticket",
        quantity=1,
        unit_price=price,
        currency=currency,
        sold_as="agent",
        commission=commission,
    )


def bought(price: str) -> Any:
    return line(price, quantity=1) | {"bought_as": "agent"}


def left(person: Person, on: date = FAR) -> dict[UUID | None, tuple[int, list[int]]]:
    """Return what is left by trip: the sum, and the amounts of the documents."""
    return {
        case.trip_id: (case.left.amount_minor, [one.amount.amount_minor for one in case.documents])
        for case in cases(person, on)
    }


def cases(person: Person, on: date = FAR, first: date = ISSUED) -> tuple[HeldCase, ...]:
    with person.reading() as reader:
        return read_held(reader, account_id(person, HELD), Days(first, on)).cases


def test_the_documents_of_a_trip_come_to_zero_or_are_listed(alice: Person, charlie: Person) -> None:
    settled, short = a_trip(alice), a_trip(alice)
    for trip_id, price in ((settled, "90"), (short, "80")):
        issued(alice, ticket("100", "10"), trip_id=trip_id, **TERMS)
        receive(
            alice, bought(price), trip_id=trip_id, vendor_reference=f"B-{price}",
            issue_date=LATER, due_date=LATER,
        )  # fmt: skip
    assert left(alice) == {short: (-1_000, [-9_000, 8_000])}
    assert set(left(alice, ISSUED)) == {settled, short}, "the bills are dated later"
    (case,) = cases(alice, first=LATER)[:1]
    assert case.left.amount_minor == 9_000, "the invoice is dated earlier"
    page = Page(alice.tab.get("/reports/general-ledger?account=2160&from=2024-04-01"))
    words = page.words(".//*[@id='held']")
    for word in ("INR10.00", "INR90.00", "INR80.00", "B-80"):
        assert word in words, words
    assert f"/trips/{short}" in page.links()
    assert f"/trips/{settled}" not in page.links()
    assert "held" not in alice.tab.get("/reports/general-ledger?account=2100").text
    with charlie.reading() as reader:
        assert read_held(reader, account_id(alice, HELD), Days(ISSUED, FAR)).cases == ()
    empty = Page(charlie.tab.get("/reports/general-ledger?account=2160&from=2024-04-01"))
    assert "No entries on this account" in empty.words()


def test_a_long_list_is_cut_and_says_so(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        issued(alice, ticket("100", "10"), **TERMS)
    path = "/reports/general-ledger?account=2160&from=2024-04-01"
    assert "Only the first" not in alice.tab.get(path).text
    monkeypatch.setattr(held, "ROWS_MAX", 1)
    assert "Only the first 1 documents" in alice.tab.get(path).text
    assert len(cases(alice)) == 1


def test_a_document_without_a_trip_is_settled_by_its_own_credits(alice: Person) -> None:
    credited, part = (issued(alice, ticket("100", "10"), **TERMS) for _ in range(2))
    for invoice_id, amount in ((credited, "100"), (part, "40")):
        body = {
            "invoice_id": str(invoice_id),
            "reason": "Not travelling",
            "issue_date": LATER.isoformat(),
            "lines": [{"line_no": 1, "amount": amount}],
        }
        assert alice.api.post("/credit-notes", json=body).status_code == 201
    (case,) = cases(alice)
    assert (case.trip_id, case.title, case.left.amount_minor) == (None, None, -5_400)
    assert [one.source_type for one in case.documents] == ["invoice", "credit_note"]


def test_a_void_invoice_leaves_nothing_and_a_journal_entry_is_listed(alice: Person) -> None:
    invoice_id = issued(alice, ticket("100", "10"), **TERMS)
    path = f"/invoices/{invoice_id}/void"
    assert alice.api.post(path, json={"reason": "Twice"}).status_code == 200
    assert cases(alice) == ()
    account, commission = (
        str(account_id(alice, purpose)) for purpose in (HELD, "revenue_commission")
    )
    lines = [
        {"account_id": account, "currency": "INR", "debit_amount": "12.50"},
        {"account_id": commission, "currency": "INR", "credit_amount": "12.50"},
    ]
    entry = {"narration": "Commission", "entry_date": LATER.isoformat(), "lines": lines}
    assert alice.api.post("/journal-entries", json=entry).status_code == 201
    (case,) = cases(alice)
    assert (case.left.amount_minor, case.documents[0].narration) == (1_250, "Commission")
