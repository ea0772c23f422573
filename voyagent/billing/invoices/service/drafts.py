"""Services of draft invoices: create, change and delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import INVOICE
from voyagent.billing.core.service import drafts
from voyagent.billing.core.service.drafts import DocumentChanges, FurtherColumns
from voyagent.billing.core.service.instalments import InstalmentItem
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.core.service.taxing import Buyer
from voyagent.billing.invoices.errors import DebitNoteFixed, InvoiceNumberConflict
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.chat.queries import sessions as chats
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.actor import Actor
from voyagent.kernel.rates import Quote
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.parties import queries as parties
from voyagent.parties.service.parties import NamedParty
from voyagent.taxes.rules import numbers

_OF_BUYER = {"place_of_supply", "customer_tax_number", "customer_pan"}


class InvoiceFields(TypedDict):
    """Fields of a new invoice, with the customer's id, name or both."""

    party_id: NotRequired[UUID | None]
    customer_name: NotRequired[str | None]
    issue_date: date
    due_date: NotRequired[date | None]
    instalments: NotRequired[Sequence[InstalmentItem] | None]
    line_items: Sequence[LineItem]
    party_reference: NotRequired[str | None]
    notes: NotRequired[str | None]
    enquiry_id: NotRequired[UUID | None]
    trip_id: NotRequired[UUID | None]
    place_of_supply: NotRequired[str | None]
    customer_tax_number: NotRequired[str | None]
    customer_pan: NotRequired[str | None]
    customer_address_id: NotRequired[UUID | None]
    exchange_rate: NotRequired[Quote | None]


class DraftChanges(DocumentChanges, total=False):
    """Changes of a draft invoice; a key that is absent leaves the field unchanged."""

    customer_name: str | None
    place_of_supply: str | None
    customer_tax_number: str | None
    customer_pan: str | None
    customer_address_id: UUID | None


def draft_invoice(
    actor: Actor,
    *,
    number: str | None = None,
    session_id: UUID | None = None,
    copied_from: Invoice | None = None,
    **fields: Unpack[InvoiceFields],
) -> Invoice:
    """Create a draft invoice with its taxes; it has no number and is not posted.

    `session_id` is the conversation to which the invoice belongs. It defaults to the conversation
    of the enquiry. `exchange_rate` is the booked rate of an invoice in a foreign currency.
    `customer_address_id` is a further address of the customer to print in place of the usual one.
    `copied_from` is an invoice of which this one is a part or a consequence: the address chosen for
    it is kept, and a tax number that it does not have is not looked up.

    Raises InvoiceNumberConflict if `number` is given, because an invoice gets its number when it is
    issued. Raises Forbidden, TextTooLong, InvalidDate, InvalidTaxNumber, AddressNotFound,
    EnquiryNotFound, SessionNotFound, TripNotFound, and the errors of `pricing.party_of` and
    `drafts.create_draft`.
    """
    actor.require("invoice.draft")
    if number:
        raise InvoiceNumberConflict
    customer = drafts.party_of(actor, INVOICE, fields)
    buyer = Buyer.of(
        customer.id or customer.name,
        fields.get("place_of_supply"),
        fields.get("customer_tax_number"),
        fields.get("customer_pan"),
        finds_number=copied_from is None,
    )
    enquiry_id = fields.get("enquiry_id")
    invoice = drafts.create_draft(
        actor,
        Invoice,
        party=customer,
        issue_date=fields["issue_date"],
        due_date=fields.get("due_date"),
        instalment_items=fields.get("instalments"),
        line_items=fields["line_items"],
        party_reference=fields.get("party_reference"),
        notes=fields.get("notes"),
        enquiry_id=enquiry_id,
        session_id=_conversation(enquiry_id, session_id),
        trip_id=fields.get("trip_id"),
        place_of_supply=buyer.place,
        customer_tax_number=buyer.tax_number,
        customer_pan=buyer.pan,
        party_address_id=copied_from.party_address_id
        if copied_from
        else _address_of(customer.id, fields.get("customer_address_id")),
        exchange_rate=fields.get("exchange_rate"),
    )
    invoice.party_address = printed_address(invoice)
    audit.record(
        actor,
        "invoice.drafted",
        entity_refs=drafts.refs_of(invoice),
        outputs=drafts.audit_facts(invoice),
    )
    return invoice


