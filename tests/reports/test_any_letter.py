"""PDFs of all reports and documents with text of all alphabets."""

from __future__ import annotations

import unicodedata
from datetime import date
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import advance, draft, issued, line, receive
from tests.http.operations import in_maharashtra
from tests.ledger.books import account_id, post
from tests.mailbox import newest
from tests.paper_text import text_of
from tests.people import Person
from tests.reports.books import DAYS, REPORTS, today
from tests.trips.things import DESERT, OUT, a_line, a_passenger, a_trip
from voyagent.billing.core.models.vouchers import VoucherUse
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.paper.documents.kept import mail_invoice
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.billing.vouchers import service as voucher_service
from voyagent.drivers.paper.glyphs import STAND_IN
from voyagent.kernel.db import db
from voyagent.kernel.money import Money, currency_codes
from voyagent.ledger.service import chart, entries

DAY = date(2026, 5, 4)
ASIAN = "日本 한국 ไทย தமிழ் മലയാളം বাংলা తెలుగు ಕನ್ನಡ ગુજરાતી ਪੰਜਾਬੀ ଓଡ଼ିଆ हिन्दी"
OTHERS = "Привет مرحبا תל אביב ΔΕΛΤΑ Việt Nam ქართული Հայ 😀 → ✈ ✓ ★ ฿ ₩ ﷼ x̌ e\u0301"
NAME, ALL = f"{ASIAN} {OTHERS}", set("".join(f"{ASIAN}{OTHERS}".split()))
UNFONTED = "\N{OL CHIKI LETTER LA}\ue000"
"""A letter that no font of ours has, and one that nobody has a meaning for."""


@pytest.fixture
def agency(alice: Person) -> Person:
    """Somebody whose agency has its address in all alphabets."""
    answer = alice.api.patch(
        "/tenant-settings", json={"address": f"{ASIAN}\n{OTHERS}", "bank_details": NAME}
    )
    assert answer.status_code == 200, answer.text
    return alice


def papers(person: Person, name: str) -> list[str]:
    """Return the API path of each document.

    A given name is their party, description, notes, reason and reference.
    """
    made = {"issue_date": DAY, "due_date": DAY}
    sold = issued(
        person, line("500", quantity=1, description=name), customer_name=name, notes=name, **made
    )
    bought = receive(
        person,
        line("500", quantity=1, description=name),
        vendor_name=name,
        vendor_reference=name[:64],
        **made,
    )
    payment = advance(
        person, 1_000, DAY, Part(sold, Money(500, "INR")), party_name=name, reference=name[:64]
    )
    with person.acting() as actor:
        note = credit_note_service.issue_credit_note(
            actor, sold, reason=name, on=DAY, amounts={1: Money(100, "INR")}
        ).id
        credit = supplier_credit_service.credit_bill(
            actor,
            bought,
            vendor_reference=name[:64],
            reason=name,
            on=DAY,
            amounts={1: Money(100, "INR")},
        ).id
    lines = [
        entries.debit("receivable", Money(500, "INR"), party_name=name),
        entries.credit("capital", Money(500, "INR")),
    ]
    entry = post(person, lines=lines, narration=name, entry_date=DAY).entry_id
    trip = a_trip(person, title=name)
    a_passenger(person, trip, name)
    a_line(person, trip, OUT, price="100")
    a_line(person, trip, DESERT.model_copy(update={"title": name, "notes": name}))
    voucher, refund_voucher = vouchers(person, name)
    return [
        f"/invoices/{sold}/invoice.pdf",
        f"/bills/{bought}/bill.pdf",
        f"/payments/{payment}/payment.pdf",
        f"/credit-notes/{note}/credit-note.pdf",
        f"/supplier-credits/{credit}/supplier-credit.pdf",
        f"/journal-entries/{entry}/journal-entry.pdf",
        f"/trips/{trip}/itinerary.pdf",
        f"/receipt-vouchers/{voucher}/receipt-voucher.pdf",
        f"/refund-vouchers/{refund_voucher}/refund-voucher.pdf",
    ]


