"""A person who is named in the documents, payments and entries of somebody else."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.billing.papers import write_off
from tests.people import Person
from tests.privacy.people import MAIL, NAME, PHONE
from tests.privacy.test_erasure import dump, erase
from tests.privacy.test_person import exported
from tests.trips.things import a_line, a_trip
from voyagent.audit.service import checks as audit_checks
from voyagent.enquiries import service as enquiries
from voyagent.ledger.service.direct import WRITTEN
from voyagent.parties.service import parties
from voyagent.privacy.errors import RecordNotAboutPerson, RecordNotFound
from voyagent.privacy.queries import person as held
from voyagent.privacy.rules.register import _WRITTEN, BOOKS, HOLDINGS, MENTIONS, RECORDS
from voyagent.privacy.service import links
from voyagent.reports.queries import checks as book_checks

EMPLOYER = "Employer Corp"
TICKET = f"Ticket for {NAME}"
LATER = {"service_date": "2027-01-10"}


def made(person: Person, path: str, **body: Any) -> dict[str, Any]:
    answer = person.api.post(path, json=body)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json
    return found


def a_traveller(person: Person) -> UUID:
    return person.does(
        lambda actor: parties.create(actor, name=NAME, is_customer=True, email=MAIL, phone=PHONE).id
    )


def lines_of(price: str) -> list[dict[str, Any]]:
    return [{"description": TICKET, "quantity": 1, "unit_price": price}]


def named_everywhere(person: Person) -> dict[str, UUID]:
    """Name the traveller in every free text of others; return a record per kind."""
    on: dict[str, Any] = {"issue_date": "2026-11-02", "currency": "INR"}
    invoice = made(
        person,
        "/invoices",
        customer_name=EMPLOYER,
        notes=f"Traveller {NAME} {MAIL}",
        party_reference=f"PO of {NAME}",
        line_items=lines_of("500.00"),
        **on,
    )["id"]
    made(person, f"/invoices/{invoice}/issue")
    made(
        person,
        f"/invoices/{invoice}/receipts",
        amount="100.00",
        reference=f"paid by {NAME}",
        instrument_no=f"A {NAME}",
        instrument_bank=f"Bank of {NAME}",
        tds_amount="1.00",
        tds_section="194H",
        tds_certificate=f"T {NAME}",
    )
    (payment,) = person.api.get("/payments").json["items"]
    credit = made(
        person,
        "/credit-notes",
        invoice_id=invoice,
        reason=f"{NAME} did not fly",
        lines=[{"line_no": 1, "amount": "50.00"}],
    )["id"]
    write_off(person, UUID(invoice), 20_00, on=date(2026, 11, 2), reason=f"{NAME} left the firm")
    bill = made(
        person,
        "/bills",
        vendor_name="Airline X",
        vendor_reference=f"TKT {NAME}",
        notes=f"{NAME}, {PHONE}",
        line_items=lines_of("400.00"),
        **on,
    )["id"]
    made(person, f"/bills/{bill}/receive")
    supplier_credit = made(
        person,
        "/supplier-credits",
        bill_id=bill,
        vendor_reference=f"CN {NAME}",
        reason=f"{NAME} cancelled",
        lines=[{"line_no": 1, "amount": "40.00"}],
    )["id"]
    later = made(
        person,
        "/invoices",
        customer_name=EMPLOYER,
        line_items=[{"description": "Stay", "quantity": 1, "unit_price": "70.00"} | LATER],
        **on,
    )["id"]
    made(person, f"/invoices/{later}/issue")
    # All of it is kept, so that no credit note has the reason too.
    cancelled = {
        "reason": f"{NAME} is ill",
        "cancelled_on": "2026-11-02",
        "lines": [{"line_no": 1, "kept": "70.00"}],
    }
    path = f"/invoices/{later}/cancellations"
    seen = made(person, f"{path}/preview", **cancelled)["preview_hash"]
    cancellation = made(person, path, preview_hash=seen, **cancelled)["id"]
    other = made(
        person,
        "/parties",
        name="Employer Two",
        is_customer=True,
        notes=f"HR contact: {NAME} {MAIL} {PHONE}",
    )["id"]
    accounts = person.api.get("/accounts").json["items"]
    cash, sales = (
        next(one["id"] for one in accounts if one["purpose"] == purpose)
        for purpose in ("bank", "bad_debts")
    )
    entry = made(
        person,
        "/journal-entries",
        narration=f"Adjust {NAME}",
        lines=[
            {
                "account_id": sales,
                "currency": "INR",
                "debit_amount": "1.00",
                "narration": f"for {NAME}",
            },
            {"account_id": cash, "currency": "INR", "credit_amount": "1.00"},
        ],
    )["id"]
    return {
        kind: UUID(str(found))
        for kind, found in {
            "invoice": invoice,
            "payment": payment["id"],
            "credit_note": credit,
            "bill": bill,
            "supplier_credit": supplier_credit,
            "cancellation": cancellation,
            "party": other,
            "journal_entry": entry,
        }.items()
    }


def offered(person: Person, party_id: UUID) -> set[tuple[str, UUID, str]]:
    with person.acting():
        rows = held.candidates(held.links_of(party_id))
    return {(row["kind"], row["record_id"], row["reason"]) for row in rows}


def link_all(person: Person, party_id: UUID, records: dict[str, UUID]) -> None:
    for kind, record_id in records.items():
        person.does(links.confirm, party_id, kind=kind, record_id=record_id)


def test_documents_of_others_that_name_the_person_are_offered_and_never_taken(
    alice: Person, charlie: Person
) -> None:
    party_id, records = a_traveller(alice), named_everywhere(alice)
    named_everywhere(charlie)
    assert offered(alice, party_id) == {(*pair, "mentioned") for pair in records.items()}
    assert records.keys() == RECORDS.keys()
    listed = alice.api.get(f"/privacy/parties/{party_id}").json
    assert {row["kind"] for row in listed["candidates"]} == RECORDS.keys()
    assert [row["table"] for row in listed["held"]] == ["parties"]
    page = alice.tab.get(f"/parties/{party_id}/privacy").text
    assert page.count('name="kind"') == len(records), "each can be confirmed"
    link_all(alice, party_id, records)
    assert offered(alice, party_id) == set()
    assert "Employer Two" in alice.tab.get(f"/parties/{party_id}/privacy").text


def test_an_erasure_replaces_the_person_in_the_documents_of_others(
    alice: Person, app: Flask, owner_engine: sa.Engine
) -> None:
    party_id, records = a_traveller(alice), named_everywhere(alice)
    balances = alice.api.get("/reports/trial-balance").json
    link_all(alice, party_id, records)
    erase(alice, party_id)
    rows = dump(owner_engine, alice)
    found = {
        table: word
        for table, text in rows.items()
        for word in (NAME, MAIL, "98470 12345", "walnuts")
        if word.lower() in text.lower()
    }
    assert found == {}
    assert "Ticket for Person " in rows["invoice_lines"]
    assert "TKT Person " in rows["bills"]
    assert "paid by Person " in rows["payments"]
    assert EMPLOYER in rows["invoices"], "the other customer keeps the name"
    assert alice.api.get("/reports/trial-balance").json == balances
    with app.app_context():
        assert book_checks.run(alice.actor.tenant_id) == []
    with app.app_context():
        assert audit_checks.walk(alice.actor.tenant_id).ok


def test_what_is_not_confirmed_stays(alice: Person, owner_engine: sa.Engine) -> None:
    party_id, records = a_traveller(alice), named_everywhere(alice)
    link_all(alice, party_id, {"invoice": records["invoice"]})
    erase(alice, party_id)
    rows = dump(owner_engine, alice)
    assert NAME not in rows["invoices"] + rows["invoice_lines"]
    assert TICKET in rows["bill_lines"]
    assert f"Adjust {NAME}" in rows["journal_entries"]


def test_an_export_has_the_texts_that_name_the_person_and_no_others(alice: Person) -> None:
    party_id = a_traveller(alice)
    invoice = made(
        alice,
        "/invoices",
        customer_name=EMPLOYER,
        issue_date="2026-11-02",
        currency="INR",
        notes="Rajiv Menon pays",
        line_items=[*lines_of("500.00"), {**lines_of("1")[0], "description": "For Rajiv Menon"}],
    )["id"]
    alice.does(links.confirm, party_id, kind="invoice", record_id=UUID(invoice))
    rows = json.loads(exported(alice, party_id))["held"]
    assert rows["invoice_lines"] == [{"description": TICKET}]
    assert "invoices" not in rows
    assert "Rajiv" not in json.dumps(rows)
    assert EMPLOYER not in json.dumps(rows)
    counted = {row["table"]: row["rows"] for row in made_index(alice, party_id)["held"]}
    assert (counted["invoice_lines"], counted.get("invoices")) == (1, None)


def made_index(person: Person, party_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = person.api.get(f"/privacy/parties/{party_id}").json
    return found


def test_a_person_without_documents_has_no_kept_identity(alice: Person) -> None:
    party_id, records = a_traveller(alice), named_everywhere(alice)
    link_all(alice, party_id, records)
    assert made_index(alice, party_id)["identity_until"] is None


def test_a_booking_number_that_names_the_person_is_found_and_erased(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = a_traveller(alice)
    other = alice.does(lambda actor: enquiries.create(actor, customer_name="Rajiv Menon").id)
    trip_id = a_trip(alice, title="Group", enquiry_id=other)
    a_line(alice, trip_id, supplier=f"Booked for {NAME}", supplier_ref=f"REF {NAME}")
    assert offered(alice, party_id) == {("trip", trip_id, "mentioned")}
    alice.does(links.confirm, party_id, kind="trip", record_id=trip_id)
    (line,) = json.loads(exported(alice, party_id))["held"]["trip_lines"]
    assert (line["supplier_ref"], line.get("details")) == (f"REF {NAME}", None)
    erase(alice, party_id)
    rows = dump(owner_engine, alice)["trip_lines"]
    assert NAME not in rows
    assert "REF Person " in rows


def test_personal_text_of_events_about_linked_records_is_erased(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id, records = a_traveller(alice), named_everywhere(alice)
    events = "audit_private"
    assert f"{NAME} did not fly" in dump(owner_engine, alice)[events]
    link_all(alice, party_id, {"credit_note": records["credit_note"]})
    erase(alice, party_id)
    rows = dump(owner_engine, alice)[events]
    assert f"{NAME} did not fly" not in rows
    assert f"{NAME} cancelled" in rows, "the supplier credit is not linked"


def test_free_texts_of_acts_without_a_record_of_the_person_are_erased(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = a_traveller(alice)
    made(alice, "/months/2026-01/close")
    made(alice, "/months/2026-01/reopen", reason=f"Booking of {NAME}")
    account = made(alice, "/accounts", code="2890", name=f"Deposits {NAME}", type="liability")
    alice.api.patch(f"/accounts/{account['id']}", json={"name": "Deposits"})
    for text in (f"VIP {NAME}", None):
        alice.api.patch("/tenant-settings", json={"system_prompt_suffix": text})
    found = offered(alice, party_id)
    assert [(kind, reason) for kind, _id, reason in found] == [("audit_event", "mentioned")] * 5
    assert NAME not in dump(owner_engine, alice)["audit_events"]
    for kind, record_id, _reason in found:
        alice.does(links.confirm, party_id, kind=kind, record_id=record_id)
    assert offered(alice, party_id) == set()
    assert f"Booking of {NAME}" in exported(alice, party_id)
    erase(alice, party_id)
    assert [table for table, rows in dump(owner_engine, alice).items() if NAME in rows] == []


def test_a_party_is_not_linked_to_itself_and_records_of_others_stay_apart(
    alice: Person, charlie: Person
) -> None:
    party_id, strange = a_traveller(alice), named_everywhere(charlie)
    with pytest.raises(RecordNotFound):
        alice.does(links.confirm, party_id, kind="party", record_id=party_id)
    for kind, record_id in strange.items():
        with pytest.raises(RecordNotFound):
            alice.does(links.confirm, party_id, kind=kind, record_id=record_id)


def test_a_record_that_does_not_name_the_person_is_not_confirmed(
    alice: Person, owner_engine: sa.Engine
) -> None:
    records = named_everywhere(alice)
    made(alice, "/months/2026-01/close")
    made(alice, "/months/2026-01/reopen", reason="Closed by mistake")
    with owner_engine.connect() as connection:
        event = "select id from audit_events where kind = 'month.reopened' and tenant_id = :t"
        records["audit_event"] = connection.scalar(sa.text(event), {"t": alice.actor.tenant_id})
    with alice.acting() as actor:
        party_id = parties.create(
            actor, name="Quentin Throwaway", is_customer=True, address=f"Adjust {NAME}, {TICKET}"
        ).id
    path = f"/privacy/parties/{party_id}/links"
    for kind in (*RECORDS, "audit_event"):
        with pytest.raises(RecordNotAboutPerson):
            alice.does(links.confirm, party_id, kind=kind, record_id=records[kind])
        answer = alice.api.post(path, json={"kind": kind, "record_id": str(records[kind])})
        assert (answer.status_code, answer.json["detail"]) == (422, "record_not_about_person"), kind


def test_the_address_of_the_person_stays_in_records_of_others(
    alice: Person, owner_engine: sa.Engine
) -> None:
    address = "Seat by the window"
    with alice.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True, address=address).id
        enquiry = enquiries.create(actor, customer_name="Rajiv Menon", notes=f"{NAME}, {address}")
        enquiry_id = enquiry.id
    trip_id = a_trip(alice, title="Group", enquiry_id=enquiry_id, notes=f"{NAME}, {address}")
    a_line(alice, trip_id, supplier=f"{address} of {NAME}")
    invoice = made(
        alice,
        "/invoices",
        customer_name=EMPLOYER,
        notes=f"With {NAME}",
        issue_date="2026-11-02",
        currency="INR",
        line_items=[{"description": address, "quantity": 1, "unit_price": "500.00"}],
    )["id"]
    records = {"invoice": UUID(invoice), "enquiry": enquiry_id, "trip": trip_id}
    link_all(alice, party_id, records)
    assert "invoice_lines" not in json.loads(exported(alice, party_id))["held"]
    erase(alice, party_id)
    rows = dump(owner_engine, alice)
    assert [table for table, words in rows.items() if NAME in words] == []
    for table in ("invoice_lines", "enquiries", "trips", "trip_lines"):
        assert address in rows[table]


def test_addresses_of_another_party_that_name_the_person_are_found(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id, address = a_traveller(alice), f"c/o {NAME}, 12 Quay Street"
    main = made(alice, "/parties", name=EMPLOYER, is_customer=True, address=address)["id"]
    further = made(alice, "/parties", name="Employer Two", is_customer=True)["id"]
    made(alice, f"/parties/{further}/addresses", kind="office", lines=address, city=f"At {NAME}")
    pairs = {("party", UUID(main)), ("party", UUID(further))}
    assert {row[:2] for row in offered(alice, party_id)} == pairs
    for kind, record_id in pairs:
        link_all(alice, party_id, {kind: record_id})
    (shown,) = json.loads(exported(alice, party_id))["held"]["party_addresses"]
    assert shown["lines"] == address
    erase(alice, party_id)
    rows = dump(owner_engine, alice)
    assert [table for table, words in rows.items() if NAME in words] == []
    assert "12 Quay Street" in rows["party_addresses"]
    assert "12 Quay Street" in rows["parties"]


def test_of_two_confirmations_at_once_one_counts(alice: Person) -> None:
    party_id, records = a_traveller(alice), named_everywhere(alice)

    def confirm(_n: int) -> bool:
        return alice.does(links.confirm, party_id, kind="invoice", record_id=records["invoice"])

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, range(2))) == [False, True]


def test_every_free_text_of_the_books_can_be_found() -> None:
    """A new table with free text needs a mention in the register, or a name here."""
    roll_ups = {"ageing_by_party", "party_open_balances", "advances_by_party"}
    own_steps = {"trips", "trip_lines", "party_merges"}
    records_of_privacy = {"person_links"}
    files = {"kept_papers"}  # deleted when a text of their document changes
    no_text = {"party_tax_numbers"}
    books = {one.table for one in HOLDINGS if one.retention == BOOKS and one.linked}
    mentioned = {one.table for one, _mention in MENTIONS}
    assert books - mentioned == roll_ups | own_steps | records_of_privacy | files | no_text
    for holding, mention in MENTIONS:
        assert set(mention.texts + mention.shown) <= set(holding.columns), holding.table
    assert all(f"'{one}'" in _WRITTEN for one in WRITTEN)


def test_the_eraser_may_change_exactly_the_registered_texts(owner_engine: sa.Engine) -> None:
    statement = sa.text("select has_column_privilege('voyagent_eraser', :t, :c, 'update')")
    with owner_engine.connect() as connection:
        for holding, mention in MENTIONS:
            for column in mention.texts:
                allowed = connection.scalar(statement, {"t": holding.table, "c": column})
                assert allowed is mention.posted, (holding.table, column)


@pytest.mark.parametrize(
    ("target", "column"),
    [("postings", "party_name"), ("postings", "currency"), ("users", "email")],
)
def test_the_function_replaces_words_in_free_texts_only(
    alice: Person, app_engine: sa.Engine, target: str, column: str
) -> None:
    with pytest.raises(sa.exc.DBAPIError), app_engine.begin() as connection:
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"),
            {"t": str(alice.actor.tenant_id)},
        )
        connection.execute(
            sa.text(
                "select app.replace_words(:t, array[:c], 'tenant_id', array[cast(:i as uuid)],"
                " array['INR'], 'x')"
            ),
            {"t": target, "c": column, "i": alice.actor.tenant_id},
        )


def test_confirmed_documents_keep_no_spelling_of_the_person(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = a_traveller(alice)
    first, last = NAME.split()
    names = (f"{first}  {last}", f"{first}\n{last}", f"{first} M. {last}", f"{last},{first}")
    ids = [
        made(
            alice,
            "/invoices",
            customer_name=EMPLOYER,
            notes=f"Seat of {word} by the window",
            issue_date="2026-11-02",
            currency="INR",
            line_items=[{"description": "Seat", "quantity": 1, "unit_price": "500.00"}],
        )["id"]
        for word in (*names, "(98470) 12345", "98470.12345")
    ]
    assert {row[1] for row in offered(alice, party_id)} == {UUID(one) for one in ids}
    for invoice_id in ids:
        link_all(alice, party_id, {"invoice": UUID(invoice_id)})
    with alice.acting():
        counted = {one.table: n for one, n in held.counts(held.links_of(party_id))}
    assert counted["invoices"] == len(ids)
    assert exported(alice, party_id).count("by the window") == len(ids)
    erase(alice, party_id)
    rows = dump(owner_engine, alice)["invoices"]
    assert [word for word in (first, last, "98470", "12345") if word in rows] == []
    assert rows.count("by the window") == len(ids)


NICKNAME = "Deepa (Dee) Krishnan"


def test_records_whose_texts_an_erasure_does_not_change_are_listed(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id, records = a_traveller(alice), named_everywhere(alice)
    enquiry = made(alice, "/enquiries", customer_name=EMPLOYER, notes=f"for {NAME}")["id"]
    theirs = made(alice, "/enquiries", customer_name=EMPLOYER)["id"]
    trip_id = a_trip(alice, title="Offsite", enquiry_id=UUID(theirs), notes=f"with {NAME}")
    records |= {"enquiry": UUID(enquiry), "trip": trip_id}
    link_all(alice, party_id, records)
    path = f"/privacy/parties/{party_id}"
    assert alice.api.get(path).json["unreplaced"] == []
    with owner_engine.begin() as connection:
        for statement in _renamed():
            connection.execute(sa.text(statement), {"name": NAME, "nickname": NICKNAME})
    found = alice.api.get(path).json
    assert {(row["kind"], row["record_id"]) for row in found["unreplaced"]} == {
        (kind, str(record_id)) for kind, record_id in records.items()
    }
    page = alice.tab.get(f"/parties/{party_id}/privacy/erase").text
    assert "Offsite" in page


def test_own_records_whose_texts_an_erasure_does_not_change_are_listed(alice: Person) -> None:
    with alice.acting() as actor:
        party_id = parties.create(actor, name=NAME, is_customer=True).id
    on: dict[str, Any] = {"issue_date": "2026-11-02", "currency": "INR", "customer_name": NAME}
    airline = "1.1KRISHNAN/DEEPA MRS"
    for description in (f"Seat of {NICKNAME}", f"Visa of {NAME}", airline):
        lines = [{"description": description, "quantity": 1, "unit_price": "100.00"}]
        invoice = made(alice, "/invoices", line_items=lines, **on)["id"]
        made(alice, f"/invoices/{invoice}/issue")
        made(alice, f"/invoices/{invoice}/receipts", amount="100.00", reference=description)
    (listed, *_others) = reversed(alice.api.get("/payments").json["items"])
    trip_id = a_trip(alice, title="Dubai", notes=f"with {NICKNAME}")
    a_line(alice, trip_id, supplier=f"for {NICKNAME}")
    alice.does(links.confirm, party_id, kind="trip", record_id=trip_id)
    found = alice.api.get(f"/privacy/parties/{party_id}").json["unreplaced"]
    kinds = [row["kind"] for row in found]
    assert sorted(kinds) == ["invoice", "journal_entry", "payment", "trip"], "the nickname stays"
    assert str(listed["id"]) in {row["record_id"] for row in found}
    page = alice.tab.get(f"/parties/{party_id}/privacy/erase").text
    assert "Dubai" in page


def test_a_passenger_behind_another_of_the_same_family_is_listed(alice: Person) -> None:
    with alice.acting() as actor:
        party_id = parties.create(actor, name="Deepa Krishnan", is_customer=True).id
    trip_id = a_trip(alice, title="Dubai", notes="1.2KRISHNAN/RAJIV MR/DEEPA MRS")
    a_line(alice, trip_id, supplier="1.2KRISHNAN/RAJIV MR/DEEPA MRS")
    alice.does(links.confirm, party_id, kind="trip", record_id=trip_id)
    found = alice.api.get(f"/privacy/parties/{party_id}").json["unreplaced"]
    assert [row["record_id"] for row in found] == [str(trip_id)]


def _renamed() -> list[str]:
    """Return statements that write the nickname into every text of others."""
    texts = [(one.table, mention.texts) for one, mention in MENTIONS]
    texts += [("enquiries", ("notes",)), ("trips", ("title", "notes"))]
    return ["set session_replication_role = replica"] + [
        f"update {table} set "
        + ", ".join(f"{one} = replace({one}, :name, :nickname)" for one in columns)
        for table, columns in texts
    ]
