"""Rules of drafting and issuing invoices."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, ISSUED, draft, issue, issued, line, seen, untied
from tests.chat.parallel import at_once
from tests.ledger.books import balances, stored
from tests.people import Person
from voyagent.billing.core import errors
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiry
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.errors import Forbidden, VoyagentError
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, UnknownCurrency
from voyagent.ledger.queries import entries
from voyagent.ledger.service.errors import AccountInactive


def test_a_draft_has_lines_and_a_total_but_no_number_and_no_entry(alice: Person) -> None:
    invoice_id = draft(
        alice,
        line("22500.50"),
        line("99.00", quantity=1, description="  Service fee "),
        party_reference=" PO 7 ",
        notes=" Thank you ",
    )
    assert seen(alice, invoice_id) == {
        "status": "draft",
        "number": None,
        "issue_date": ISSUED,
        "due_date": DUE,
        "currency": "INR",
        "total_minor": 4_510_000,
        "paid_minor": 0,
        "party_name": "Deepa Krishnan",
        "party_reference": "PO 7",
        "notes": "Thank you",
        "entry_id": None,
    }
    with alice.acting():
        lines = document_queries.get_lines(invoice_queries.get_invoice(invoice_id))
        assert [
            (x.line_no, x.description, x.quantity, x.unit_price_minor, x.amount_minor)
            for x in lines
        ] == [
            (1, "Dubai visa", 2, 2_250_050, 4_500_100),
            (2, "Service fee", 1, 9_900, 9_900),
        ]
    assert balances(alice) == {}


def test_a_customer_name_is_normalised(alice: Person) -> None:
    assert (
        seen(alice, draft(alice, customer_name="  Deepa \t Krishnan "))["party_name"]
        == "Deepa Krishnan"
    )


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [
        ("JPY", "1500", 3000),
        ("JPY", "1500.00", 3000),
        ("KWD", "1.234", 2468),
        ("INR", "0.01", 2),
        ("CLF", "0.0001", 2),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(
    alice: Person, currency: str, price: str, minor: int
) -> None:
    assert seen(alice, draft(alice, line(price, currency=currency)))["total_minor"] == minor


REFUSED: list[tuple[dict[str, Any], type[VoyagentError], str]] = [
    ({"customer_name": "  "}, errors.CustomerNameRequired, "customer_name_required"),
    ({"customer_name": "x" * 256}, errors.CustomerNameRequired, "customer_name_required"),
    ({"due_date": date(2024, 6, 9)}, errors.InvalidDate, "invalid_date"),
    ({"issue_date": date(1899, 12, 31)}, errors.InvalidDate, "invalid_date"),
    ({"due_date": date(2201, 1, 1)}, errors.InvalidDate, "invalid_date"),
    ({"number": "INV-1"}, invoice_errors.InvoiceNumberConflict, "invoice_number_conflict"),
    ({"line_items": []}, errors.NoLines, "invalid_line_items"),
    ({"line_items": [line()] * 201}, errors.NoLines, "invalid_line_items"),
    ({"line_items": [line(), line(currency="AED")]}, MixedCurrencies, "mixed_currency"),
    ({"line_items": [line(currency="XYZ")]}, UnknownCurrency, "invalid_currency"),
    ({"line_items": [line(description=" ")]}, errors.InvalidLine, "invalid_line"),
    ({"line_items": [line(description="x" * 501)]}, errors.InvalidLine, "invalid_line"),
    ({"line_items": [line(quantity=0)]}, errors.InvalidLine, "invalid_line"),
    ({"line_items": [line(quantity=-1)]}, errors.InvalidLine, "invalid_line"),
    ({"line_items": [line(quantity=1_000_001)]}, errors.InvalidLine, "invalid_line"),
    ({"line_items": [line(quantity=True)]}, errors.InvalidLine, "invalid_line"),
    ({"line_items": [line(quantity=1.5)]}, errors.InvalidLine, "invalid_line"),  # type: ignore[arg-type]
    ({"line_items": [line("-1.00")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("NaN")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("Infinity")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("1e5")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("1,000")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("0.005")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("1.5", currency="JPY")]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("999999999999.99", quantity=2)]}, InvalidAmount, "invalid_amount"),
    ({"line_items": [line("999999999999999999")]}, InvalidAmount, "invalid_amount"),
    (
        {"line_items": [line("600000000000.00", quantity=1)] * 2},
        errors.TotalOutOfRange,
        "total_out_of_range",
    ),
    ({"line_items": [line("0.00")]}, errors.TotalOutOfRange, "total_out_of_range"),
    ({"party_reference": "x" * 129}, errors.TextTooLong, "text_too_long"),
    ({"notes": "x" * 2001}, errors.TextTooLong, "text_too_long"),
    ({"enquiry_id": new_id()}, enquiries.EnquiryNotFound, "enquiry_not_found"),
    ({"session_id": new_id()}, chats.SessionNotFound, "session_not_found"),
]


@pytest.mark.parametrize(("given", "error", "code"), REFUSED)
def test_an_invalid_invoice_is_refused(
    alice: Person, given: dict[str, Any], error: type[VoyagentError], code: str
) -> None:
    with pytest.raises(error) as failure:
        draft(alice, **given)
    assert failure.value.code == code
    with alice.reading() as reader:
        assert invoice_queries.list_drafts(reader) == []


def test_a_line_may_be_free_and_a_due_date_may_be_the_issue_date(alice: Person) -> None:
    assert (
        seen(
            alice,
            draft(
                alice,
                line(),
                line("0.00", description="Airport transfer, included"),
                due_date=ISSUED,
            ),
        )["total_minor"]
        == 4_500_000
    )


def test_an_invoice_has_its_enquiry_and_conversation(alice: Person, charlie: Person) -> None:
    with alice.acting() as actor:
        enquiry_id = enquiry.create(actor, customer_name="Deepa Krishnan").id
    assert draft_links(alice, enquiry_id) == (enquiry_id, None)
    session_id = alice.does(lambda actor: enquiry.promote(actor, enquiry_id)[1])
    assert draft_links(alice, enquiry_id) == (enquiry_id, session_id)
    linked = draft(alice, enquiry_id=enquiry_id)
    alice.does(chat.delete, session_id)
    with alice.reading() as reader:
        assert invoice_queries.read_document(reader, linked).invoice["session_id"] is None
    assert draft_links(alice, enquiry_id) == (enquiry_id, None), "a deleted conversation is no link"
    with pytest.raises(enquiries.EnquiryNotFound):
        draft(charlie, enquiry_id=enquiry_id)


def draft_links(person: Person, enquiry_id: UUID) -> tuple[UUID | None, UUID | None]:
    invoice_id = draft(person, enquiry_id=enquiry_id)
    with person.reading() as reader:
        invoice = invoice_queries.read_document(reader, invoice_id).invoice
    return invoice["enquiry_id"], invoice["session_id"]


def test_issuing_numbers_the_invoice_and_posts_receivable_against_revenue(alice: Person) -> None:
    invoice_id = draft(alice)
    number = issue(alice, invoice_id)
    after = seen(alice, invoice_id)
    assert (number, after["number"], after["status"]) == (
        "2024-25/000001",
        "2024-25/000001",
        "issued",
    )
    with alice.reading() as reader:
        entry, lines = entries.read_entry(reader, after["entry_id"])
        document = invoice_queries.read_document(reader, invoice_id)
    assert (entry["entry_date"], entry["source_type"], entry["source_id"]) == (
        ISSUED,
        "invoice",
        invoice_id,
    )
    assert "2024-25/000001" in entry["narration"]
    assert [(x["code"], x["debit_minor"], x["credit_minor"]) for x in lines] == [
        ("1200", 4_500_000, 0),
        ("4300", 0, 4_500_000),
    ]
    assert document.journal == lines
    assert document.invoice["issued_by"] == "Alice Owner"
    assert untied(alice) == []


def test_an_invoice_can_be_issued_once(alice: Person) -> None:
    invoice_id = draft(alice)
    results = at_once([lambda: issue(alice, invoice_id)] * 8)
    assert sorted(map(str, results)) == ["2024-25/000001", *["invoice_not_draft"] * 7]
    assert balances(alice) == {
        ("receivable", "INR"): 4_500_000,
        ("revenue_services", "INR"): -4_500_000,
    }
    with pytest.raises(errors.InvoiceNotDraft):
        issue(alice, invoice_id)


def test_another_agency_s_draft_is_not_found(alice: Person, charlie: Person) -> None:
    invoice_id = draft(alice)
    with pytest.raises(invoice_errors.InvoiceNotFound):
        issue(charlie, invoice_id)
    with charlie.reading() as reader, pytest.raises(invoice_errors.InvoiceNotFound):
        invoice_queries.read_document(reader, invoice_id)
    assert seen(alice, invoice_id)["status"] == "draft"


def test_every_role_but_viewer_creates_and_issues_with_a_grant(bob: Person, victor: Person) -> None:
    invoice_id = draft(bob)
    with pytest.raises(Forbidden):
        draft(victor)
    with pytest.raises(Forbidden):
        issue(victor.granted("invoice.issue"), invoice_id)
    assert issue(bob.granted("invoice.issue"), invoice_id) == "2024-25/000001"


def test_if_posting_fails_nothing_is_issued_and_the_number_is_free_again(
    alice: Person, owner_engine: sa.Engine
) -> None:
    first, second = draft(alice), draft(alice)
    open_revenue(owner_engine, alice, is_active=False)
    with pytest.raises(AccountInactive):
        issue(alice, first)
    assert seen(alice, first)["status"] == "draft"
    open_revenue(owner_engine, alice, is_active=True)
    assert [issue(alice, second), issue(alice, first)] == ["2024-25/000001", "2024-25/000002"]


def test_a_number_in_use_is_a_conflict_and_changes_nothing(
    alice: Person, owner_engine: sa.Engine
) -> None:
    issued(alice)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from number_series where tenant_id = :t"), {"t": alice.actor.tenant_id}
        )
    invoice_id = draft(alice)
    with pytest.raises(invoice_errors.InvoiceNumberConflict):
        issue(alice, invoice_id)
    assert seen(alice, invoice_id)["status"] == "draft"
    assert balances(alice)[("receivable", "INR")] == 4_500_000


def test_events_of_drafting_and_issuing_do_not_contain_the_customers_name(
    alice: Person, owner_engine: sa.Engine
) -> None:
    issued(alice)
    events = stored(
        owner_engine,
        "select kind, inputs, outputs, entity_refs from audit_events where tenant_id = :t order"
        " by seq",
        t=alice.actor.tenant_id,
    )
    kinds = [
        event["kind"]
        for event in events
        if event["kind"].partition(".")[0] in {"invoice", "journal"}
    ]
    assert kinds == ["invoice.drafted", "journal.posted", "invoice.issued"]
    assert events[-1]["outputs"]["number"] == "2024-25/000001"
    assert "Deepa" not in str(events)


def open_revenue(engine: sa.Engine, person: Person, *, is_active: bool) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "update accounts set is_active = :a where tenant_id = :t and purpose ="
                " 'revenue_services'"
            ),
            {"t": person.actor.tenant_id, "a": is_active},
        )
