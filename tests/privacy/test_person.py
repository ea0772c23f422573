"""Index, links and export of everything that is held about a person."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.billing.papers import issued, pay
from tests.people import People, Person
from tests.privacy.people import GSTIN, MAIL, NAME, PAN, PHONE, VALUES, a_subject
from tests.trips.things import OUT, PASSPORT, a_line, a_passenger, a_trip, keyring
from voyagent.audit.service import recording as audit
from voyagent.chat.service import conversations as chat, turns
from voyagent.enquiries import service as enquiries
from voyagent.identity.service import trust
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.limits import long_work
from voyagent.kernel.time_limits import TimeLimit
from voyagent.parties.queries import PartyNotFound
from voyagent.parties.service import parties
from voyagent.privacy.errors import RecordNotFound, SearchesBusy, SearchTimedOut
from voyagent.privacy.models import PersonLink
from voyagent.privacy.queries import person as held
from voyagent.privacy.rules.register import BY_TABLE
from voyagent.privacy.service import erasure, exporting, links, searches


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
        enquiry_id = enquiries.create(actor, customer_name="KRISHNAN/DEEPA MRS").id
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


def test_an_export_has_no_data_of_others_from_a_conversation(alice: Person) -> None:
    """In a conversation of the person somebody asked about another customer."""
    one = a_subject(alice)
    other = "Berta Fernandes"
    with alice.acting() as actor:
        for role, blocks in (
            ("user", [{"type": "text", "text": f"Summarise the enquiry of {other}"}]),
            ("assistant", [{"type": "text", "text": f"{other}, berta@example.com"}]),
            (
                "assistant",
                [
                    {"type": "text", "text": "berta@example.com wants a window seat"},
                    {"type": "text", "text": f"The flight of {NAME} is held"},
                ],
            ),
        ):
            chat.append_message(actor, one.session_id, role=role, blocks=blocks)
    text = exported(alice, one.party_id)
    assert "is held" in text
    assert "Berta" not in text
    assert "berta@" not in text
    assert json.loads(text)["left_out"]["chat_messages"] == 2
    answer = alice.api.get(f"/privacy/parties/{one.party_id}/export")
    assert answer.json["left_out"]["chat_messages"] == 2
    pdf = alice.tab.get(f"/parties/{one.party_id}/privacy/export.pdf")
    assert pdf.data.startswith(b"%PDF")


def test_an_export_has_only_the_own_part_of_an_event(alice: Person) -> None:
    """A tool's result lists everybody, and has members named `destination`."""
    with alice.acting() as actor:
        party_id = parties.create(actor, name="Tina", is_customer=True).id
        session_id = chat.create_session(actor, title="Enquiries").id
        turn = turns.start_turn(actor, session_id, message="Show the enquiries")
        rows = [
            {"customer_name": name, "destination": "Dubai"} for name in ("Tina", "Berta Fernandes")
        ]
        turns.append_event(turn, "tool_result", tool_output={"items": rows})
    alice.does(links.confirm, party_id, kind="conversation", record_id=session_id)
    held = json.loads(exported(alice, party_id))["held"]
    (event,) = held["chat_events"]
    assert event["data"]["tool_output"]["items"] == rows[:1]
    assert "Berta" not in json.dumps(held)


def test_an_export_has_only_the_own_lines_of_a_list_in_an_answer(alice: Person) -> None:
    one = a_subject(alice)
    answer = (
        f"2 customers owe us:\n1. Berta Fernandes, INR 5.00\n2. {NAME}, INR 7.00\nShall I write?"
    )
    with alice.acting() as actor:
        blocks = [{"type": "text", "text": answer}]
        chat.append_message(actor, one.session_id, role="assistant", blocks=blocks)
    text = exported(alice, one.party_id)
    assert f"2 customers owe us:\\n…\\n2. {NAME}, INR 7.00\\nShall I write?" in text
    assert "Berta" not in text
    with alice.acting() as actor:
        blocks = [{"type": "text", "text": f"{NAME} told me:\n1. a wheelchair\n- her sister pays"}]
        chat.append_message(actor, one.session_id, role="user", blocks=blocks)
    assert "1. a wheelchair\\n- her sister pays" in exported(alice, one.party_id)


