"""Index, links and export of everything that is held about a person."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from tests.people import Person
from tests.privacy.people import GSTIN, MAIL, NAME, PAN, PHONE, VALUES, a_subject
from tests.trips.things import PASSPORT, a_passenger, a_trip, keyring
from voyagent.enquiries import service as enquiries
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.parties import service as parties
from voyagent.parties.queries import PartyNotFound
from voyagent.privacy.errors import RecordNotFound
from voyagent.privacy.queries import person as held
from voyagent.privacy.rules.register import BY_TABLE
from voyagent.privacy.service import exporting, links


def test_everything_linked_is_found(alice: Person) -> None:
    one = a_subject(alice)
    with alice.acting():
        found = held.links_of(one.party_id)
        tables = {holding.table: number for holding, number in held.counts(found)}
    assert (found.enquiries, found.trips) == ([one.enquiry_id], [one.trip_id])
    assert (found.passengers, found.conversations) == ([one.passenger_id], [one.session_id])
    assert {
        *("parties", "enquiries", "trips", "trip_passengers", "trip_lines", "chat_sessions"),
        *("chat_messages", "invoices", "invoice_lines", "payments", "journal_entries", "postings"),
    } <= tables.keys()
    assert (tables["trip_passengers"], tables["enquiries"]) == (1, 1)


def test_records_with_the_same_name_are_offered_and_never_taken(alice: Person) -> None:
    with alice.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True, email=MAIL, phone=PHONE).id
        other = parties.create(actor, name="D. Krishnan", is_customer=True, email=MAIL).id
        by_name = enquiries.create(actor, customer_name=NAME.upper()).id
        by_mail = enquiries.create(actor, customer_name="Deepa", customer_email=MAIL.upper()).id
        by_phone = enquiries.create(actor, customer_name="Mrs K", customer_phone="098470-12345").id
        enquiries.create(actor, customer_name="Deepa Krishna", customer_phone="12345")
    person_id = a_passenger(alice, a_trip(alice), NAME)
    a_passenger(alice, a_trip(alice), "Deepa Krishnamurthy")
    with alice.acting():
        found = held.links_of(party_id)
        offered = held.candidates(found)
        assert (found.enquiries, found.passengers) == ([], [])
    assert {(row["kind"], row["record_id"], row["reason"]) for row in offered} == {
        ("enquiry", by_name, "name"),
        ("enquiry", by_mail, "email"),
        ("enquiry", by_phone, "phone"),
        ("passenger", person_id, "name"),
        ("party", other, "email"),
    }


def test_a_confirmed_record_is_linked_until_it_is_released(alice: Person) -> None:
    with alice.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True).id
        enquiry_id = enquiries.create(actor, customer_name="Deepa").id
    assert alice.does(links.confirm, party_id, kind="enquiry", record_id=enquiry_id) is True
    assert alice.does(links.confirm, party_id, kind="enquiry", record_id=enquiry_id) is False
    with alice.acting():
        assert held.links_of(party_id).enquiries == [enquiry_id]
    alice.does(links.release, party_id, kind="enquiry", record_id=enquiry_id)
    with alice.acting():
        assert held.links_of(party_id).enquiries == []
    alice.does(links.release, party_id, kind="enquiry", record_id=enquiry_id)
    assert len(alice.api.get("/audit?kind=privacy.unlinked").json["items"]) == 1
    with pytest.raises(RecordNotFound):
        alice.does(links.release, party_id, kind="enquiry", record_id=new_id())


def test_only_administrators_link_and_only_records_of_the_agency(
    alice: Person, bob: Person, charlie: Person
) -> None:
    with alice.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True).id
        enquiry_id = enquiries.create(actor, customer_name=NAME).id
    strange = charlie.does(lambda actor: enquiries.create(actor, customer_name=NAME).id)
    with pytest.raises(Forbidden):
        bob.does(links.confirm, party_id, kind="enquiry", record_id=enquiry_id)
    with pytest.raises(RecordNotFound):
        alice.does(links.confirm, party_id, kind="enquiry", record_id=strange)
    with pytest.raises(RecordNotFound):
        alice.does(links.confirm, party_id, kind="invoice", record_id=enquiry_id)
    with pytest.raises(PartyNotFound):
        charlie.does(links.confirm, party_id, kind="enquiry", record_id=strange)


def exported(person: Person, party_id: UUID) -> str:
    found = person.does(
        lambda actor: exporting.export(keyring(person), actor, party_id, form="json")
    )
    return json.dumps(found, default=str, ensure_ascii=False)


def test_an_export_is_complete_and_audited(alice: Person) -> None:
    one = a_subject(alice)
    text = exported(alice, one.party_id)
    assert [value for value in VALUES if value not in text] == []
    held_rows = json.loads(text)["held"]
    assert held_rows["parties"][0]["tax_number"] == GSTIN
    assert held_rows["invoices"][0]["customer_tax_number"] == GSTIN
    assert "sealed" not in text
    assert "Rajiv Menon" not in json.dumps(list(json.loads(text)["held"]["trip_passengers"]))
    (event,) = alice.api.get("/audit?kind=privacy.exported").json["items"]
    payload = event["payload"]
    assert payload["entity_refs"]["party_id"] == str(one.party_id)
    assert payload["outputs"]["passports"] == 1
    assert [value for value in (PASSPORT, PAN, NAME) if value in json.dumps(event)] == []


def test_an_export_contains_every_registered_table_of_the_person(alice: Person) -> None:
    one = a_subject(alice)
    held_tables = json.loads(exported(alice, one.party_id))["held"]
    with alice.acting():
        found = held.links_of(one.party_id)
        counted = {holding.table: number for holding, number in held.counts(found)}
    assert {table: len(rows) for table, rows in held_tables.items()} == {
        table: n for table, n in counted.items() if BY_TABLE[table].columns
    }


def test_an_export_is_for_administrators_and_the_own_agency(
    alice: Person, bob: Person, victor: Person, charlie: Person
) -> None:
    one = a_subject(alice)
    for person in (bob, victor):
        with pytest.raises(Forbidden):
            exported(person, one.party_id)
    for person, party_id in ((charlie, one.party_id), (alice, new_id())):
        with pytest.raises(PartyNotFound):
            exported(person, party_id)
