"""After an erasure nothing of the person is readable.

Books and audit chain are whole.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.billing.papers import DUE, advance, draft, issued, line, pay, receive
from tests.billing.test_paper import send as send_invoice
from tests.people import Person
from tests.privacy.people import GSTIN, MAIL, NAME, PAN, VALUES, a_subject
from tests.trips.test_sending import send as send_itinerary
from tests.trips.things import BACK, DESERT, OUT, a_line, a_passenger, a_trip, keyring
from voyagent.audit.service import checks as audit_checks
from voyagent.billing.bills import service as bills
from voyagent.billing.cancellations import service as cancellations
from voyagent.billing.cancellations.service import Cancel, CancelledLine
from voyagent.billing.core.service.charges import Charge
from voyagent.billing.credit_notes import service as credit_notes
from voyagent.billing.invoices.queries import documents as invoices
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import reversals
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credits
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.enquiries.queries import enquiries as queries
from voyagent.kernel import clock, person_keys
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.parties import queries as parties
from voyagent.parties.queries import PartyNotFound
from voyagent.parties.service import parties as party_service
from voyagent.privacy.errors import (
    IdentityNotKept,
    NotAboutPerson,
    PersonErased,
    PersonHasOpenRecords,
    ReasonRequired,
)
from voyagent.privacy.models import PersonLink
from voyagent.privacy.queries import person as held
from voyagent.privacy.rules.register import BY_TABLE
from voyagent.privacy.service import erasure, links, retention
from voyagent.reports.models import ReportFile
from voyagent.reports.queries import checks as book_checks

WHY = "Request of the customer by letter"


def dump(engine: sa.Engine, person: Person) -> dict[str, str]:
    """Return all rows of an agency as text, by table.

    Bytes are there also as the text that they may be.
    """
    with engine.connect() as connection:
        tables = connection.scalars(
            sa.text(
                "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and"
                " a.attname = 'tenant_id' and not a.attisdropped where c.relkind in ('r', 'p') and"
                " c.relnamespace = 'public'::regnamespace"
            )
        ).all()
        found = {}
        for table in tables:
            rows = connection.execute(
                sa.text(f'select * from "{table}" where tenant_id = :t'),
                {"t": person.actor.tenant_id},
            )
            found[table] = "\n".join(" ".join(_text(value) for value in row) for row in rows.all())
        jobs = connection.execute(sa.text("select args::text from procrastinate_jobs")).scalars()
        found["procrastinate_jobs"] = "\n".join(jobs)
        return found


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def seen(engine: sa.Engine, person: Person) -> dict[str, list[str]]:
    """Return the values of the person that are readable in the database, by table."""
    return {
        table: values
        for table, rows in dump(engine, person).items()
        if (values := [value for value in VALUES if value.lower() in rows.lower()])
    }


def erase(person: Person, party_id: UUID, reason: str = WHY) -> UUID:
    return person.does(
        lambda actor: erasure.erase(keyring(person), actor, party_id, reason=reason).id
    )


def test_nothing_of_the_person_is_readable_in_a_dump(
    alice: Person, owner_engine: sa.Engine
) -> None:
    one = a_subject(alice)
    before = seen(owner_engine, alice)
    assert {"parties", "enquiries", "invoices", "postings", "chat_messages"} <= before.keys()
    erase(alice, one.party_id)
    assert seen(owner_engine, alice) == {}


def post_without_a_line_of_the_person(person: Person) -> None:
    """Post revenue and cost of a later day, and the bank's charge for a cheque.

    None of these entries has a line with the party. A credit reduces the revenue and the cost, and
    a void reverses them. A cancellation keeps a part of the revenue. All documents are closed
    afterwards.
    """
    later: Any = line("100.00", quantity=1) | {"service_date": date(2024, 8, 1)}
    invoice_id, void_id, cancelled_id = (issued(person, later) for _ in range(3))
    bill_id, void_bill_id = (
        receive(person, later, vendor_name=NAME, vendor_reference=f"TKT {NAME} {number}")
        for number in (1, 2)
    )
    part = {1: Money(40_00, "INR")}
    reason = f"{NAME} stays"
    person.does(credit_notes.issue_credit_note, invoice_id, reason=reason, on=DUE, amounts=part)
    person.does(
        supplier_credits.credit_bill,
        bill_id,
        vendor_reference=f"CN {NAME}",
        reason=reason,
        on=DUE,
        amounts=part,
    )
    person.does(issuing.void_invoice, void_id, reason=reason, on=DUE)
    person.does(bills.void_bill, void_bill_id, reason=reason, on=DUE)
    kept = [CancelledLine(cancelled_id, 1, Money(60_00, "INR"))]
    wanted = Cancel(invoice_ids=[cancelled_id], reason=reason, on=DUE, lines=kept)
    preview = person.does(cancellations.preview_cancellation, wanted)
    person.does(cancellations.cancel, wanted, preview_hash=preview.preview_hash)
    pay(person, cancelled_id, 60_00)
    cheque = Means(mode="cheque", instrument_no=f"000123 {NAME}")
    settles = Part(invoice_id, Money(60_00, "INR"))
    payment_id = advance(person, 60_00, DUE, settles, means=cheque)
    person.does(
        reversals.reverse_payment, payment_id, reason=reason, on=DUE, charge=Charge("300.00")
    )
    pay(person, invoice_id, 60_00)
    paid = Part(bill_id, Money(60_00, "INR"))
    advance(person, 60_00, DUE, paid, direction="out", party_name=NAME)


def test_entries_without_a_line_of_the_person_have_no_name_either(
    alice: Person, app: Flask, owner_engine: sa.Engine
) -> None:
    with alice.acting() as actor:
        party_id = party_service.create(actor, name=NAME, is_customer=True, is_supplier=True).id
    issued(alice, {**line(), "service_date": date(2024, 8, 1)}, customer_name="Rajiv Menon")
    post_without_a_line_of_the_person(alice)
    with owner_engine.connect() as connection:
        named = sa.text(
            "select narration from journal_entries where tenant_id = :t and narration like :name"
        )
        values = {"t": alice.actor.tenant_id, "name": f"%{NAME}%"}
        narrations = sorted(connection.scalars(named, values))
    assert sum("on the day of service" in one for one in narrations) == 8
    assert sum(one.startswith("Cancellation X") for one in narrations) == 2
    assert f"000123 {NAME}" in dump(owner_engine, alice)["postings"]
    with alice.acting():
        found = held.rows_of(held.links_of(party_id), BY_TABLE["journal_entries"])
    assert sorted(row["narration"] for row in found) == narrations, "an export has all of them"
    balances = alice.api.get("/reports/trial-balance").json
    erase(alice, party_id)
    rows = dump(owner_engine, alice)
    assert [table for table, words in rows.items() if NAME in words] == []
    assert rows["journal_entries"].count("Rajiv Menon, on the day of service") == 1
    assert alice.api.get("/reports/trial-balance").json == balances
    with app.app_context():
        assert book_checks.run(alice.actor.tenant_id) == []


def test_the_route_of_an_enquiry_stays_without_the_words_of_the_person(
    alice: Person, owner_engine: sa.Engine
) -> None:
    one = a_subject(alice)
    with alice.acting() as actor:
        theirs = enquiries.create(
            actor, customer_name="Rajiv Menon", origin="Kochi", destination=f"Goa with {NAME}"
        ).id
        found = held.candidates(held.links_of(one.party_id))
    assert (theirs, "mentioned") in {(row["record_id"], row["reason"]) for row in found}
    alice.does(links.confirm, one.party_id, kind="enquiry", record_id=theirs)
    with alice.acting():
        assert held.unreplaced(held.links_of(one.party_id)) == []
    erase(alice, one.party_id)
    assert seen(owner_engine, alice) == {}
    with alice.acting():
        (pseudonym,) = (row.pseudonym for row in held.list_erasures())
        rows = [queries.get_enquiry(each) for each in (one.enquiry_id, theirs)]
        routes = [(row.origin, row.destination) for row in rows]
    assert routes == [(f"Home of {pseudonym}", "Goa"), ("Kochi", f"Goa with {pseudonym}")]


def test_the_recipients_of_sent_documents_leave_the_audit_log(
    alice: Person, owner_engine: sa.Engine
) -> None:
    one = a_subject(alice)
    assert send_itinerary(alice, one.trip_id, MAIL).status_code == 303
    assert send_invoice(alice, one.invoice_id, MAIL).status_code == 303
    before = dump(owner_engine, alice)
    assert "d***@example.com" in before["audit_private"]
    assert "d***@example.com" not in before["audit_events"]
    erase(alice, one.party_id)
    assert "d***@example.com" not in dump(owner_engine, alice)["audit_private"]


def a_write_off(person: Person, drain: Any) -> tuple[UUID, UUID]:
    """Write off a part of an invoice; return the conversation and the invoice."""
    invoice_id = issued(person, customer_name="Innocent Holdings")
    asked = person.api.post(
        f"/invoices/{invoice_id}/write-off",
        json={"amount": "80.00", "currency": "INR", "reason": "Favour to a friend"},
    )
    assert asked.status_code == 201, asked.text
    answer = person.api.post(f"/approvals/{asked.json['id']}/resolve", json={"granted": True})
    assert answer.status_code == 200, answer.text
    drain()
    return UUID(asked.json["session_id"]), invoice_id


def test_a_conversation_that_does_not_name_the_person_is_not_confirmed(
    alice: Person, drain: Any
) -> None:
    session_id, _invoice_id = a_write_off(alice, drain)
    with alice.acting() as actor:
        party_id = party_service.create(actor, name="Quentin Throwaway", is_customer=True).id
    with pytest.raises(NotAboutPerson):
        alice.does(links.confirm, party_id, kind="conversation", record_id=session_id)
    with alice.acting() as actor:
        blocks = [{"type": "text", "text": "Quentin Throwaway asked"}]
        chat.append_message(actor, session_id, role="user", blocks=blocks)
    assert alice.does(links.confirm, party_id, kind="conversation", record_id=session_id)


@dataclass(frozen=True)
class Stranger:
    """Records of Victoria, who is no party, and the party Xavier."""

    party_id: UUID
    enquiry_id: UUID
    session_id: UUID
    trip_id: UUID
    trip_session_id: UUID
    passenger_id: UUID


def a_stranger(person: Person) -> Stranger:
    with person.acting() as actor:
        party_id = party_service.create(actor, name="Xavier Chosen", is_customer=True).id
        enquiry_id = enquiries.create(
            actor,
            customer_name="Victoria Other",
            customer_email="v@other.example",
            notes="Wants Dubai in January",
        ).id
        _enquiry, session_id = enquiries.promote(actor, enquiry_id)
        trip_session_id = chat.create_session(actor, title="Dubai").id
    trip_id = a_trip(
        person, title="Dubai", notes="Victoria pays the hotel", session_id=trip_session_id
    )
    passenger_id = a_passenger(person, trip_id, "Victoria Other")
    return Stranger(party_id, enquiry_id, session_id, trip_id, trip_session_id, passenger_id)


@pytest.mark.parametrize("kind", ["enquiry", "trip", "passenger"])
def test_an_enquiry_trip_or_passenger_of_somebody_else_is_not_confirmed(
    alice: Person, kind: str
) -> None:
    one = a_stranger(alice)
    link = {"kind": kind, "record_id": str(getattr(one, f"{kind}_id"))}
    answer = alice.api.post(f"/privacy/parties/{one.party_id}/links", json=link)
    assert (answer.status_code, answer.json["detail"]) == (422, "record_not_about_person")


def test_an_enquiry_that_no_longer_names_the_person_stays_with_its_conversation(
    alice: Person,
) -> None:
    """Earlier releases confirmed any enquiry, and a confirmed one can be changed."""
    one = a_stranger(alice)
    with alice.acting() as actor:
        link = {"party_id": one.party_id, "kind": "enquiry", "record_id": one.enquiry_id}
        db.session.add(PersonLink(**link, confirmed_by_user_id=actor.user_id))
    with alice.acting():
        found = held.links_of(one.party_id)
        left = held.unreplaced(found)
    assert (found.enquiries, found.mentions, found.conversations) == ([], [one.enquiry_id], [])
    assert [row["record_id"] for row in left] == [one.enquiry_id]
    erase(alice, one.party_id)
    enquiry = alice.api.get(f"/enquiries/{one.enquiry_id}").json
    assert (enquiry["customer_name"], enquiry["customer_email"], enquiry["notes"]) == (
        *("Victoria Other", "v@other.example", "Wants Dubai in January"),
    )
    assert alice.api.get(f"/chat/sessions/{one.session_id}").status_code == 200


def test_a_confirmed_enquiry_of_another_party_stays_the_other_partys(alice: Person) -> None:
    one = a_stranger(alice)
    issued(alice, customer_name="Xavier Chosen", enquiry_id=one.enquiry_id)
    alice.does(links.confirm, one.party_id, kind="enquiry", record_id=one.enquiry_id)
    with alice.acting() as actor:
        found = held.links_of(one.party_id)
        assert (found.enquiries, found.conversations) == ([one.enquiry_id], [])
        party_service.create(actor, name="Victoria Other", is_customer=True)
    with alice.acting():
        found = held.links_of(one.party_id)
    assert (found.enquiries, found.mentions, found.conversations) == ([], [one.enquiry_id], [])


def test_the_conversation_of_a_trip_that_mentions_the_person_stays(alice: Person) -> None:
    one = a_stranger(alice)
    a_line(alice, one.trip_id, DESERT.model_copy(update={"title": "With Xavier Chosen"}))
    alice.does(links.confirm, one.party_id, kind="trip", record_id=one.trip_id)
    with alice.acting():
        found = held.links_of(one.party_id)
    assert (found.trips, found.conversations) == ([one.trip_id], [])
    issued(alice, customer_name="Xavier Chosen", trip_id=one.trip_id)
    with alice.acting():
        assert held.links_of(one.party_id).conversations == [one.trip_session_id]


def test_records_with_another_spelling_of_the_name_are_offered_and_confirmed(
    alice: Person,
) -> None:
    with alice.acting() as actor:
        party_id = party_service.create(actor, name="Xavier Chosen", is_customer=True).id
        enquiry_id = enquiries.create(actor, customer_name="CHOSEN/XAVIER MR", notes="Sea").id
        _enquiry, session_id = enquiries.promote(actor, enquiry_id)
    trip_id = a_trip(alice, title="Dubai")
    passenger_id = a_passenger(alice, trip_id, "Chosen, Xavier")
    records = {"enquiry": enquiry_id, "passenger": passenger_id}
    with alice.acting():
        rows = held.candidates(held.links_of(party_id))
    offered = {row["kind"]: row["record_id"] for row in rows if row["reason"] == "name"}
    assert offered == records
    for kind, record_id in {**records, "trip": trip_id, "conversation": session_id}.items():
        assert alice.does(links.confirm, party_id, kind=kind, record_id=record_id)
    with alice.acting():
        found = held.links_of(party_id)
    assert (found.enquiries, found.passengers, found.conversations) == (
        *([enquiry_id], [passenger_id], [session_id]),
    )


def test_the_personal_text_of_an_executed_act_about_somebody_else_stays(
    alice: Person, drain: Any
) -> None:
    session_id, _invoice_id = a_write_off(alice, drain)
    with alice.acting() as actor:
        party_id = party_service.create(actor, name="Quentin Throwaway", is_customer=True).id
        blocks = [{"type": "text", "text": "Quentin Throwaway asked"}]
        chat.append_message(actor, session_id, role="user", blocks=blocks)
    alice.does(links.confirm, party_id, kind="conversation", record_id=session_id)

    def texts() -> set[str]:
        items = alice.api.get("/audit?limit=50").json["items"]
        return {item["kind"] for item in items if "Favour to a friend" in json.dumps(item)}

    before = texts()
    assert len(before) >= 3
    erase(alice, party_id)
    assert texts() == before


@pytest.mark.parametrize(
    ("number", "pan", "note"),
    [(GSTIN, None, f"PAN {PAN.lower()}, GSTIN {GSTIN}"), (None, PAN, f"GSTIN no, PAN {PAN}")],
)
def test_tax_numbers_in_texts_of_documents_are_replaced(
    alice: Person, owner_engine: sa.Engine, number: str | None, pan: str | None, note: str
) -> None:
    with alice.acting() as actor:
        party_id = party_service.create(
            actor, name="Taxy Ltd", is_customer=True, country="IN", tax_number=number
        ).id
    invoice_id = issued(alice, line(), customer_name="Taxy Ltd", customer_pan=pan, notes=note)
    pay(alice, invoice_id, 45_000_00)
    erase(alice, party_id)
    notes = dump(owner_engine, alice)["invoices"]
    assert [one for one in (PAN, GSTIN) if one.lower() in notes.lower()] == []
    assert "PAN Person " in notes


def test_an_erasure_deletes_stored_responses_and_nothing_runs_again(
    alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    body = {"name": "Uma Pillai", "is_customer": True, "country": "IN", "tax_number": GSTIN}
    headers = {"Idempotency-Key": "a-key"}

    def create(person: Person) -> Any:
        return person.api.post("/parties", json=body, headers=headers)

    first, of_another_agency = create(alice), create(charlie)
    _store_in_clear_text(owner_engine, alice, "an-earlier-release", first.data)
    assert first.status_code == of_another_agency.status_code == 201
    assert {"Uma Pillai", GSTIN} <= {*_words(dump(owner_engine, alice)["idempotency_keys"])}
    erase(alice, UUID(first.json["id"]))
    rows = dump(owner_engine, alice)["idempotency_keys"]
    assert _words(rows) == []
    with owner_engine.connect() as connection:
        kept = sa.text(
            "select kept, status, headers, body from idempotency_keys where tenant_id=:t"
        )
        found = connection.execute(kept, {"t": alice.actor.tenant_id}).all()
    assert [tuple(row) for row in found] == [("erased", None, None, None)] * 2
    again = create(alice)
    assert (again.status_code, again.json["detail"]) == (409, "idempotency_answer_erased")
    assert "Uma Pillai" not in again.text
    assert alice.api.get("/parties", query_string={"q": "Uma"}).json["items"] == []
    repeated = create(charlie)
    assert (repeated.status_code, repeated.data) == (201, of_another_agency.data)


def test_an_erasure_deletes_large_files(
    alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    one = a_subject(alice)
    for person in (alice, charlie):
        with person.acting() as actor:
            file = ReportFile(
                user_id=actor.user_id,
                address="/api/reports/day-book.pdf",
                credential={},
                status="done",
                content=b"sealed",
                expires_at=clock.now() + timedelta(days=1),
            )
            db.session.add(file)
    erase(alice, one.party_id)
    assert dump(owner_engine, alice)["report_files"] == ""
    assert "day-book" in dump(owner_engine, charlie)["report_files"]


def _words(rows: str) -> list[str]:
    return [word for word in ("Uma Pillai", GSTIN) if word in rows]


def _store_in_clear_text(engine: sa.Engine, person: Person, key: str, body: bytes) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into idempotency_keys (tenant_id, id, caller_id, key, request_hash, kept,"
                " status, headers, body) values (:t, gen_random_uuid(), :u, :k,"
                " decode(repeat('00', 32), 'hex'), 'answer', 201, '[]', :body)"
            ),
            {"t": person.actor.tenant_id, "u": person.actor.user_id, "k": key, "body": body},
        )


def test_books_and_audit_chain_are_whole(alice: Person, app: Flask) -> None:
    one = a_subject(alice)

    def figures() -> Any:
        return alice.api.get("/reports/trial-balance").json

    before = figures()
    erase(alice, one.party_id)
    assert figures() == before
    with app.app_context():
        assert book_checks.run(alice.actor.tenant_id) == []
    with app.app_context():
        assert audit_checks.walk(alice.actor.tenant_id).ok
    with alice.acting():
        invoice = invoices.get_invoice(one.invoice_id)
        assert invoice.party_name.startswith("Person ")
        assert (invoice.total_minor, invoice.status, bool(invoice.number)) == (
            *(45_000_00, "paid", True),
        )
        assert invoice.customer_pan == PAN


def test_an_erased_party_has_no_tax_number_and_is_not_found_by_it(alice: Person) -> None:
    one = a_subject(alice)
    assert len(alice.api.get("/parties", query_string={"q": PAN}).json["items"]) == 1
    erase(alice, one.party_id)
    with alice.acting():
        party = parties.get_party(one.party_id)
        assert party.tax_number is party.tax_number_sealed is party.tax_number_digests is None
        assert party.pan is party.pan_digest is party.external_id is None
    assert alice.api.get(f"/privacy/parties/{one.party_id}/identity").json["tax_number"] == GSTIN


def test_the_other_passenger_and_other_customers_keep_their_data(
    alice: Person, owner_engine: sa.Engine
) -> None:
    one = a_subject(alice)
    other = issued(alice, customer_name="Deepa Krishnamurthy")
    pay(alice, other, 45_000_00)
    erase(alice, one.party_id)
    rows = dump(owner_engine, alice)
    assert "Rajiv Menon" in rows["trip_passengers"]
    assert "Deepa Krishnamurthy" in rows["invoices"]
    assert "Deepa Krishnamurthy" in rows["postings"]
    with alice.acting():
        assert person_keys.key_of(one.passenger_id) is None


@pytest.mark.parametrize("name", ["Tina", "Title", "Name"])
def test_an_erasure_leaves_lines_of_trips_readable(alice: Person, name: str) -> None:
    with alice.acting() as actor:
        party_id = party_service.create(actor, name=name, is_customer=True, phone="2026-12-20").id
    trip_id = a_trip(alice, title=f"{name} in Argentina")
    passenger_id = a_passenger(alice, trip_id, name)
    long = f"{'x' * 190} {name}"
    for details in (OUT, BACK, DESERT.model_copy(update={"title": long})):
        a_line(alice, trip_id, details, price="1000")
    alice.does(links.confirm, party_id, kind="passenger", record_id=passenger_id)
    alice.does(links.confirm, party_id, kind="trip", record_id=trip_id)
    before = alice.api.get(f"/trips/{trip_id}/lines").json["items"]
    erase(alice, party_id)
    after = alice.api.get(f"/trips/{trip_id}/lines").json["items"]
    changed = [new["details"] for old, new in zip(before, after, strict=True) if new != old]
    assert [one["title"][:198] for one in changed] == [f"{'x' * 190} Person "]
    assert alice.api.get(f"/trips/{trip_id}").json["title"].endswith(" in Argentina")


def test_a_plan_says_what_goes_what_stays_and_why(alice: Person) -> None:
    one = a_subject(alice)
    plan = alice.does(erasure.plan, one.party_id)
    goes = {holding.table: number for holding, number in plan.goes}
    assert (goes["chat_messages"] >= 2, goes["trip_passengers"]) == (True, 1)
    assert {"invoices", "payments", "postings"} <= {holding.table for holding, _n in plan.stays}
    assert all(holding.why for holding, _n in plan.stays)
    assert plan.blocked_by == []
    assert plan.identity_until == clock.today(alice.actor.timezone) + timedelta(days=2922)


@pytest.mark.parametrize("open_kind", ["invoice", "draft", "advance"])
def test_open_documents_prevent_an_erasure(
    alice: Person, owner_engine: sa.Engine, open_kind: str
) -> None:
    one = a_subject(alice)
    if open_kind == "invoice":
        issued(alice)
    elif open_kind == "draft":
        draft(alice)
    else:
        advance(alice, 1_000_00)
    before = seen(owner_engine, alice)
    with pytest.raises(PersonHasOpenRecords):
        erase(alice, one.party_id)
    (found,) = alice.does(erasure.plan, one.party_id).blocked_by
    assert found["kind"] == ("payment" if open_kind == "advance" else "invoice")
    assert seen(owner_engine, alice) == before


def test_an_erasure_happens_once(alice: Person) -> None:
    one = a_subject(alice)
    first = erase(alice, one.party_id)
    assert erase(alice, one.party_id, "Again") == first
    events = alice.api.get("/audit?kind=privacy.erased").json["items"]
    assert len(events) == 1
    assert [value for value in VALUES if value in json.dumps(events)] == []


def test_of_two_erasures_at_once_one_happens(alice: Person) -> None:
    one = a_subject(alice)
    with ThreadPoolExecutor(2) as pool:
        found = {*pool.map(lambda _n: erase(alice, one.party_id), range(2))}
    assert len(found) == 1
    assert len(alice.api.get("/audit?kind=privacy.erased").json["items"]) == 1


def test_a_customer_without_documents_is_erased_without_a_kept_identity(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = alice.does(
        lambda actor: party_service.create(actor, name=NAME, is_customer=True, email=MAIL).id
    )
    erase(alice, party_id)
    assert seen(owner_engine, alice) == {}
    with alice.acting():
        done = held.erasure_of(party_id)
        assert done is not None
        assert (done.identity_sealed, done.identity_until) == (None, None)
        assert parties.get_party(party_id).is_archived
    with pytest.raises(IdentityNotKept):
        alice.does(lambda actor: erasure.open_identity(keyring(alice), actor, party_id))


def test_the_identity_is_kept_for_the_tax_authority_until_its_period_is_over(
    alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    one = a_subject(alice)
    erase(alice, one.party_id)

    def opened(person: Person) -> dict[str, Any]:
        return person.does(
            lambda actor: erasure.open_identity(keyring(person), actor, one.party_id)
        )

    assert opened(alice)["name"] == NAME
    assert len(alice.api.get("/audit?kind=privacy.identity_opened").json["items"]) == 1
    with pytest.raises(Forbidden):
        opened(bob)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update erasures set identity_until = :d where party_id = :p"),
            {"d": date(2020, 1, 1), "p": one.party_id},
        )
    with alice.acting():
        assert retention.apply(("tax_identity",)) == {"tax_identity": 1}
    with pytest.raises(IdentityNotKept):
        opened(alice)


def test_who_may_not_erase(alice: Person, bob: Person, victor: Person, charlie: Person) -> None:
    one = a_subject(alice)
    for person in (bob, victor):
        with pytest.raises(Forbidden):
            erase(person, one.party_id)
        with pytest.raises(Forbidden):
            person.does(erasure.plan, one.party_id)
    with pytest.raises(PartyNotFound):
        erase(charlie, one.party_id)
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(ReasonRequired):
            erase(alice, one.party_id, reason)


def test_an_erased_person_gets_no_links(alice: Person) -> None:
    one = a_subject(alice)
    erase(alice, one.party_id)
    with pytest.raises(PersonErased):
        alice.does(links.confirm, one.party_id, kind="trip", record_id=one.trip_id)


@pytest.mark.parametrize(
    "statement",
    [
        "update postings set party_name = 'x'",
        "update postings set debit_minor = 1",
        "update journal_entries set narration = 'x'",
        "set role voyagent_eraser",
    ],
)
def test_the_program_cannot_change_the_books_by_itself(
    alice: Person, app_engine: sa.Engine, statement: str
) -> None:
    a_subject(alice)
    with pytest.raises(sa.exc.ProgrammingError), app_engine.begin() as connection:
        bound = sa.text("select set_config('app.tenant', :t, true)")
        connection.execute(bound, {"t": str(alice.actor.tenant_id)})
        connection.execute(sa.text(statement))


def test_the_function_leaves_other_agencies_alone(
    alice: Person, charlie: Person, owner_engine: sa.Engine, app_engine: sa.Engine
) -> None:
    for person in (alice, charlie):
        a_subject(person)
    before = dump(owner_engine, alice)
    with app_engine.begin() as connection:
        bound = sa.text("select set_config('app.tenant', :t, true)")
        connection.execute(bound, {"t": str(charlie.actor.tenant_id)})
        connection.execute(
            sa.text("select app.pseudonymise_party(:n, 'Person 1', array[:n])"), {"n": NAME}
        )
    assert NAME not in dump(owner_engine, charlie)["postings"]
    after = dump(owner_engine, alice)
    assert {table for table in before if table in after and before[table] != after[table]} <= {
        "procrastinate_jobs"
    }