@pytest.mark.parametrize("name", ["Inputs", "Reason", ": {"])
def test_the_names_of_members_in_the_audit_are_nobodys_name(
    alice: Person, name: str, owner_engine: sa.Engine
) -> None:
    alice.api.post("/months/2026-01/close")
    alice.api.post("/months/2026-01/reopen", json={"reason": "Closed by mistake"})
    with alice.acting() as actor:
        party_id = parties.create(actor, name=name, is_customer=True).id
        found = held.links_of(party_id)
        offered = held.candidates(found)
    with owner_engine.connect() as connection:
        parts = connection.scalars(sa.text("select parts::text from audit_private")).all()
    assert any(f'"{name.lower()}"' in one or name in one for one in parts)
    assert (found.events, offered) == ([], [])


def a_companion(person: Person) -> tuple[UUID, UUID, UUID, UUID]:
    """Create a party who is a passenger and is named in records of another customer.

    Returns the ids of the party, the passenger, the trip and the enquiry.
    """
    with person.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True, email=MAIL, phone=PHONE).id
        enquiry_id = enquiries.create(
            actor,
            customer_name="Rajiv Menon",
            notes=f"Rajiv travels with Krishnan, Deepa; call 9847012345 or {MAIL.upper()}",
        ).id
    trip_id = a_trip(
        person,
        title=f"Rajiv and {NAME}",
        enquiry_id=enquiry_id,
        notes=f"Vegetarian meal for {NAME}; passport copy {PASSPORT}",
    )
    passenger_id = a_passenger(person, trip_id, NAME, passport_number=PASSPORT)
    a_passenger(person, trip_id, "Rajiv Menon", passport_number="Y7654321")
    for travellers in ([NAME, "Rajiv Menon"], ["Rajiv Menon"]):
        a_line(person, trip_id, OUT.model_copy(update={"travellers": travellers}), price="104000")
    return party_id, passenger_id, trip_id, enquiry_id


def test_records_that_name_the_person_are_offered(alice: Person) -> None:
    party_id, passenger_id, trip_id, enquiry_id = a_companion(alice)
    with alice.acting():
        offered = held.candidates(held.links_of(party_id))
    assert {(row["kind"], row["record_id"], row["reason"]) for row in offered} == {
        ("enquiry", enquiry_id, "mentioned"),
        ("trip", trip_id, "mentioned"),
        ("passenger", passenger_id, "name"),
    }


def test_conversations_whose_title_has_the_number_or_address_are_offered(alice: Person) -> None:
    one = a_subject(alice)
    with alice.acting() as actor:
        named = [
            chat.create_session(actor, title=title).id
            for title in ("Call 98470-12345", MAIL.upper())
        ]
    with alice.acting():
        offered = held.candidates(held.links_of(one.party_id))
    assert {row["record_id"] for row in offered if row["kind"] == "conversation"} == set(named)


def test_a_search_may_take_longer_than_other_statements(alice: Person) -> None:
    limit = sa.text("select extract(epoch from current_setting('statement_timeout')::interval)")
    with alice.acting() as actor:
        usual = db.session.scalar(limit)
        with searches.searching(actor, "privacy.read"):
            most = db.session.scalar(limit)
        assert usual == 5 < most <= searches.SEARCH_S
        assert db.session.scalar(limit) == usual


def test_conversations_whose_results_name_the_person_are_offered(alice: Person) -> None:
    """The text of an answer shows a few rows of a list, the result of the tool all."""
    one = a_subject(alice)
    row = {"customer": NAME.upper(), "open": "500.00"}
    with alice.acting() as actor:
        shown, other = (chat.create_session(actor).id for _ in range(2))
        for session_id, rows in ((shown, [row]), (other, [{"customer": "Deepa Menon"}])):
            blocks = [{"type": "tool_result", "tool_use_id": "t", "content": {"rows": rows}}]
            chat.append_message(actor, session_id, role="tool", blocks=blocks)
    with alice.acting():
        offered = held.candidates(held.links_of(one.party_id))
    assert [row["record_id"] for row in offered if row["kind"] == "conversation"] == [shown]
    alice.does(links.confirm, one.party_id, kind="conversation", record_id=shown)
    assert "500.00" in exported(alice, one.party_id)


