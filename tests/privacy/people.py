"""A person whose data is everywhere, for tests of index, export and erasure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tests.billing.papers import issued, line, pay
from tests.people import Person
from tests.trips.things import OUT, PASSPORT, a_line, a_passenger, a_trip
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.parties.service import addresses, contacts, parties
from voyagent.privacy.service import links

NAME, MAIL, PHONE = "Deepa Krishnan", "deepa.k@example.com", "+91 98470 12345"
ADDRESS, NOTE, PAN = "14 Lantern Lane, Kochi", "Allergic to walnuts", "AAPFU0939F"
GSTIN = f"27{PAN}1ZV"
OTHER_ADDRESS, OTHER_MAIL, EXTERNAL_ID = "8 Harbour Terrace", "kavya@example.com", "CRM-90417"
VALUES = (
    *(NAME, MAIL, "98470 12345", "Lantern Lane", "Harbour Terrace", EXTERNAL_ID, "walnuts", PAN),
    *(OTHER_MAIL, PASSPORT, "1986-05-04"),
)
"""Texts that an erasure must leave nowhere."""


@dataclass(frozen=True)
class Subject:
    """The ids of the person's records."""

    party_id: UUID
    enquiry_id: UUID
    session_id: UUID
    trip_id: UUID
    passenger_id: UUID
    invoice_id: UUID


def a_subject(person: Person, *, paid: bool = True, confirmed: bool = True) -> Subject:
    """Create a customer with records of every kind.

    They are an enquiry, a conversation, a trip, an invoice and a payment.
    """
    with person.acting() as actor:
        party = parties.create(
            actor,
            name=NAME,
            is_customer=True,
            email=MAIL,
            phone=PHONE,
            address=ADDRESS,
            country="IN",
            tax_number=GSTIN,
            pan=PAN,
            external_id=EXTERNAL_ID,
            notes=NOTE,
        )
        party_id = party.id
        addresses.add(actor, party_id, kind="shipping", lines=OTHER_ADDRESS)
        contacts.add(actor, party_id, name="Kavya Krishnan", email=OTHER_MAIL)
        enquiry = enquiries.create(
            actor,
            customer_name=NAME,
            customer_email=MAIL,
            customer_phone=PHONE,
            origin=f"Home of {NAME}",
            destination="Goa",
            notes=NOTE,
        )
        enquiry_id = enquiry.id
    with person.acting() as actor:
        _enquiry, session_id = enquiries.promote(actor, enquiry_id)
        chat.append_message(
            actor,
            session_id,
            role="user",
            blocks=[{"type": "text", "text": f"Flights for {NAME}, call {PHONE}"}],
        )
    trip_id = a_trip(person, title=f"{NAME}, Dubai", enquiry_id=enquiry_id, notes=NOTE)
    passenger_id = a_passenger(
        person,
        trip_id,
        NAME,
        date_of_birth=date(1986, 5, 4),
        nationality="IN",
        passport_number=PASSPORT,
        passport_expiry=date(2031, 4, 30),
    )
    a_passenger(person, trip_id, "Rajiv Menon", passport_number="Y7654321")
    a_line(person, trip_id, OUT.model_copy(update={"travellers": [NAME]}), price="104000")
    invoice_id = issued(
        person,
        line(description=f"Visa for {NAME}"),
        customer_name=NAME,
        customer_pan=PAN,
        enquiry_id=enquiry_id,
        trip_id=trip_id,
        notes=f"Deliver to {ADDRESS}",
    )
    if paid:
        pay(person, invoice_id, 45_000_00)
    if confirmed:
        person.does(links.confirm, party_id, kind="passenger", record_id=passenger_id)
    return Subject(party_id, enquiry_id, session_id, trip_id, passenger_id, invoice_id)
