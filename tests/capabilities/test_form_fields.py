"""A capability has a field for each input of the page or API of its act."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from tests.billing.papers import draft, issued
from tests.people import Person
from tests.trips.things import a_trip
from voyagent.billing.bills.capabilities.receive_bill import BillLine
from voyagent.billing.bills.schemas import BillDraftIn, BoughtLineIn
from voyagent.billing.cancellations.schemas import CancelPreviewIn
from voyagent.billing.claims.schemas import ClaimReceiptIn
from voyagent.billing.invoices.capabilities.draft_invoice import DraftLine
from voyagent.billing.invoices.schemas.documents import InvoiceDraftIn
from voyagent.billing.invoices.schemas.lines import SoldLineIn
from voyagent.billing.payments.schemas import ChargeIn, MeansIn, ReceiptIn, TdsIn
from voyagent.billing.write_offs.schemas import WriteOffIn
from voyagent.capabilities import registry
from voyagent.capabilities.capability import Invocation
from voyagent.enquiries.schemas import EnquiryIn, EnquiryPatch
from voyagent.ledger.schemas.journal import JournalEntryIn
from voyagent.trips.queries import trips
from voyagent.trips.rules.details import TransferDetails
from voyagent.trips.schemas import LineIn, PassengerIn, SendIn

OF_DRAFT = {"currency"}  # of the lines
PASSPORT = {"passport_number"}  # a conversation would store it
PAID = {
    *MeansIn.model_fields.keys() - {"account"},
    *TdsIn.model_fields,
}  # a conversation names only bank or cash, and whole amounts
OF_RECEIPT = {"over_cash_limit_reason", *ChargeIn.model_fields}
ON_THE_PAGE = {
    *("lines", "bill_lines", "refund_expected_on"),
    *("fee", "pay_back"),
}  # parts of a sale are cancelled on the page; fee and refund have fields of their own
LINE = {"details", "status"}  # a transfer is added as planned


def of(name: str) -> type[BaseModel]:
    return registry.get(name).input


@pytest.mark.parametrize(
    ("capability", "accepted", "besides"),
    [
        (of("create_enquiry"), EnquiryIn, set()),
        (of("update_enquiry"), EnquiryPatch, set()),
        (of("add_passenger"), PassengerIn, PASSPORT),
        (of("add_transfer"), TransferDetails, {"kind"}),
        (of("add_transfer"), LineIn, LINE),
        (of("send_itinerary"), SendIn, set()),
        (of("draft_invoice"), InvoiceDraftIn, OF_DRAFT),
        (DraftLine, SoldLineIn, {"trip_line_id"}),  # an id that only the form of a trip knows
        (of("record_receipt"), ReceiptIn, PAID),
        (of("pay_bill"), ReceiptIn, PAID | OF_RECEIPT),
        (of("write_off_invoice"), WriteOffIn, set()),
        (of("cancel_sale"), CancelPreviewIn, ON_THE_PAGE),
        (of("record_supplier_refund"), ClaimReceiptIn, set()),
        (of("receive_bill"), BillDraftIn, OF_DRAFT),
        (BillLine, BoughtLineIn, set()),
        (of("post_journal_entry").model_fields["entry"].annotation, JournalEntryIn, set()),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_capability_accepts_what_its_form_accepts(
    capability: type[BaseModel], accepted: type[BaseModel], besides: set[str]
) -> None:
    assert set(accepted.model_fields) - besides <= set(capability.model_fields)


def run(person: Person, name: str, **given: Any) -> Any:
    capability = registry.get(name)
    wanted = capability.input.model_validate(given)
    return person.does(lambda actor: capability.run(Invocation(actor), wanted))


def test_receivables_are_of_documents_issued_in_a_period(alice: Person) -> None:
    issued(alice)
    for days, count in (((9, 10), 1), ((10, 10), 1), ((11, 30), 0), ((1, 9), 0)):
        first, last = (date(2024, 6, day) for day in days)
        for overdue in ({}, {"overdue_days": 1}):
            given = {"issued_from": first, "issued_to": last, **overdue}
            assert run(alice, "list_receivables", **given)["count"] == count


def test_invoices_of_a_trip_are_found(alice: Person) -> None:
    trip_id, other = a_trip(alice), a_trip(alice)
    invoice_id = draft(alice, trip_id=trip_id)
    draft(alice)
    for status in (None, "draft"):
        found = run(alice, "find_invoices", trip_id=trip_id, status=status)["invoices"]
        assert [one["id"] for one in found] == [str(invoice_id)]
        assert run(alice, "find_invoices", trip_id=other, status=status)["count"] == 0


def test_a_transfer_has_its_company_and_its_cost(alice: Person) -> None:
    given = {
        "trip_id": a_trip(alice),
        "on": date(2027, 1, 5),
        "origin": "DXB",
        "destination": "Marsa Creek Hotel",
        "vehicle": "Sedan",
        "notes": "Driver waits at the exit",
        "supplier": "Gulf Cars",
        "supplier_ref": "GC-7",
        "cost": "900.00",
        "price": "1200.00",
    }
    done = run(alice, "add_transfer", **given)
    with alice.acting():
        line = trips.line_of(trips.get_line(given["trip_id"], done["line_id"]))
        assert isinstance(line.details, TransferDetails)
        assert (line.details.vehicle, line.details.notes) == (given["vehicle"], given["notes"])
        assert (line.supplier, line.supplier_ref) == ("Gulf Cars", "GC-7")
        assert (line.cost.wire, line.price.wire) == ("900.00", "1200.00")