def test_a_companion_is_erased_from_the_records_of_others(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id, passenger_id, trip_id, enquiry_id = a_companion(alice)
    for kind, record_id in (("passenger", passenger_id), ("enquiry", enquiry_id)):
        alice.does(links.confirm, party_id, kind=kind, record_id=record_id)
    with alice.acting():
        found = held.links_of(party_id)
    assert (found.joined, found.mentions) == ([trip_id], [enquiry_id])
    assert (found.trips, found.enquiries) == ([], [])
    rows = json.loads(exported(alice, party_id))["held"]
    (line,) = rows["trip_lines"]
    assert line["details"]["travellers"] == [NAME]
    assert "Rajiv" not in json.dumps(rows)
    alice.does(lambda actor: erasure.erase(keyring(alice), actor, party_id, reason="asked"))
    with owner_engine.connect() as connection:
        texts = " ".join(
            str(row)
            for table in ("trips", "trip_lines", "trip_passengers", "enquiries", "parties")
            for row in connection.execute(
                sa.text(f"select * from {table} where tenant_id = :t"),
                {"t": alice.actor.tenant_id},
            )
        )
    for word in (NAME, "Krishnan", "Deepa", MAIL, "9847012345", PASSPORT):
        assert word.lower() not in texts.lower(), word
    assert "Vegetarian meal for Person " in texts
    assert "Rajiv travels with Person " in texts
    assert texts.count("Rajiv Menon") >= 3, "the other customer keeps the name"


def test_an_agency_does_one_long_request_at_a_time(
    alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "WAIT_S", 0.1)
    mine, theirs = (a_subject(one).party_id for one in (alice, charlie))
    path = f"/privacy/parties/{mine}"
    calls = (
        lambda: alice.api.get(path),
        lambda: alice.api.get(f"{path}/export"),
        lambda: alice.api.post(f"{path}/erase", json={"reason": "asked"}),
    )
    with long_work.searching(alice.actor.tenant_id, SearchesBusy, 0):
        for call in calls:
            answer = call()
            assert (answer.status_code, answer.json["detail"]) == (503, "searches_busy")
            assert int(answer.headers["Retry-After"]) > 0
        assert charlie.api.get(f"/privacy/parties/{theirs}").status_code == 200
    assert alice.api.get(path).status_code == 200


def test_two_agencies_that_search_all_the_time_do_not_refuse_a_third(
    alice: Person, charlie: Person, people: People
) -> None:
    third = people.sign_up("Third Person", agency="Third Agency")
    path = f"/privacy/parties/{a_subject(third).party_id}"
    over = threading.Event()

    def search(agency: UUID) -> None:
        while not over.is_set():
            with suppress(SearchesBusy), long_work.searching(agency, SearchesBusy, 5):
                over.wait(0.3)
            over.wait(0.02)  # the third one of an agency is refused at once

    with ThreadPoolExecutor(6) as threads:
        try:
            for agency in (alice.actor.tenant_id, charlie.actor.tenant_id) * 3:
                threads.submit(search, agency)
            statuses = [third.api.get(path).status_code for _ in range(5)]
        finally:
            over.set()
    assert statuses == [200] * 5


def test_erasures_leave_a_place_to_searches(
    alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure may take longer than others wait."""
    monkeypatch.setattr(searches, "WAIT_S", 0.1)
    path = f"/privacy/parties/{a_subject(charlie).party_id}"
    with long_work.searching(alice.actor.tenant_id, SearchesBusy, 0, erases=True):
        refused = charlie.api.post(f"{path}/erase", json={"reason": "asked"})
        assert (refused.status_code, refused.json["detail"]) == (503, "searches_busy")
        assert charlie.api.get(path).status_code == 200


def test_provisional_agencies_search_one_at_a_time(
    alice: Person, charlie: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "WAIT_S", 0.1)
    paths = [f"/privacy/parties/{a_subject(one).party_id}" for one in (alice, charlie)]
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update tenants set verified_at = null where id = any(:ids)"),
            {"ids": [alice.actor.tenant_id, charlie.actor.tenant_id]},
        )
        connection.execute(
            sa.text("update users set email_verified = false where tenant_id = any(:ids)"),
            {"ids": [alice.actor.tenant_id, charlie.actor.tenant_id]},
        )
    with long_work.searching(trust.PROVISIONAL, SearchesBusy, 0):
        for person, path in zip((alice, charlie), paths, strict=True):
            assert person.api.get(path).json["detail"] == "searches_busy"
    assert charlie.api.get(paths[1]).status_code == 200


def test_a_search_that_waits_holds_no_connection_and_authenticates_again(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    path = f"/privacy/parties/{a_subject(alice).party_id}"
    with app.app_context():
        pool = db.engine.pool
    before = pool.checkedout()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as thread:
        with long_work.searching(alice.actor.tenant_id, SearchesBusy, 0):
            waiting = thread.submit(alice.api.get, path)
            time.sleep(0.5)
            assert not waiting.done()
            assert pool.checkedout() == before  # type: ignore[attr-defined]
            with owner_engine.begin() as connection:
                connection.execute(
                    sa.text("update users set role = 'viewer' where id = :id"),
                    {"id": alice.actor.user_id},
                )
        assert waiting.result(timeout=10).status_code == 403


@pytest.mark.parametrize("has_enquiry", [True, False])
def test_a_trip_that_two_customers_pay_for_is_not_taken_from_the_other(
    alice: Person, owner_engine: sa.Engine, has_enquiry: bool
) -> None:
    """Each has an invoice for the trip, which belongs to Bella if it has her enquiry."""
    with alice.acting() as actor:
        ids = [
            parties.create(actor, name=name, is_customer=True).id
            for name in (NAME, "Bella Fernandes")
        ]
        enquiry_id = enquiries.create(
            actor, customer_name="Bella Fernandes", notes=f"Bella eats no nuts; with {NAME}"
        ).id
    with alice.acting() as actor:
        _enquiry, session_id = enquiries.promote(actor, enquiry_id)
        blocks = [{"type": "text", "text": "Bella wants a sea view"}]
        chat.append_message(actor, session_id, role="user", blocks=blocks)
    refs = {"enquiry_id": enquiry_id, "session_id": session_id} if has_enquiry else {}
    trip_id = a_trip(alice, title=f"Bella and {NAME}", notes="Bella pays the hotel", **refs)
    refs |= {"trip_id": trip_id}
    for name in ("Bella Fernandes", NAME):
        pay(alice, issued(alice, customer_name=name, **refs), 45_000_00)
    with alice.acting():
        mine, hers = (held.links_of(one) for one in ids)
        offered = {(row["kind"], row["reason"]) for row in held.candidates(mine)}
    assert (mine.enquiries, mine.trips, mine.conversations) == ([], [], [])
    assert mine.joined == [trip_id]
    assert mine.mentions == ([enquiry_id] if has_enquiry else [])
    if has_enquiry:
        assert (hers.enquiries, hers.trips, hers.conversations) == (
            *([enquiry_id], [trip_id], [session_id]),
        )
        assert offered == {("enquiry", "invoice"), ("conversation", "invoice")}
    rows = json.loads(exported(alice, ids[0]))["held"]
    assert "Bella" not in json.dumps({**rows, "trips": []})
    assert "hotel" not in json.dumps(rows)
    alice.does(lambda actor: erasure.erase(keyring(alice), actor, ids[0], reason="asked"))
    trip = alice.api.get(f"/trips/{trip_id}").json
    assert trip["notes"] == "Bella pays the hotel"
    assert trip["title"].startswith("Bella and Person ")
    assert alice.api.get(f"/chat/sessions/{session_id}").status_code == 200
    enquiry = alice.api.get(f"/enquiries/{enquiry_id}").json
    assert enquiry["customer_name"] == "Bella Fernandes"
    assert enquiry["notes"].startswith("Bella eats no nuts; with ")
    assert (NAME in enquiry["notes"]) is not has_enquiry


def test_an_enquiry_billed_to_a_firm_stays_the_customers(alice: Person) -> None:
    one = a_subject(alice, confirmed=False)
    with alice.acting() as actor:
        firm_id = parties.create(actor, name="Acme Ltd", is_customer=True).id
    billed = {"enquiry_id": one.enquiry_id, "session_id": one.session_id}
    pay(alice, issued(alice, customer_name="Acme Ltd", **billed), 45_000_00)
    with alice.acting():
        firm, person = held.links_of(firm_id), held.links_of(one.party_id)
    assert (firm.mentions, firm.enquiries, firm.conversations) == ([one.enquiry_id], [], [])
    assert (person.enquiries, person.conversations) == ([one.enquiry_id], [one.session_id])
    for kind, record_id in (("enquiry", one.enquiry_id), ("conversation", one.session_id)):
        alice.does(links.confirm, firm_id, kind=kind, record_id=record_id)
    with alice.acting():
        firm = held.links_of(firm_id)
        assert held.candidates(firm) == []
    assert (firm.mentions, firm.enquiries, firm.conversations) == (
        *([one.enquiry_id], [], [one.session_id]),
    )


def test_a_confirmed_enquiry_under_another_name_is_taken(alice: Person) -> None:
    with alice.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True).id
        enquiry_id = enquiries.create(actor, customer_name="Mrs K").id
    issued(alice, customer_name=NAME, enquiry_id=enquiry_id)
    with alice.acting():
        assert held.links_of(party_id).mentions == [enquiry_id]
    alice.does(links.confirm, party_id, kind="enquiry", record_id=enquiry_id)
    with alice.acting():
        found = held.links_of(party_id)
    assert (found.mentions, found.enquiries) == ([], [enquiry_id])


def test_a_conversation_with_invoices_of_several_customers_is_nobodys(alice: Person) -> None:
    with alice.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True).id
        shared, own = (chat.create_session(actor).id for _ in range(2))
    for name, session_id in ((NAME, shared), ("Bella Fernandes", shared), (NAME, own)):
        issued(alice, customer_name=name, session_id=session_id)
    with alice.acting():
        found = held.links_of(party_id)
        offered = held.candidates(found)
    assert found.conversations == [own]
    assert [(row["record_id"], row["reason"]) for row in offered] == [(shared, "invoice")]


def with_enquiries(person: Person, number: int, lengthened: int = 0) -> UUID:
    """Create a customer with linked enquiries under other names, which may be long."""
    with person.acting() as actor:
        party_id = parties.create(actor, name="Small Desk", is_customer=True, email=MAIL).id
        for one in range(number):
            word = "".join(chr(97 + int(digit)) for digit in f"{one * 7_919 + 10_007}")
            enquiry = enquiries.create(
                actor,
                customer_name=f"Q{word} Kumari {'é' * lengthened}{word[::-1]}",
                customer_email=MAIL,
                customer_phone=f"+91 98{one:08}",
            )
            link = {"party_id": party_id, "kind": "enquiry", "record_id": enquiry.id}
            db.session.add(PersonLink(**link, confirmed_by_user_id=actor.user_id))
    return party_id


@pytest.mark.parametrize("linked", [11, 34])
def test_many_names_are_searched_in_many_texts_in_little_time(alice: Person, linked: int) -> None:
    """PostgreSQL keeps 32 compiled expressions; it compiles others for every row."""
    party_id = with_enquiries(alice, linked)
    with alice.acting() as actor:
        for one in range(2_000):
            audit.record(
                actor, "account.changed", private={"name": f"Odd costs {one}, paid in spring"}
            )
    begun = time.monotonic()
    with alice.acting():
        links = held.links_of(party_id)
        last = f"Call +91 98{linked - 1:08} today"
        texts = (*(f"The text {one} names nobody" for one in range(2_000)), last)
        assert held.texts_about(links, texts) == {last}
    assert time.monotonic() - begun < 15
    assert len(links.enquiries) == linked


def test_many_long_names_are_searched_as_far_as_there_is_space(alice: Person) -> None:
    """The memory for an expression grows with the square of its size."""
    party_id = with_enquiries(alice, 60, lengthened=200)
    with alice.acting() as actor:
        for one in range(2_000):
            audit.record(actor, "account.changed", private={"name": f"Odd costs {one}, Kumari"})
    path = f"/privacy/parties/{party_id}"
    found = alice.api.get(path)
    assert found.status_code == 200, found.text
    listed = [row for row in found.json["unreplaced"] if row["kind"] == "enquiry"]
    assert 0 < len(listed) < 45
    assert all(row["title"].startswith("Q") for row in listed)
    assert alice.api.get(f"{path}/export").status_code == 200
    erased = alice.api.post(f"{path}/erase", json={"reason": "asked"})
    assert erased.status_code == 200, erased.text
    assert alice.api.get(path).json["unreplaced"] == []


def test_a_search_that_takes_too_long_has_an_error_of_its_own(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    party_id = with_enquiries(alice, 1)
    monkeypatch.setattr(searches, "SEARCH_S", 0.05)
    monkeypatch.setattr(
        held, "_documents", lambda _key: db.session.execute(sa.text("select pg_sleep(1)"))
    )
    monkeypatch.setattr(searches, "_refuse", lambda _agency, **_erases: None)
    path = f"/privacy/parties/{party_id}"
    calls = (
        lambda: alice.api.get(path),
        lambda: alice.api.get(f"{path}/export"),
        lambda: alice.api.post(f"{path}/erase", json={"reason": "asked"}),
    )
    for call in calls:
        answer = call()
        assert (answer.status_code, answer.json["detail"]) == (503, "search_timed_out")
    page = alice.tab.get(f"/parties/{party_id}/privacy")
    assert page.status_code == 503
    assert "took too long" in page.text


def test_the_statements_of_a_search_share_its_time(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "SEARCH_S", 0.3)
    begun = time.monotonic()
    with (
        alice.acting() as actor,
        pytest.raises(SearchTimedOut),
        searches.searching(actor, "privacy.read"),
    ):
        for _ in range(200):
            db.session.execute(sa.text("select pg_sleep(0.05)"))
    assert time.monotonic() - begun < 5


def test_an_agency_whose_search_took_too_long_waits(
    alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = (
        f"/privacy/parties/{a_subject(one, confirmed=False).party_id}" for one in (alice, charlie)
    )

    def search() -> tuple[int, str | None]:
        answer = alice.api.get(mine)
        return answer.status_code, answer.headers.get("Retry-After")

    def erase() -> tuple[int, str | None]:
        answer = alice.api.post(f"{mine}/erase", json={"reason": "asked"})
        return answer.status_code, answer.headers.get("Retry-After")

    def later(seconds: int) -> None:
        for key in [one for one in searches.refused_until if one[0] == alice.actor.tenant_id]:
            searches.refused_until[key] -= seconds

    with monkeypatch.context() as slow:
        slow.setattr(searches, "SEARCH_S", 0)
        assert search() == (503, "60")
    assert search() == (503, "60")
    assert charlie.api.get(theirs).status_code == 200
    later(60)
    assert search()[0] == 200
    with monkeypatch.context() as slow:
        slow.setattr(searches, "SEARCH_S", 0)
        assert erase() == (503, "600")
    assert (search(), erase()) == ((503, "60"), (503, "600"))
    later(60)
    assert (search()[0], erase()) == (200, (503, "540"))
    later(540)
    assert erase()[0] == 200


def test_the_changes_of_an_erasure_have_time_of_their_own(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = a_subject(alice)
    allowed: list[float] = []
    restart = TimeLimit.restart

    def note(limit: TimeLimit, seconds: float) -> None:
        allowed.append(seconds)
        restart(limit, seconds)

    monkeypatch.setattr(TimeLimit, "restart", note)
    alice.does(lambda actor: erasure.erase(keyring(alice), actor, one.party_id, reason="asked"))
    assert allowed[-2:] == [searches.SEARCH_S, erasure.ERASE_S]


def test_two_agencies_with_slow_searches_do_not_refuse_a_third(
    alice: Person, charlie: Person, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their searches end before a waiting caller gives up."""
    assert searches.SEARCH_S < searches.WAIT_S
    third = people.sign_up("Third Person", agency="Third Agency")
    path = f"/privacy/parties/{a_subject(third, confirmed=False).party_id}"
    over = threading.Event()
    monkeypatch.setattr(searches, "SEARCH_S", 1.0)

    def search(person: Person) -> None:
        while not over.is_set():
            with (
                suppress(SearchesBusy, SearchTimedOut),
                person.acting() as actor,
                searches.searching(actor, "privacy.read"),
            ):
                while True:
                    db.session.execute(sa.text("select pg_sleep(0.1)"))
            over.wait(0.1)

    with ThreadPoolExecutor(4) as threads:
        try:
            for person in (alice, charlie) * 2:
                threads.submit(search, person)
            answers = [third.api.get(path).json for _ in range(3)]
        finally:
            over.set()
    assert "searches_busy" not in [answer.get("detail") for answer in answers]
