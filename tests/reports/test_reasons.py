"""Internal reasons are in the books but not in the statement of a party."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import openpyxl
import pytest

from tests.billing.papers import write_off
from tests.paper_text import text_of
from tests.people import Person
from tests.reports.books import bill, days_ago, invoice, today
from tests.reports.test_views import shown
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import (
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.billing.write_offs import service as write_off_service
from voyagent.kernel.money import Money
from voyagent.ledger.queries.accounts import read_chart

BUYER, SELLER = "Asha Rao: Travels, Pune", "Galaxy, Consolidators"
WHYS = (
    *(
        "bankrupt",
        "paid after all",
        "too dear, said Asha Rao: Travels, Pune: herself",
        "wrong note",
        "drawn up twice",
        "typed twice",
        "was not sent back",
    ),
    *("late: by an hour", "of another bill", "entered twice"),
)
DAY, RUPEE = days_ago(9), Money(100, "INR")


@pytest.fixture
def explained(alice: Person) -> Person:
    """Somebody in whose books is every act that asks for a reason.

    The acts concern a customer or a supplier, and each has a reason of its own.
    """
    sold, mistaken = (invoice(alice, BUYER, amount, due=DAY) for amount in ("900", "50"))
    bought, twice = (
        bill(alice, SELLER, amount, due=DAY, reference=reference)
        for amount, reference in (("800", "G-8"), ("70", "G-9"))
    )
    whys: Iterator[str] = iter(WHYS)
    given_up = write_off(alice, sold, RUPEE.amount_minor, reason=next(whys), on=DAY)
    with alice.acting() as actor:
        write_off_service.reverse_write_off(actor, sold, given_up, reason=next(whys), on=DAY)
        note = credit_note_service.issue_credit_note(
            actor, sold, reason=next(whys), on=DAY, amounts={1: RUPEE}
        )
        credit_note_service.reverse_credit_note(actor, note.id, reason=next(whys), on=DAY)
        issuing.void_invoice(actor, mistaken, reason=next(whys), on=DAY)
        paid = payment_service.record_payment(
            actor, direction="in", party_name=BUYER, amount=Money(500, "INR"), on=DAY
        )
        refund = payment_service.refund_payment(actor, paid.id, amount=RUPEE, on=DAY)
        payment_reversals.reverse_refund(actor, paid.id, refund.id, reason=next(whys), on=DAY)
        payment_reversals.reverse_payment(actor, paid.id, reason=next(whys), on=DAY)
        credit = supplier_credit_service.credit_bill(
            actor, bought, vendor_reference="C-8", reason=next(whys), on=DAY, amounts={1: RUPEE}
        )
        supplier_credit_service.reverse_supplier_credit(actor, credit.id, reason=next(whys), on=DAY)
        bill_service.void_bill(actor, twice, reason=next(whys), on=DAY)
    return alice


@pytest.mark.parametrize(
    ("kind", "party", "count"), [("customer", BUYER.upper(), 11), ("supplier", SELLER, 5)]
)
def test_no_statement_shows_an_internal_reason(
    explained: Person, kind: str, party: str, count: int
) -> None:
    address = f"/reports/party-statement?kind={kind}&party={party}&from={days_ago(30)}&to={today()}"
    narrations = [one["narration"] for one in explained.api.get(address).json["entries"]]
    assert len(narrations) == count
    files = [
        explained.api.get(address.replace("?", ".csv?")).get_data(as_text=True),
        explained.tab.get(f"{address}&format=csv").get_data(as_text=True),
    ]
    for text in files:
        rows = csv.DictReader(io.StringIO(text))
        assert [row["narration"] for row in rows if row["entry_id"]] == narrations
    workbook = openpyxl.load_workbook(io.BytesIO(explained.tab.get(f"{address}&format=xlsx").data))
    assert [
        row[3] for row in workbook.active.iter_rows(min_row=2, values_only=True) if row[2]
    ] == narrations
    page, paper = (
        shown(explained.tab, address),
        text_of(explained.tab.get(f"{address}&format=pdf").data),
    )
    for text in map(unspaced, (*narrations, page, paper)):
        assert [why for why in WHYS if unspaced(why) in text] == []
    for text in map(unspaced, (page, paper)):
        assert all(unspaced(one) in text for one in narrations), "the words that the API has"


def test_a_statement_omits_internal_reasons(explained: Person) -> None:
    address = f"/reports/party-statement?from={days_ago(30)}&to={today()}&party="
    sold = explained.api.get("/invoices").json["items"][-1]["number"]
    narrations = {
        one["narration"]
        for one in explained.api.get(address + BUYER + "&kind=customer").json["entries"]
    }
    assert {
        f"Write-off of invoice {sold}",
        f"Write-off of invoice {sold} taken back",
        f"Invoice {sold}, {BUYER}",
    } <= narrations
    narrations = {
        one["narration"]
        for one in explained.api.get(address + SELLER + "&kind=supplier").json["entries"]
    }
    assert {
        "Supplier credit note C-8 on bill G-8",
        "Reversal of supplier credit note C-8 on bill G-8",
        "Void of bill G-9",
    } <= narrations


def test_other_narrations_are_complete(alice: Person) -> None:
    bill_id = bill(alice, SELLER, "800", due=DAY, reference=f"PNR 7, {SELLER}: two")
    alice.does(lambda actor: payment_service.pay_bill(actor, bill_id, Money(100, "INR"), DAY))
    asked = (
        f"/reports/party-statement?kind=supplier&party={SELLER}&from={days_ago(30)}&to={today()}"
    )
    narrations = [one["narration"] for one in alice.api.get(asked).json["entries"]]
    assert [one.count(f"PNR 7, {SELLER}: two, {SELLER}") for one in narrations] == [1, 1]
    rows = csv.DictReader(
        io.StringIO(alice.api.get(asked.replace("?", ".csv?")).get_data(as_text=True))
    )
    assert [row["narration"] for row in rows if row["entry_id"]] == narrations


def test_journal_entries_keep_internal_reasons(explained: Person) -> None:
    days = f"from={days_ago(30)}&to={today()}"
    books = [f"/journal?{days}", f"/reports/day-book?{days}"]
    for address in books:
        page = shown(explained.tab, address)
        assert [why for why in WHYS if why not in page] == [], address
    with explained.reading() as reader:
        codes = [
            row["code"]
            for row in read_chart(reader)
            if row["purpose"] in ("receivable", "payable", "customer_advances")
        ]
    ledgers = "".join(
        shown(explained.tab, f"/reports/general-ledger?account={code}&{days}") for code in codes
    )
    assert [why for why in WHYS if why not in ledgers] == []


def unspaced(text: str) -> str:
    """Return a text without line breaks and spaces."""
    return "".join(text.split())
