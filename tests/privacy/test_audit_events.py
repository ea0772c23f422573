"""The events of the audit log whose personal text is about a person."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import issued
from tests.people import Person
from tests.privacy.test_erasure import a_write_off, dump, erase
from voyagent.audit.service import recording as audit
from voyagent.enquiries import service as enquiries
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.parties.service import parties
from voyagent.privacy.queries import person as held
from voyagent.privacy.service import searches

MANY = sa.text("""
select app.audit((
  select jsonb_agg(jsonb_build_object(
           'id', gen_random_uuid(), 'actor_kind', 'system', 'channel', 'system',
           'kind', 'proposal.made', 'status', 'succeeded',
           'entity_refs', jsonb_build_object('session_id', gen_random_uuid()),
           'private', jsonb_build_object('inputs', jsonb_build_object(
             'summary', 'Draft an invoice for Customer ' || n,
             'arguments', jsonb_build_object(
               'due_date', '2026-12-15', 'enquiry_id', gen_random_uuid(), 'currency', 'INR',
               'invoice_id', (cast(:ids as text[]))[n])))))
    from generate_series(cast(:first as int), cast(:last as int)) n))
""")


def a_party(person: Person, name: str, **values: Any) -> UUID:
    with person.acting() as actor:
        return parties.create(actor, name=name, is_customer=True, **values).id


def texts(engine: sa.Engine, person: Person) -> str:
    return dump(engine, person)["audit_private"]


def test_a_word_of_an_event_does_not_make_it_the_persons(
    alice: Person, drain: Any, owner_engine: sa.Engine
) -> None:
    names = ("INR", "Innocent", "80.00", "Favour to a friend", "India")
    a_write_off(alice, drain)
    with alice.acting() as actor:
        for name in names:
            enquiries.create(actor, customer_name="Rajiv Menon", origin="India", destination=name)
            audit.record(actor, "month.reopened", private={"reason": name})
    parties_named = [
        a_party(alice, name, address="Favour to a friend", phone="0008000") for name in names
    ]
    before = texts(owner_engine, alice)
    for name, party_id in zip(names, parties_named, strict=True):
        with alice.acting():
            assert held.links_of(party_id).events == [], name
        erase(alice, party_id)
        assert texts(owner_engine, alice) == before, name


def test_another_spelling_of_the_name_of_a_customer_is_that_customer(
    alice: Person, drain: Any
) -> None:
    issued(alice, customer_name="John Smithson")
    with alice.acting() as actor:
        enquiries.create(actor, customer_name="John Smithson", notes="n", origin="COK")
        arguments = {"customer_name": "JOHN SMITHSON", "currency": "INR"}
        audit.record(actor, "proposal.made", private={"arguments": arguments})
    a_party(alice, "John Smithson")
    party_id = a_party(alice, "Mr. John Smithson")
    with alice.acting():
        assert held.links_of(party_id).events == []


def test_an_id_of_the_person_in_the_reason_of_an_act_about_others_takes_nothing(
    alice: Person, drain: Any
) -> None:
    _session_id, invoice_id = a_write_off(alice, drain)
    party_id = a_party(alice, "Quentin Throwaway")
    with alice.acting() as actor:
        for reason in (f"Favour {party_id}", str(party_id)):
            refs = {"invoice_id": invoice_id}
            audit.record(actor, "invoice.write_off", entity_refs=refs, private={"reason": reason})
    with alice.acting():
        assert held.links_of(party_id).events == []


def test_an_act_for_a_deleted_record_is_the_persons_if_a_member_names_the_person(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = a_party(alice, "Deepa Krishnan", email="deepa.k@example.com")
    with alice.acting() as actor:
        for arguments in (
            {"customer_name": "KRISHNAN, Deepa"},
            {"customer_email": "Deepa.K@example.com", "customer_name": "D."},
            {"services": [{"travellers": ["Rajiv Menon", "Deepa Krishnan"]}]},
            {"customer_name": "Deepa Krishnan Menon"},
        ):
            refs = {"enquiry_id": new_id()}
            private = {"arguments": arguments | {"notes": "walnuts"}}
            audit.record(actor, "proposal.made", entity_refs=refs, private=private)
    with alice.acting():
        assert len(held.links_of(party_id).own_events) == 3
    erase(alice, party_id)
    assert texts(owner_engine, alice).count("walnuts") == 1


def test_thousands_of_documents_are_found_in_many_events_in_little_time(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    party_id = a_party(alice, "Frequent Flyer")
    ids = [str(new_id()) for _ in range(2_000)]
    monkeypatch.setattr(held, "_documents", lambda _key: ids)
    monkeypatch.setattr(searches, "SEARCH_S", 40.0)  # other tests load the machine meanwhile
    for first in range(1, 20_000, 2_000):
        with alice.acting():
            db.session.execute(MANY, {"ids": ids, "first": first, "last": first + 1_999})
    begun = time.monotonic()
    for path in ("", "/export"):
        answer = alice.api.get(f"/privacy/parties/{party_id}{path}")
        assert answer.status_code == 200, answer.text
    assert time.monotonic() - begun < 40
    assert len(answer.json["held"]["audit_private"]) == len(ids)
