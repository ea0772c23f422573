"""Invoices, credit notes and payments as PDF, and the e-mail of an invoice."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import (
    DUE,
    EVER,
    advance,
    draft,
    draft_bill,
    issue,
    issued,
    line,
    pay,
    plan,
    receive,
    seen,
    write_off,
)
from tests.enquiries.reading import Page
from tests.mailbox import newest, received
from tests.paper_text import text_of
from tests.parties.test_api import made
from tests.people import Person, csrf_token
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.errors import InvoiceNotFound, InvoiceNotSendable
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.paper.documents.kept import mail_invoice
from voyagent.billing.paper.documents.pdf import document_of
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import (
    allocations,
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.drivers.paper import Paper
from voyagent.enquiries import service as enquiries
from voyagent.kernel import limits
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden, TooManyRequests
from voyagent.kernel.money import Money
from voyagent.reports.queries.party_statement import read_party_statement
from voyagent.reports.queries.periods import Days
from voyagent.settings.service import tenant_settings as settings


@pytest.fixture
def to() -> str:
    """An address that no other test writes to."""
    return f"d{secrets.token_hex(6)}@example.com"


@pytest.fixture
def typeset_input(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Record the last input of the typesetter."""
    given: dict[str, Any] = {}
    plain = Paper.pdf

    def keep(self: Paper, name: str, data: dict[str, Any]) -> bytes:
        given.clear()
        given.update(data)
        return plain(self, name, data)

    monkeypatch.setattr(Paper, "pdf", keep)
    return given


def letterhead(person: Person) -> None:
    changes: settings.SettingsChanges = {
        "address": "12 Marine Drive\nKochi 682011",
        "tax_number": "27AACCN6194P1ZP",
        "bank_details": "Bank of the Coast\nA/c 00123",
    }
    person.does(lambda actor: settings.update(actor, changes).address)


SETTLEMENT = "?copy=settlement"


