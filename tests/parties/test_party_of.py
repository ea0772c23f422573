"""Documents, payments and postings refer to their party by id."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.audit.conftest import untied
from tests.billing.papers import DUE, ISSUED, advance, draft, issued, line, pay, receive, write_off
from tests.billing.test_api import code
from tests.chat.parallel import at_once
from tests.ledger.books import post
from tests.people import People, Person
from tests.privacy.people import NAME
from tests.privacy.test_erasing_meanwhile import MINOR, erase, named
from voyagent.audit.queries import chain
from voyagent.billing.credit_notes import service as credit_notes
from voyagent.billing.payments.service import payments
from voyagent.billing.supplier_credits import service as supplier_credits
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries
from voyagent.parties.queries import WITH_PARTY, PartyNotFound
from voyagent.parties.service import parties as service
from voyagent.reports.queries import checks

LINES = [{"description": "Dubai visa", "quantity": 1, "unit_price": "500.00"}]
INVOICE = {"issue_date": ISSUED.isoformat(), "currency": "INR", "line_items": LINES}


def party(person: Person, name: str, **values: Any) -> UUID:
    return person.does(
        lambda actor: service.create(actor, name=name, **{"is_customer": True} | values).id
    )


def found(person: Person, name: str) -> dict[str, Any]:
    (item,) = person.api.get(f"/parties?q={name}").json["items"]
    return dict(item)


def invoiced(person: Person, **given: Any) -> Any:
    return person.api.post("/invoices", json=INVOICE | given)


def events(person: Person, party_id: str) -> list[tuple[str, Any]]:
    items = person.api.get("/audit").json["items"]
    return [
        (item["kind"], item["payload"]["inputs"]["fields"])
        for item in reversed(items)
        if item["payload"]["entity_refs"].get("party_id") == party_id
    ]


def test_a_new_name_makes_a_party_and_an_old_one_gains_the_kind(alice: Person) -> None:
    answer = invoiced(alice, customer_name="  Uma  Rao ")
    assert (answer.status_code, answer.json["customer_name"]) == (201, "Uma Rao")
    made = found(alice, "uma rao")
    assert answer.json["party_id"] == made["id"]
    assert (made["name"], made["origin"], made["is_customer"], made["is_supplier"]) == (
        "Uma Rao",
        "document",
        True,
        False,
    )
    receive(alice, vendor_name="UMA RAO")
    both = found(alice, "uma rao")
    assert (both["id"], both["is_customer"], both["is_supplier"]) == (made["id"], True, True)
    assert both["name"] == "Uma Rao", "the record keeps its spelling, the bill has its own"
    created, updated = events(alice, made["id"])
    assert created[0] == "party.created"
    assert {"field": "origin", "before": None, "after": "document"} in created[1]
    assert updated == (
        "party.updated",
        [{"field": "is_supplier", "before": "false", "after": "true"}],
    )


def test_a_party_is_given_by_id_by_name_or_by_both(alice: Person, charlie: Person) -> None:
    uma, other = (str(party(alice, name)) for name in ("Uma Rao", "Zeenat"))
    theirs = str(party(charlie, "Uma Rao"))
    by_id = invoiced(alice, party_id=uma)
    assert (by_id.json["party_id"], by_id.json["customer_name"]) == (uma, "Uma Rao")
    both = invoiced(alice, party_id=uma, customer_name="uma RAO")
    assert (both.json["party_id"], both.json["customer_name"]) == (uma, "uma RAO")
    mismatch = invoiced(alice, party_id=other, customer_name="Uma Rao")
    assert code(mismatch) == (422, "party_mismatch")
    for unknown in (theirs, str(new_id())):
        assert code(invoiced(alice, party_id=unknown)) == (404, "party_not_found")
        assert code(invoiced(alice, party_id=unknown, customer_name="Uma Rao")) == (
            404,
            "party_not_found",
        )
    neither = invoiced(alice)
    assert (neither.status_code, neither.json["detail"][0]["loc"][-1]) == (422, "customer_name")
    assert invoiced(alice, customer_name=None).status_code == 422


def test_payments_and_bills_take_the_id_too(alice: Person) -> None:
    uma = str(party(alice, "Uma Rao", is_supplier=True))
    paid = alice.api.post("/payments", json={"party_id": uma, "amount": "10.00", "currency": "INR"})
    assert (paid.status_code, paid.json["party_id"], paid.json["party_name"]) == (
        201,
        uma,
        "Uma Rao",
    )
    bill = alice.api.post("/bills", json=INVOICE | {"party_id": uma, "vendor_reference": "1"})
    assert (bill.status_code, bill.json["party_id"], bill.json["vendor_name"]) == (
        201,
        uma,
        "Uma Rao",
    )
    other = str(party(alice, "Zeenat", is_supplier=True))
    for path in ("/payments", "/bills"):
        body = {"party_id": other, "amount": "1.00", "currency": "INR", "party_name": "Uma Rao"}
        if path == "/bills":
            body = INVOICE | {"party_id": other, "vendor_name": "Uma Rao", "vendor_reference": "2"}
        assert code(alice.api.post(path, json=body)) == (422, "party_mismatch")
        assert [
            [item["id"] for item in alice.api.get(f"{path}?party_id={one}").json["items"]]
            for one in (uma, other)
        ] == [[(paid if path == "/payments" else bill).json["id"]], []]


def test_a_draft_changes_its_party_by_id_or_by_name(alice: Person) -> None:
    uma, zeenat = (str(party(alice, name)) for name in ("Uma Rao", "Zeenat"))
    path = f"/invoices/{invoiced(alice, party_id=uma).json['id']}"
    by_id = alice.api.patch(path, json={"party_id": zeenat}).json
    assert (by_id["party_id"], by_id["customer_name"]) == (zeenat, "Zeenat")
    by_name = alice.api.patch(path, json={"customer_name": "uma rao"}).json
    assert (by_name["party_id"], by_name["customer_name"]) == (uma, "uma rao")
    mismatch = alice.api.patch(path, json={"party_id": zeenat, "customer_name": "Uma Rao"})
    assert code(mismatch) == (422, "party_mismatch")
    assert alice.api.patch(path, json={"party_id": None}).status_code == 422
    assert [
        item["payload"]["inputs"]["fields"]
        for item in alice.api.get("/audit").json["items"]
        if item["kind"] == "invoice.revised"
    ] == [[{"field": "customer_name"}]] * 2


def test_an_archived_party_is_found_by_its_name(alice: Person) -> None:
    uma = party(alice, "Uma Rao")
    alice.does(lambda actor: service.update(actor, uma, {"is_archived": True}).id)
    assert invoiced(alice, customer_name="Uma Rao").json["party_id"] == str(uma)


def test_only_who_may_write_a_document_makes_a_party(people: People, alice: Person) -> None:
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    assert invoiced(viewer, customer_name="Uma Rao").status_code == 403
    nobody = type(alice.api)(alice.app.test_client(), None)
    assert nobody.post("/invoices", json=INVOICE | {"customer_name": "Uma"}).status_code == 401
    assert alice.api.get("/parties").json["items"] == []


def test_an_invalid_document_leaves_no_party(alice: Person) -> None:
    late = {"customer_name": "Uma Rao", "due_date": "2024-06-01"}
    assert invoiced(alice, **late).status_code in (400, 422)
    assert alice.api.get("/parties").json["items"] == []


def test_twins_make_one_party(alice: Person, bob: Person) -> None:
    answers = at_once(
        [
            lambda person=person: invoiced(person, customer_name="Uma Rao")
            for person in (alice, bob) * 3
        ]
    )
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json["party_id"] for answer in answers} == {found(alice, "uma")["id"]}


def test_adding_the_party_of_a_document_completes_it(alice: Person) -> None:
    made = invoiced(alice, customer_name="uma rao").json["party_id"]
    body = {"name": "Uma Rao", "is_supplier": True, "email": "uma@rao.example"}
    answer = alice.api.post("/parties", json=body)
    assert (answer.status_code, answer.json["id"]) == (201, made)
    assert {name: answer.json[name] for name in (*body, "origin", "is_customer")} == body | {
        "origin": "person",
        "is_customer": True,
    }
    assert alice.api.post("/parties", json=body).json["id"] != made, "it is completed once"


def test_a_changed_party_is_not_completed_again(alice: Person) -> None:
    made = invoiced(alice, customer_name="Uma Rao").json["party_id"]
    alice.api.patch(f"/parties/{made}", json={"phone": "1"})
    assert found(alice, "uma")["origin"] == "person"
    again = alice.api.post("/parties", json={"name": "Uma Rao", "is_customer": True})
    assert (again.status_code, again.json["id"] == made) == (201, False)


def test_a_renamed_party_renames_its_drafts(alice: Person) -> None:
    uma = party(alice, "Uma Rao")
    invoice_id = draft(alice, customer_name="uma rao")
    other_id = draft(alice, customer_name="Zeenat")
    before = alice.api.get(f"/invoices/{invoice_id}").json["updated_at"]
    alice.does(lambda actor: service.update(actor, uma, {"name": "Uma Menon"}).id)
    renamed = alice.api.get(f"/invoices/{invoice_id}").json
    assert (renamed["customer_name"], renamed["party_id"]) == ("Uma Menon", str(uma))
    assert renamed["updated_at"] > before
    assert alice.api.get(f"/invoices/{other_id}").json["customer_name"] == "Zeenat"
    assert alice.api.post(f"/invoices/{invoice_id}/issue").status_code == 200
    with pytest.raises(service.PartyInBooks):
        alice.does(lambda actor: service.update(actor, uma, {"name": "Uma Rao"}).id)
    alice.does(lambda actor: service.update(actor, uma, {"name": "UMA MENON"}).id)
    assert alice.api.get(f"/invoices/{invoice_id}").json["customer_name"] == "Uma Menon"


def trade(person: Person) -> dict[str, UUID]:
    """Write a row of each kind, of one customer and one supplier."""
    invoice_id = issued(person)
    pay(person, invoice_id, 1000)
    write_off(person, invoice_id, 500)
    payment_id = advance(person, 5000)
    bill_id = receive(person)
    with person.acting() as actor:
        amounts = {1: Money(2000, "INR")}
        credit_notes.issue_credit_note(actor, invoice_id, amounts=amounts, reason="Agreed")
        supplier_credits.credit_bill(
            actor, bill_id, vendor_reference="C1", amounts=amounts, reason="Agreed"
        )
        payments.refund_payment(actor, payment_id)
    return {"invoice": invoice_id, "bill": bill_id}


def ids_of(engine: sa.Engine, person: Person) -> dict[str, set[tuple[str, Any]]]:
    """Return the names in each table, with the party that the row has."""
    with engine.connect() as connection:
        return {
            table: {
                (row.party_key, row.party_id)
                for row in connection.execute(
                    sa.text(
                        f"select party_key, party_id from {table}"
                        " where tenant_id = :t and party_name is not null"
                    ),
                    {"t": person.actor.tenant_id},
                )
            }
            for table in WITH_PARTY
        }


def test_every_row_of_every_kind_has_the_id(alice: Person, owner_engine: sa.Engine) -> None:
    with_ids = trade(alice)
    customer = alice.api.get(f"/invoices/{with_ids['invoice']}").json
    supplier = alice.api.get(f"/bills/{with_ids['bill']}").json
    buyer = (customer["customer_name"].lower(), UUID(customer["party_id"]))
    seller = (supplier["vendor_name"].lower(), UUID(supplier["party_id"]))
    assert ids_of(owner_engine, alice) == {
        "invoices": {buyer},
        "bills": {seller},
        "credit_notes": {buyer},
        "supplier_credits": {seller},
        "payments": {buyer},
        "postings": {buyer, seller},
    }


def test_a_posting_looks_for_its_party_only_once(alice: Person, statements: list[str]) -> None:
    """A receipt and an issue take the id of their document."""
    invoice_id = draft(alice)

    def searched(act: Callable[[], Any]) -> list[str]:
        statements.clear()
        act()
        named = [one for one in statements if "FROM parties" in one or "INTO parties" in one]
        # The others read the credit limit and the address.
        return [one for one in named if not re.search("FROM invoices|party_addresses", one)]

    for act in (
        lambda: alice.api.post(f"/invoices/{invoice_id}/issue"),
        lambda: pay(alice, invoice_id, 1000),
    ):
        assert searched(act) == []
    assert len(searched(lambda: advance(alice, 1000))) == 1


# Rows of the release before
# --------------------------------------------------------------------------------


def test_the_database_gives_ids_to_rows_of_the_release_before(alice: Person) -> None:
    """The release before inserts names only, postings before their document."""
    uma = party(alice, "Uma Rao", is_customer=False, is_supplier=True)
    amount = Money(1000, "INR")
    post(
        alice,
        lines=[
            entries.debit("receivable", amount, party_name="Zeenat"),
            entries.credit("payable", amount, party_name="uma rao"),
        ],
    )
    party(alice, "BSP India", is_customer=False, is_supplier=True)
    refundable = [
        entries.debit("bank", amount),
        entries.credit("customer_credits", amount, party_name="BSP India"),
    ]
    post(alice, lines=refundable)
    assert found(alice, "BSP")["is_customer"] is True
    with alice.acting():
        rows = db.session.execute(
            sa.text(
                "select party_key, party_id from postings where party_key <> 'bsp india'"
                " order by line_no"
            )
        ).all()
        zeenat = db.session.scalar(sa.text("select id from parties where party_key = 'zeenat'"))
    assert [tuple(row) for row in rows] == [("zeenat", zeenat), ("uma rao", uma)]
    assert [
        (found(alice, name)["is_customer"], found(alice, name)["is_supplier"])
        for name in ("zeenat", "uma")
    ] == [(True, False), (False, True)]
    invoice_id = draft(alice, customer_name="Zeenat")
    with alice.acting():
        change = sa.text("update invoices set party_name = 'UMA rao' where id = :id")
        db.session.execute(change, {"id": invoice_id})
    changed = alice.api.get(f"/invoices/{invoice_id}").json
    assert (changed["customer_name"], changed["party_id"]) == ("UMA rao", str(uma))
    assert found(alice, "uma")["is_customer"] is True


def forget(engine: sa.Engine, person: Person) -> None:
    """Leave the rows of an agency as the release before has stored them."""
    with untied(engine) as connection:
        for table in WITH_PARTY:
            connection.execute(
                sa.text(f"update {table} set party_id = null where tenant_id = :t"),
                {"t": person.actor.tenant_id},
            )
        connection.execute(
            sa.text("delete from parties where tenant_id = :t and origin = 'document'"),
            {"t": person.actor.tenant_id},
        )


def linked(app: Flask) -> str:
    result = app.test_cli_runner().invoke(args=["books", "link-parties"])
    assert result.exit_code == 0, result.output
    return result.output


def test_rows_of_earlier_releases_are_linked(
    app: Flask,
    alice: Person,
    charlie: Person,
    owner_engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trade(alice)
    issued(alice, line(), customer_name="DEEPA Krishnan", issue_date=DUE, due_date=DUE)
    draft(alice, customer_name="Zeenat")
    post(
        alice,
        lines=[
            entries.debit("receivable", Money(1000, "INR")),
            entries.credit("payable", Money(1000, "INR"), party_name="By hand"),
        ],
    )
    post(
        alice,
        lines=[
            entries.debit("customer_credits", Money(1000, "INR"), party_name="Both ways"),
            entries.credit("payable", Money(1000, "INR"), party_name="Both ways"),
        ],
    )
    trade(charlie)
    agencies = (alice, charlie)
    monkeypatch.setattr(chain, "every_agency", lambda: [one.actor.tenant_id for one in agencies])
    before = [ids_of(owner_engine, person) for person in agencies]
    for person in agencies:
        forget(owner_engine, person)
    with app.app_context():
        found_faults = {one.where for one in checks.run(alice.actor.tenant_id)}
    assert "1 bills have no id of their party" in found_faults
    assert int(linked(app).split()[0]) > 0
    for person, stored in zip(agencies, before, strict=True):
        assert {
            table: {key for key, _ in rows} for table, rows in ids_of(owner_engine, person).items()
        } == {table: {key for key, _ in rows} for table, rows in stored.items()}
        with app.app_context():
            assert not [one for one in checks.run(person.actor.tenant_id) if one.check == "parties"]
    made = {item["name"]: item for item in alice.api.get("/parties").json["items"]}
    assert {name: (item["is_customer"], item["is_supplier"]) for name, item in made.items()} == {
        "BSP India": (False, True),
        "Both ways": (True, True),
        "By hand": (False, True),
        "DEEPA Krishnan": (True, False),
        "Zeenat": (True, False),
    }
    assert {item["origin"] for item in made.values()} == {"migration"}
    assert linked(app) == "0 rows were linked to their parties.\n"


@pytest.mark.parametrize("table", [table for table in WITH_PARTY if table != "bills"])
def test_a_posted_row_keeps_its_party(alice: Person, table: str) -> None:
    trade(alice)
    other = party(alice, "Zeenat")
    for value in (str(other), None):
        with alice.acting(), pytest.raises(sa.exc.IntegrityError, match=r"cannot be|append-only"):
            db.session.execute(sa.text(f"update {table} set party_id = :id"), {"id": value})


def test_a_name_that_changes_meanwhile_is_read_again(alice: Person) -> None:
    """The database refuses a name and an id that are not of one party."""
    uma = party(alice, "Uma Rao")
    amount = Money(1000, "INR")
    lines = [
        entries.debit("receivable", amount, party_id=uma, party_name="Zeenat"),
        entries.credit("bank", amount),
    ]
    with pytest.raises(sa.exc.OperationalError, match="has another name now"):
        post(alice, lines=lines)
    with alice.acting(), pytest.raises(sa.exc.OperationalError, match="has another name now"):
        db.session.execute(
            sa.text(
                "insert into invoices (tenant_id, id, issue_date, due_date, currency, total_minor,"
                " party_name, party_id) values (:t, gen_random_uuid(), '2024-06-10', '2024-06-10',"
                " 'INR', 1, 'Zeenat', :id)"
            ),
            {"t": alice.actor.tenant_id, "id": uma},
        )


def test_an_unknown_id_is_an_error_of_the_service(alice: Person, charlie: Person) -> None:
    theirs = party(charlie, "Uma Rao")
    with alice.acting() as actor, pytest.raises(PartyNotFound):
        service.party_of(actor, "customer", party_id=theirs)
    with alice.acting() as actor, pytest.raises(service.PartyNameRequired):
        service.party_of(actor, "customer")


def test_a_person_known_only_from_documents_is_erased(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """The pseudonymised rows keep the id of the party."""
    invoice_id = issued(alice, customer_name=NAME)
    pay(alice, invoice_id, MINOR)
    before = {
        table: {one for _, one in rows} for table, rows in ids_of(owner_engine, alice).items()
    }
    (made,) = alice.api.get("/parties").json["items"]
    pseudonym = erase(alice, UUID(made["id"]))
    assert named(owner_engine, alice) == set()
    after = ids_of(owner_engine, alice)
    assert {table: {one for _, one in rows} for table, rows in after.items()} == before
    assert {key for rows in after.values() for key, _ in rows} == {pseudonym.lower()}
    again = alice.api.post("/parties", json={"name": pseudonym, "is_customer": True})
    assert again.json["id"] != made["id"], "an erased party is not completed"


def test_a_statement_is_of_a_name_or_of_an_id(alice: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    party_id = alice.api.get(f"/invoices/{invoice_id}").json["party_id"]
    path = "/reports/party-statement?kind=customer&from=2024-01-01&to=2024-12-31"
    by_name = alice.api.get(f"{path}&party=deepa+krishnan").json
    assert len(by_name["entries"]) == 1
    assert alice.api.get(f"{path}&party_id={party_id}").json == by_name
    assert alice.api.get(path).status_code == 422
    assert alice.api.get(f"{path}&party=Deepa&party_id={party_id}").status_code == 422
    assert code(charlie.api.get(f"{path}&party_id={party_id}")) == (404, "party_not_found")
    file = "/reports/party-statement.csv?kind=customer&from=2024-01-01&to=2024-12-31"
    csv = alice.api.get(f"{file}&party_id={party_id}")
    assert (csv.status_code, "45000.00" in csv.text) == (200, True)


def test_a_document_page_links_to_its_party(alice: Person) -> None:
    invoice_id, bill_id = issued(alice), receive(alice)
    for path in (f"/invoices/{invoice_id}", f"/bills/{bill_id}"):
        party_id = alice.api.get(path).json["party_id"]
        assert f'href="/parties/{party_id}"' in alice.tab.get(path).text