def revise_draft(
    actor: Actor, invoice_id: UUID, changes: DraftChanges, *, seen: datetime | None = None
) -> Invoice:
    """Change a draft invoice.

    `seen` is the `updated_at` that the caller has read, or None to change any version of the draft.

    Raises Forbidden, InvoiceNotFound, InvoiceNotDraft, DraftChanged, DebitNoteFixed, TextTooLong,
    InvalidDate, InvalidTaxNumber, AddressNotFound, and the errors of `drafts.revise`.
    """
    actor.require("invoice.draft")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    drafts.check_draft(invoice, seen)
    if invoice.debits_id is not None:
        raise DebitNoteFixed
    customer = drafts.changed_party(actor, invoice, changes)
    columns: FurtherColumns = {
        **_buyer(invoice, changes, customer),
        **_address(invoice, changes, customer),
    }
    drafts.revise(actor, invoice, columns, changes, customer)
    invoice.party_address = printed_address(invoice)
    return invoice


def discard_draft(actor: Actor, invoice_id: UUID) -> None:
    """Delete a draft invoice.

    Raises Forbidden, InvoiceNotFound, InvoiceNotDraft.
    """
    actor.require("invoice.draft")
    drafts.discard(actor, invoice_queries.get_invoice(invoice_id, lock=True))


def printed_address(invoice: Invoice) -> str | None:
    """Return the address of the customer that an invoice prints, or None.

    It is the chosen one, else one in the state of the customer's GSTIN, else the usual one.
    """
    number = invoice.customer_tax_number
    return parties.postal_address(
        invoice.party_id,
        address_id=invoice.party_address_id,
        state=numbers.state_of(number) if number else None,
    )


def _address_of(party_id: UUID | None, address_id: UUID | None) -> UUID | None:
    """Return the id of a chosen address of a party. Raises AddressNotFound."""
    if address_id is None:
        return None
    if party_id is None:
        raise parties.AddressNotFound
    return parties.get_address(party_id, address_id).id


def _address(
    invoice: Invoice, changes: DraftChanges, customer: NamedParty | None
) -> FurtherColumns:
    """Return the changed column of the chosen address, if it changes.

    If the customer changes, a chosen address of the former customer is cleared.
    """
    party_id = invoice.party_id if customer is None else customer.id
    if "customer_address_id" in changes:
        return {"party_address_id": _address_of(party_id, changes["customer_address_id"])}
    return {} if party_id == invoice.party_id else {"party_address_id": None}


def _buyer(invoice: Invoice, changes: DraftChanges, customer: NamedParty | None) -> FurtherColumns:
    """Return the changed columns about the buyer, which determine the taxes.

    A tax number is looked up only if the customer or the place of supply changes, so a number that
    was cleared stays empty.
    Raises InvalidTaxNumber, UnknownState.
    """
    party: PartyRef = invoice.party_id or invoice.party_name
    if customer is not None:
        party = customer.id or customer.name
    is_same = party in (invoice.party_id, invoice.party_name)
    if not _OF_BUYER & set(changes):
        if is_same or (stored := Buyer.of(party, None, None, None)) == Buyer():
            return {}
        return _columns(stored)
    place = changes.get("place_of_supply", invoice.place_of_supply)
    number = changes.get("customer_tax_number", invoice.customer_tax_number)
    pan = changes.get("customer_pan", invoice.customer_pan)
    if (
        "customer_tax_number" in changes and number != invoice.customer_tax_number
    ):  # place and PAN read from the former tax number are dropped
        place, pan = changes.get("place_of_supply"), changes.get("customer_pan")
    is_moved = not is_same or place != invoice.place_of_supply
    return _columns(Buyer.of(party, place, number, pan, finds_number=is_moved))


def _columns(buyer: Buyer) -> FurtherColumns:
    return {
        "place_of_supply": buyer.place,
        "customer_tax_number": buyer.tax_number,
        "customer_pan": buyer.pan,
    }


def _conversation(enquiry_id: UUID | None, session_id: UUID | None) -> UUID | None:
    """Return the id of the conversation to which an invoice belongs, or None.

    Raises EnquiryNotFound, SessionNotFound.
    """
    known_id = enquiries.get_enquiry(enquiry_id).session_id if enquiry_id is not None else None
    if session_id is not None:
        return chats.get_session(session_id).id
    return known_id if known_id is not None and chats.exists(known_id) else None