def vouchers(person: Person, name: str) -> tuple[UUID, UUID]:
    """Return the ids of the receipt voucher and refund voucher of a refunded advance."""
    in_maharashtra(person)
    deposit = advance(person, 10_000, DAY, party_name=name)
    with person.acting() as actor:
        voucher_id = voucher_service.issue_voucher(actor, deposit, voucher_service.Taxation()).id
        payment_service.refund_payment(actor, deposit, on=DAY)
        used = sa.select(VoucherUse.id).where(VoucherUse.voucher_id == voucher_id)
        return voucher_id, db.session.scalars(used).one()


def reports(name: str) -> list[str]:
    """Return the API path of each report for the month of the documents."""
    aged = f"{REPORTS['receivables']}&{DAYS}"
    known = REPORTS | {
        "receivables": aged,
        "payables": aged,
        "trip-margins": f"from={today()}&to={today()}",
        "party-statement": f"kind=customer&party={quote(name)}&{DAYS}",
    }
    return [f"/reports/{report}.pdf?{query}" for report, query in known.items()]


def read(person: Person, path: str) -> str:
    answer = person.api.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), (path, answer.text)
    return text_of(answer.data)


def test_every_pdf_route_is_tested(agency: Person) -> None:
    rules = {
        rule.rule.removeprefix("/api")
        for rule in agency.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule.endswith(".pdf")
    }
    tried = [
        path.partition("?")[0].split("/") for path in [*papers(agency, "Deepa"), *reports("Deepa")]
    ]
    assert {(way[1], way[-1]) for way in tried} == {
        (rule.split("/")[1], rule.split("/")[-1]) for rule in rules
    }


def test_pdfs_show_text_of_any_alphabet(agency: Person) -> None:
    for purpose in ("receivable", "capital", "revenue_services"):
        agency.does(chart.change_account, account_id(agency, purpose), {"name": NAME[:120]})
    for path in [*papers(agency, NAME), *reports(NAME)]:
        shown = read(agency, path)
        assert (set(shown) >= ALL, STAND_IN in shown) == (True, False), path
    assert unicodedata.normalize("NFC", ASIAN) in agency.api.get("/invoices").text, (
        "and the other doors tell it as it is"
    )


def test_a_character_without_a_font_does_not_stop_a_pdf(agency: Person) -> None:
    paths = [*papers(agency, f"Travel {UNFONTED}"), *reports(f"Travel {UNFONTED}")]
    without = {path for path in paths if STAND_IN not in read(agency, path)}
    assert {path.split("/")[2].split(".")[0] for path in without} <= {
        "cash-flow",
        "trial-balance",
        "profit-and-loss",
        "balance-sheet",
    }, "these name no party"
    assert read(agency, f"{paths[0]}?locale=hi")
    assert UNFONTED in agency.api.get("/invoices").json["items"][0]["customer_name"]


def test_an_invoice_in_any_alphabet_is_mailed(agency: Person) -> None:
    to = f"d{agency.actor.tenant_id.hex[:12]}@example.com"
    for name in (NAME, f"Travel {UNFONTED}"):
        sold = issued(agency, line(description=name), customer_name=name)
        with agency.acting() as actor, agency.app.test_request_context():
            mail_invoice(actor, sold, to=to, locale="hi")
        (paper,) = newest(agency.app, to=to, kind="invoice").message.iter_attachments()
        assert set(name[:6]) <= set(text_of(paper.get_content())) | set(UNFONTED)


def test_pdfs_show_the_sign_of_every_currency(agency: Person) -> None:
    both = [
        (entries.debit("bank", Money(12_345, code)), entries.credit("capital", Money(12_345, code)))
        for code in currency_codes()
    ]
    entry = post(agency, lines=[line for pair in both for line in pair], entry_date=DAY).entry_id
    for path in (
        f"/reports/trial-balance.pdf?{REPORTS['trial-balance']}",
        f"/journal-entries/{entry}/journal-entry.pdf",
    ):
        shown = read(agency, path)
        assert [code for code in currency_codes() if f"({code})" not in shown] == [], path
    for code, sign in {
        "VND": "₫",
        "KRW": "₩",
        "ILS": "₪",
        "PHP": "₱",
        "TOP": "TOP",
        "THB": "THB",
        "JPY": "¥",
        "INR": "₹",
    }.items():
        path = f"/invoices/{draft(agency, line('1000', currency=code))}/invoice.pdf"
        assert sign in read(agency, path).replace("\n", ""), code
        assert STAND_IN not in read(agency, f"{path}?locale=hi")