def pdf_of(person: Person, invoice_id: UUID, query: str = "") -> bytes:
    answer = person.tab.get(f"/invoices/{invoice_id}/invoice.pdf{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return answer.data


def send(person: Person, invoice_id: UUID, to: str, **fields: Any) -> Any:
    path, browser = f"/invoices/{invoice_id}/send", person.tab
    return browser.post(
        path, data={"to": to, "locale": "en", "csrf_token": csrf_token(browser), **fields}
    )


def mailed(person: Person, invoice_id: UUID, to: str) -> None:
    with person.acting() as actor, person.app.test_request_context():
        mail_invoice(actor, invoice_id, to=to, locale="en")


def test_the_pdf_names_agency_customer_lines_and_bank_account(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    letterhead(alice)
    invoice_id = issued(alice, line("100050.50", quantity=1, description="Dubai, five nights"))
    assert pdf_of(alice, invoice_id).startswith(b"%PDF")
    number = seen(alice, invoice_id)["number"]
    assert (
        typeset_input["title"],
        typeset_input["number"],
        typeset_input["party"],
        typeset_input["agency"],
    ) == (
        "Invoice",
        number,
        "Deepa Krishnan",
        alice.actor.tenant_name,
    )
    assert (typeset_input["address"], typeset_input["tax_number"]) == (
        "12 Marine Drive\nKochi 682011",
        "Tax number 27AACCN6194P1ZP, Maharashtra (27)",
    )
    assert typeset_input["columns"] == ["Description", "Qty", "Rate", "Amount"]
    assert typeset_input["rows"] == [["Dubai, five nights", "1", "1,00,050.50", "1,00,050.50"]]
    assert (typeset_input["total"], typeset_input["total_in_words"]) == (
        "₹1,00,050.50",
        "Rupees one lakh fifty and fifty paise only",
    )
    assert typeset_input["bank"].startswith("Bank of the Coast")
    assert typeset_input["due"]["amount"] == "₹1,00,050.50"


def test_the_pdf_has_instalments_with_amounts_and_due_dates(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    in_three = plan(
        (DUE, "100.00"), (DUE + timedelta(days=1), "150.00"), (DUE + timedelta(days=2), "250.00")
    )
    planned = draft(alice, line("500", quantity=1), instalments=in_three)
    pdf_of(alice, planned)
    assert [(one["label"], one["amount"]) for one in typeset_input["plan"]] == [
        ("Due 25 June 2024", "100.00"),
        ("Due 26 June 2024", "150.00"),
        ("Due 27 June 2024", "250.00"),
    ]
    issue(alice, planned)
    pay(alice, planned, 12_000)
    text = text_of(pdf_of(alice, planned, SETTLEMENT))
    assert typeset_input["due"] == {"label": "Amount due", "amount": "₹380.00"}
    assert [(one["label"], one["amount"]) for one in typeset_input["plan"]] == [
        ("Due 25 June 2024, 100.00", "Settled"),
        ("Due 26 June 2024, of 150.00", "130.00"),
        ("Due 27 June 2024", "250.00"),
    ]
    assert "Due 26 June 2024, of 150.00" in text
    pdf_of(alice, issued(alice))
    assert typeset_input["plan"] == []


def test_a_hindi_pdf_has_hindi_labels_and_amount_in_words(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    invoice_id = draft(alice, line("500", quantity=1))
    pdf_of(alice, invoice_id, "?locale=hi")
    assert (typeset_input["lang"], typeset_input["total_in_words"]) == ("hi", "पाँच सौ रुपये मात्र")
    assert typeset_input["title"] != "Draft invoice"
    assert typeset_input["facts"][0]["value"] == "10 जून 2024", (
        "a day too, though the page is English"
    )
    pdf_of(alice, invoice_id, "?locale=xx")
    assert typeset_input["lang"] == "en"


def test_payments_and_amount_due_are_below_the_total(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    invoice_id = issued(alice, line("500", quantity=1))
    pay(alice, invoice_id, 20_000)
    pdf_of(alice, invoice_id, SETTLEMENT)
    assert [one["amount"] for one in typeset_input["settled"]] == ["−200.00"]
    assert typeset_input["due"]["amount"] == "₹300.00"
    pay(alice, invoice_id, 30_000)
    pdf_of(alice, invoice_id, SETTLEMENT)
    assert typeset_input["due"]["label"] == "Paid in full"


def test_after_a_partial_write_off_the_pdf_asks_for_the_open_amount(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    invoice_id = issued(alice, line("500", quantity=1))
    pay(alice, invoice_id, 20_000)
    write_off(alice, invoice_id, 5_000)
    pdf_of(alice, invoice_id, SETTLEMENT)
    assert (typeset_input["due"]["label"], typeset_input["due"]["amount"]) == (
        "Amount due by 25 June 2024",
        "₹250.00",
    )
    assert [(one["label"], one["amount"]) for one in typeset_input["settled"]] == [
        ("Received 25 June 2024", "−200.00"),
        ("Written off", "−50.00"),
    ]
    sums = Page(alice.tab.get(f"/invoices/{invoice_id}")).words(".//*[@id='sums']")
    assert "Written off−50.00" in sums
    assert "Amount due by 25 Jun 2024₹250.00" in sums
    row = Page(alice.tab.get("/invoices")).words(f".//*[@id='invoice-{invoice_id}']")
    assert "INR250.00" in row
    with alice.reading() as reader:
        assert read_party_statement(reader, "customer", "Deepa Krishnan", Days(*EVER)).currencies[
            0
        ].closing == Money(25_000, "INR")


def test_after_a_write_off_the_pdf_asks_for_nothing_and_omits_the_reason(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    plain, planned = (
        issued(alice, line("500", quantity=1)),
        issued(
            alice,
            line("500", quantity=1),
            instalments=plan((DUE, "200.00"), (DUE + timedelta(days=9), "300.00")),
        ),
    )
    for invoice_id in (plain, planned):
        pay(alice, invoice_id, 20_000)
        write_off(alice, invoice_id)
    text = text_of(pdf_of(alice, plain, SETTLEMENT))
    assert (typeset_input["due"]["label"], typeset_input["due"]["amount"]) == ("Settled", "₹0.00")
    assert [one["amount"] for one in typeset_input["settled"]] == ["−200.00", "−300.00"]
    assert "traced" not in text, "nor why it was given up"
    pdf_of(alice, planned, SETTLEMENT)
    assert typeset_input["due"]["amount"] == "₹0.00"
    assert [one["amount"] for one in typeset_input["plan"]] == ["Settled", "Settled"]


def test_the_pdf_of_a_draft_says_so_and_asks_for_nothing(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    invoice_id = draft(alice)
    pdf_of(alice, invoice_id)
    assert (typeset_input["title"], typeset_input["number"], typeset_input["due"]) == (
        "Draft invoice",
        "Numbered on issue",
        None,
    )


def test_entered_text_is_never_read_as_markup(alice: Person) -> None:
    typed = '#read("/etc/passwd") *bold* $x$ \\ <b>'
    with alice.acting() as actor, alice.app.test_request_context():
        settings.update(actor, {"address": typed, "bank_details": typed})
    invoice_id = issued(alice, line("500", quantity=1, description=typed), customer_name=typed)
    assert pdf_of(alice, invoice_id).startswith(b"%PDF")


def test_the_pdf_is_only_for_members_of_the_agency(
    alice: Person, victor: Person, charlie: Person
) -> None:
    invoice_id = issued(alice)
    pdf_of(victor, invoice_id)
    assert charlie.tab.get(f"/invoices/{invoice_id}/invoice.pdf").status_code == 404
    assert alice.app.test_client().get(f"/invoices/{invoice_id}/invoice.pdf").status_code == 303
    with (
        charlie.reading() as reader,
        charlie.app.test_request_context(),
        pytest.raises(InvoiceNotFound),
    ):
        document_of(reader, invoice_queries.read_document(reader, invoice_id), "Elsewhere")


# Credit notes and payments
# --------------------------------------------------------------------------------


def credited(person: Person) -> UUID:
    """Issue a credit note for 500 rupees on an invoice for 45,000."""
    invoice_id = issued(person)
    with person.acting() as actor:
        return credit_note_service.issue_credit_note(
            actor,
            invoice_id,
            reason="One visa was\nnot needed",
            on=DUE,
            amounts={1: Money(50_000, "INR")},
        ).id


def shown(person: Person, path: str) -> bytes:
    answer = person.tab.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return answer.data


def test_the_pdf_of_a_credit_note_has_invoice_lines_and_reason(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    letterhead(alice)
    note_id = credited(alice)
    page = alice.tab.get(f"/credit-notes/{note_id}").text
    path = f"/credit-notes/{note_id}/credit-note.pdf"
    assert path in page
    text = text_of(shown(alice, path))
    assert (
        typeset_input["title"],
        typeset_input["number"],
        typeset_input["lead"],
        typeset_input["party"],
    ) == (
        "Credit note",
        "C/2024-25/000001",
        "Credited to",
        "Deepa Krishnan",
    )
    assert typeset_input["facts"] == [
        {"label": "Issued", "value": "25 June 2024"},
        {"label": "On invoice", "value": "2024-25/000001\nof 10 June 2024"},
    ]
    assert (typeset_input["columns"], typeset_input["rows"]) == (
        ["Description", "Amount"],
        [["Dubai visa", "500.00"]],
    )
    assert (typeset_input["total"], typeset_input["total_in_words"]) == (
        "₹500.00",
        "Rupees five hundred only",
    )
    assert (
        typeset_input["notes"],
        typeset_input["bank"],
        typeset_input["due"],
        typeset_input["settled"],
    ) == (
        "One visa was\nnot needed",
        "",
        None,
        [],
    )
    assert "Tax number 27AACCN6194P1ZP" in typeset_input["tax_number"]
    assert all(
        words in text for words in ("C/2024-25/000001", "₹500.00", "not needed", "12 Marine Drive")
    )
    assert (
        alice.tab.get(path).headers["Content-Disposition"]
        == 'inline; filename="credit-note-C-2024-25-000001.pdf"'
    )


def test_the_pdf_of_a_receipt_has_amount_and_settled_documents(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    letterhead(alice)
    first, second = issued(alice), issued(alice)
    payment_id = advance(
        alice,
        100_000,
        DUE,
        Part(first, Money(30_000, "INR")),
        Part(second, Money(20_000, "INR")),
        account="cash",
        reference="UTR 12",
    )
    path = f"/payments/{payment_id}/payment.pdf"
    assert path in alice.tab.get(f"/payments/{payment_id}").text
    text = text_of(shown(alice, path))
    number = typeset_input["number"]
    assert (
        typeset_input["title"],
        typeset_input["lead"],
        typeset_input["party"],
        typeset_input["total"],
        typeset_input["total_label"],
    ) == (
        "Receipt",
        "Received from",
        "Deepa Krishnan",
        "₹1,000.00",
        "Received",
    )
    assert [one["value"] for one in typeset_input["facts"]] == [
        *("25 June 2024", "Cash in hand", "UTR 12")
    ]
    rows = [
        [seen(alice, one)["number"], "25 June 2024", amount]
        for one, amount in ((first, "300.00"), (second, "200.00"))
    ]
    assert typeset_input["rows"] == [*rows, ["Advance", "", "500.00"]]
    assert (typeset_input["bank"], typeset_input["notes"], typeset_input["due"]) == ("", "", None)
    assert all(words in text for words in (number, "₹1,000.00", "Rupees one thousand only", "Cash"))
    assert (
        f'filename="receipt-{number.replace("/", "-")}.pdf"'
        in alice.tab.get(path).headers["Content-Disposition"]
    )


def test_a_receipt_shows_refunds_but_no_reversed_allocations(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    invoice_id = issued(alice)
    payment_id = advance(alice, 50_000, DUE, Part(invoice_id, Money(30_000, "INR")))
    with alice.acting() as actor:
        (part,) = payment_queries.read_payment(SessionReader(db.session), payment_id).allocations
        allocations.deallocate(actor, payment_id, part["id"], on=DUE)
        payment_service.refund_payment(actor, payment_id, amount=Money(10_000, "INR"), on=DUE)
    shown(alice, f"/payments/{payment_id}/payment.pdf")
    assert [row[2] for row in typeset_input["rows"]] == ["100.00", "400.00"]
    assert typeset_input["rows"][0][0].startswith("Refund F/2024-25/")
    with alice.acting() as actor:
        payment_service.refund_payment(actor, payment_id, on=DUE)
    shown(alice, f"/payments/{payment_id}/payment.pdf?locale=hi")
    assert [row[2] for row in typeset_input["rows"]] == ["100.00", "400.00"]
    assert (typeset_input["lang"], typeset_input["total_in_words"]) == ("hi", "पाँच सौ रुपये मात्र")


@pytest.mark.parametrize(
    ("query", "stamp", "total"),
    [("", "Reversed", "₹500.00"), ("?locale=hi", "उलटा गया", "पाँच सौ रुपये मात्र")],
)
@pytest.mark.parametrize("direction", ["in", "out"])
def test_the_pdf_of_a_reversed_payment_says_so(
    alice: Person, typeset_input: dict[str, Any], direction: str, query: str, stamp: str, total: str
) -> None:
    document_id, party = (
        (issued(alice), "Deepa Krishnan") if direction == "in" else (receive(alice), "BSP India")
    )
    payment_id = advance(
        alice,
        50_000,
        DUE,
        Part(document_id, Money(30_000, "INR")),
        direction=direction,
        party_name=party,
    )
    path = f"/payments/{payment_id}/payment.pdf{query}"
    shown(alice, path)
    assert (typeset_input["stamp"], len(typeset_input["rows"])) == ("", 2)
    alice.does(
        lambda actor: (
            payment_reversals.reverse_payment(actor, payment_id, reason="Typed twice", on=DUE).id
        )
    )
    text = text_of(shown(alice, path))
    assert (typeset_input["stamp"], typeset_input["rows"]) == (stamp, [])
    assert total in (typeset_input["total"], typeset_input["total_in_words"]), (
        "what it was over stays on it"
    )
    assert query or stamp in text


def test_a_payment_to_a_supplier_is_not_titled_receipt(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    payment_id = advance(
        alice, 1_234, DUE, direction="out", party_name="Gulf Hotels", currency="KWD"
    )
    shown(alice, f"/payments/{payment_id}/payment.pdf")
    assert (
        typeset_input["title"],
        typeset_input["lead"],
        typeset_input["party"],
        typeset_input["total_label"],
    ) == (
        "Payment",
        "Paid to",
        "Gulf Hotels",
        "Paid",
    )
    assert typeset_input["columns"][0] == "Bill"
    assert typeset_input["rows"] == [["Advance", "", "1.234"]]


RECORD = "This is our record of the supplier’s document, not the document itself."


def supplier_credited(person: Person, bill_id: UUID) -> UUID:
    """Enter a supplier credit note for 100 rupees on a bill."""
    return person.does(
        lambda actor: (
            supplier_credit_service.credit_bill(
                actor,
                bill_id,
                vendor_reference="CN-9",
                reason="Late",
                on=DUE,
                amounts={1: Money(10_000, "INR")},
            ).id
        )
    )


def test_the_pdf_of_a_bill_is_the_agencys_record_with_the_open_amount(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    letterhead(alice)
    bill_id = receive(
        alice,
        line("500", quantity=1, description="Air tickets"),
        instalments=plan((DUE, "200.00"), (DUE + timedelta(days=9), "300.00")),
    )
    supplier_credited(alice, bill_id)
    alice.does(payment_service.pay_bill, bill_id, Money(15_000, "INR"), DUE)
    path = f"/bills/{bill_id}/bill.pdf"
    assert path in alice.tab.get(f"/bills/{bill_id}").text
    text = text_of(shown(alice, path))
    assert (
        typeset_input["title"],
        typeset_input["number"],
        typeset_input["lead"],
        typeset_input["party"],
    ) == (
        "Supplier bill",
        "BSP-1",
        "Billed by",
        "BSP India",
    )
    assert (typeset_input["rows"], typeset_input["total"]) == (
        [["Air tickets", "1", "500.00", "500.00"]],
        "₹500.00",
    )
    assert [one["amount"] for one in typeset_input["settled"]] == ["−150.00", "−100.00"]
    assert typeset_input["due"] == {"label": "Amount due", "amount": "₹250.00"}
    assert [one["amount"] for one in typeset_input["plan"]] == ["Settled", "250.00"]
    assert (typeset_input["notes"], typeset_input["bank"], typeset_input["stamp"]) == (
        RECORD,
        "",
        "",
    )
    assert all(words in text for words in ("BSP-1", "Air tickets", "₹250.00", "our record"))
    assert 'filename="bill-BSP-1.pdf"' in alice.tab.get(path).headers["Content-Disposition"]
    shown(alice, f"{path}?locale=hi")
    assert (typeset_input["lang"], typeset_input["title"]) == ("hi", "आपूर्तिकर्ता का बिल")


def test_the_pdf_of_a_draft_or_void_bill_says_so_and_asks_for_nothing(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    shown(alice, f"/bills/{draft_bill(alice)}/bill.pdf")
    assert (typeset_input["stamp"], typeset_input["due"]) == ("Draft", None)
    bill_id = receive(alice, vendor_reference="BSP-8")
    alice.does(bill_service.void_bill, bill_id, reason="Entered twice")
    shown(alice, f"/bills/{bill_id}/bill.pdf")
    assert (typeset_input["stamp"], typeset_input["due"]) == ("Void", None)


def test_the_pdf_of_a_supplier_credit_has_its_bill_and_reason(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    credit_id = supplier_credited(
        alice, receive(alice, line("500", quantity=1, description="Air tickets"))
    )
    path = f"/supplier-credits/{credit_id}/supplier-credit.pdf"
    assert path in alice.tab.get(f"/supplier-credits/{credit_id}").text
    text = text_of(shown(alice, path))
    assert (
        typeset_input["title"],
        typeset_input["number"],
        typeset_input["lead"],
        typeset_input["party"],
    ) == (
        "Supplier credit note",
        "CN-9",
        "Credited by",
        "BSP India",
    )
    assert typeset_input["facts"] == [
        {"label": "Issued", "value": "25 June 2024"},
        {"label": "On bill", "value": "BSP-1"},
    ]
    assert (typeset_input["rows"], typeset_input["total"], typeset_input["notes"]) == (
        [["Air tickets", "100.00"]],
        "₹100.00",
        f"Late\n{RECORD}",
    )
    assert all(words in text for words in ("CN-9", "₹100.00", "our record"))
    shown(alice, f"{path}?locale=hi")
    assert (typeset_input["lang"], typeset_input["total_in_words"]) == ("hi", "एक सौ रुपये मात्र")


def test_the_pdfs_of_payments_and_credits_are_for_the_agency_only(
    alice: Person, victor: Person, charlie: Person
) -> None:
    bill_id = receive(alice)
    paths = (
        *(
            f"/credit-notes/{credited(alice)}/credit-note.pdf",
            f"/payments/{advance(alice, 100)}/payment.pdf",
        ),
        *(
            f"/bills/{bill_id}/bill.pdf",
            f"/supplier-credits/{supplier_credited(alice, bill_id)}/supplier-credit.pdf",
        ),
    )
    for path in paths:
        shown(victor, path)
        assert charlie.tab.get(path).status_code == 404
        assert (
            alice.tab.get(
                "/".join([*path.split("/")[:2], "nonsense", path.split("/")[-1]])
            ).status_code
            == 404
        )
        assert alice.app.test_client().get(path).status_code == 303


@pytest.mark.parametrize("kind", ["invoice", "credit-note", "payment", "bill", "supplier-credit"])
def test_the_api_returns_the_pdf_of_the_page(
    alice: Person, charlie: Person, typeset_input: dict[str, Any], kind: str
) -> None:
    make = {
        "invoice": issued,
        "credit-note": credited,
        "payment": lambda who: advance(who, 100),
        "bill": receive,
    }
    made = (
        supplier_credited(alice, receive(alice)) if kind == "supplier-credit" else make[kind](alice)
    )
    path = f"/{kind}s/{made}/{kind}.pdf"
    for locale in ("en", "hi"):
        shown(alice, f"{path}?locale={locale}")
        on_page = dict(typeset_input)
        answer = alice.api.get(f"{path}?locale={locale}")
        assert (answer.status_code, answer.mimetype, typeset_input) == (
            200,
            "application/pdf",
            on_page,
        )
        assert (
            answer.headers["Content-Disposition"]
            == alice.tab.get(path).headers["Content-Disposition"]
        )
    assert alice.api.get(path).status_code == 200
    assert typeset_input["lang"] == "en", "the agency's own language"
    assert alice.api.get(f"{path}?locale=xx").status_code == 422
    assert charlie.api.get(path).status_code == 404
    assert alice.app.test_client().get(f"/api{path}").status_code == 401


# To the customer
# --------------------------------------------------------------------------------


def test_the_page_offers_the_customers_address_and_mails_the_pdf(
    alice: Person, to: str, owner_engine: sa.Engine
) -> None:
    with alice.acting() as actor:
        enquiry_id = enquiries.create(
            actor, customer_name="Deepa Krishnan", customer_email=to, destination="Dubai"
        ).id
    invoice_id = draft(alice, enquiry_id=enquiry_id)
    issue(alice, invoice_id)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}/send"))
    assert page.field("to") == to
    assert not received(alice.app, to=to)
    assert send(alice, invoice_id, to).status_code == 303
    mail = newest(alice.app, to=to, kind="invoice")
    number = seen(alice, invoice_id)["number"]
    assert mail.subject == f"Invoice {number} from {alice.actor.tenant_name}"
    assert str(mail.message["Reply-To"]) == alice.email
    (paper,) = mail.message.iter_attachments()
    assert paper.get_content().startswith(b"%PDF")
    with owner_engine.connect() as connection:
        query = sa.text(
            "select inputs from audit_events where tenant_id = :t and kind = 'invoice.sent'"
        )
        (inputs,) = connection.scalars(query, {"t": alice.actor.tenant_id}).all()
    assert inputs.pop("private")
    assert inputs == {"locale": "en"}
    (row,) = alice.api.get("/audit?kind=invoice.sent").json["items"]
    assert row["payload"]["inputs"]["to"] == "d***@example.com"
    assert to in Page(alice.tab.get(f"/invoices/{invoice_id}")).words()


@pytest.mark.parametrize("typed", [None, "", "deepa@of-the-enquiry.example"])
def test_the_page_offers_the_partys_address_if_the_enquiry_has_none(
    alice: Person, typed: str | None
) -> None:
    made(alice, name="deepa KRISHNAN", is_customer=True, email="deepa@of-the-party.example")
    with alice.acting() as actor:
        enquiry_id = enquiries.create(
            actor, customer_name="Deepa", customer_email=typed, destination="Dubai"
        ).id
    for of, address in (
        (enquiry_id, typed or "deepa@of-the-party.example"),
        (None, "deepa@of-the-party.example"),
    ):
        invoice_id = draft(alice, enquiry_id=of)
        issue(alice, invoice_id)
        assert Page(alice.tab.get(f"/invoices/{invoice_id}/send")).field("to") == address


def test_a_mail_in_hindi_is_hindi(alice: Person, to: str) -> None:
    send(alice, issued(alice), to, locale="hi")
    assert 'lang="hi"' in newest(alice.app, to=to, kind="invoice").html


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "Enter an e-mail address."), ("deepa", "Enter an e-mail address such as")],
)
def test_an_invalid_address_is_shown_again_with_an_error(
    alice: Person, typed: str, words: str
) -> None:
    answer = send(alice, issued(alice), typed)
    assert answer.status_code == 422
    assert words in Page(answer).words()


def test_a_draft_cannot_be_sent(alice: Person, to: str) -> None:
    invoice_id = draft(alice)
    assert alice.tab.get(f"/invoices/{invoice_id}/send").status_code == 409
    assert "/send" not in alice.tab.get(f"/invoices/{invoice_id}").text
    with pytest.raises(InvoiceNotSendable):
        mailed(alice, invoice_id, to)
    assert not received(alice.app, to=to)


def test_viewers_and_other_agencies_cannot_send(
    alice: Person, victor: Person, charlie: Person, to: str
) -> None:
    invoice_id = issued(alice)
    assert (
        victor.tab.get(f"/invoices/{invoice_id}/send").status_code,
        charlie.tab.get(f"/invoices/{invoice_id}/send").status_code,
    ) == (403, 404)
    with pytest.raises(Forbidden):
        mailed(victor, invoice_id, to)
    with pytest.raises(InvoiceNotFound):
        mailed(charlie, invoice_id, to)


def test_an_address_gets_at_most_ten_mails_an_hour(alice: Person, to: str) -> None:
    invoice_id = issued(alice)
    for _ in range(limits.DOCUMENT_MAIL.account[0].amount):
        mailed(alice, invoice_id, to)
    with pytest.raises(TooManyRequests):
        mailed(alice, invoice_id, to)


# Contents of the document
# --------------------------------------------------------------------------------


def test_the_letterhead_is_set_on_the_page_and_an_invalid_gstin_is_reported(
    alice: Person,
) -> None:
    path, browser = "/settings", alice.tab
    page = Page(browser.get(path))
    form = {
        name: page.field(name)
        for name in (
            "csrf_token",
            "seen",
            "locale",
            "timezone",
            "default_currency",
            "rate_limit_per_minute",
            "rate_limit_per_hour",
            "rate_max_age_days",
            "sac_digits",
            "bill_tolerance_percent",
            "bill_tolerance_minor",
        )
    }
    form |= {
        "financial_year_start_month": "4",
        "four_eyes": "y",
        "model": "",
        "address": "12 Marine Drive",
        "bank_details": "A/c 1",
    }
    wrong = Page(browser.post(path, data=form | {"tax_number": "27AACCN6194P1ZQ"}))
    assert wrong.status == 422
    assert "This GSTIN is not valid" in wrong.words()
    assert browser.post(path, data=form | {"tax_number": "27aaccn6194p1zp"}).status_code == 303
    stored = alice.api.get("/tenant-settings").json
    assert stored is not None
    assert (stored["address"], stored["tax_number"], stored["bank_details"]) == (
        "12 Marine Drive",
        "27AACCN6194P1ZP",
        "A/c 1",
    )


def test_null_clears_the_tax_number_over_the_api(alice: Person) -> None:
    assert (
        alice.api.patch(
            "/tenant-settings", json={"tax_number": "TRN 100-234", "address": "Dubai"}
        ).status_code
        == 200
    )
    mistyped = alice.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZQ"})
    assert (mistyped.status_code, (mistyped.json or {})["detail"]) == (422, "invalid_tax_number")
    cleared = alice.api.patch("/tenant-settings", json={"address": None}).json
    assert cleared is not None
    assert (cleared["address"], cleared["tax_number"]) == (None, "TRN 100-234")
    assert alice.api.patch("/tenant-settings", json={"address": "x" * 501}).status_code == 422


def test_the_date_in_the_pdf_is_that_of_the_document(
    alice: Person, typeset_input: dict[str, Any]
) -> None:
    invoice_id = issued(alice, issue_date=date(2026, 4, 2), due_date=date(2026, 4, 30))
    pdf_of(alice, invoice_id)
    assert [fact["value"] for fact in typeset_input["facts"]] == ["2 April 2026", "30 April 2026"]
