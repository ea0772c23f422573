"""Each of several parties with one name has its own documents, sums and limits."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.billing.papers import ISSUED, advance, draft, issue, issued, line, receive
from tests.billing.test_api import code
from tests.billing.test_forms import LINES, TYPED, send
from tests.billing.test_taxes import ELSEWHERE, agency, package  # noqa: F401 - a fixture
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.parties.test_api import made
from tests.parties.test_party_of import INVOICE, ids_of
from tests.people import Person
from tests.privacy.test_erasing_meanwhile import erase
from voyagent.billing.core.queries.taxes import collected_before
from voyagent.billing.invoices.queries import documents as invoices
from voyagent.billing.payments.errors import AnotherParty
from voyagent.billing.payments.queries.documents import list_advances
from voyagent.billing.payments.service import allocations
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.parties.service import parties as service
from voyagent.reports.queries import checks

AMIT = "Amit Shah"
YEAR = "kind=customer&from=2024-01-01&to=2024-12-31"


@pytest.fixture
def two(alice: Person) -> tuple[UUID, UUID]:
    """Two customers with one name, the second one a supplier too."""
    first = made(alice, name=AMIT, phone="98200 11111")
    second = made(alice, name="AMIT shah", phone="98200 22222", is_supplier=True)
    return UUID(first["id"]), UUID(second["id"])


def bill_to(person: Person, party_id: UUID, amount: str) -> UUID:
    return issued(person, line(amount, quantity=1), customer_name=AMIT, party_id=party_id)


def entries(person: Person, **query: Any) -> list[str]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = person.api.get(f"/reports/party-statement?{YEAR}&{asked}")
    assert answer.status_code == 200, answer.text
    return sorted(entry["amount"] for entry in answer.json["entries"])


def numbers(person: Person, path: str, total: str = "total_amount") -> list[str]:
    answer = person.api.get(path)
    assert answer.status_code == 200, answer.text
    return sorted(item[total] for item in answer.json["items"])


def findings(person: Person, content: str) -> list[str]:
    body = {"kind": "parties", "content": content, "dry_run": True}
    return [one["code"] for one in person.api.post("/imports", json=body).json["findings"]]


def faults(app: Flask, person: Person) -> list[str]:
    with app.app_context():
        return [f"{one.check}: {one.where}" for one in checks.run(person.actor.tenant_id)]


def test_a_second_party_of_a_name_is_added_and_named_as_similar(alice: Person) -> None:
    first = made(alice, name=AMIT)
    body = {"name": "amit shah", "is_customer": True}
    second = alice.api.post("/parties", json=body)
    assert (second.status_code, second.json["id"] != first["id"]) == (201, True)
    assert second.json["similar"] == [{"id": first["id"], "name": AMIT, "reason": "name"}]
    third = alice.api.post("/parties", json=body)
    assert {one["id"] for one in third.json["similar"]} == {first["id"], second.json["id"]}


def test_the_page_asks_once_before_it_adds_a_namesake(alice: Person) -> None:
    made(alice, name=AMIT)
    typed = {"name": AMIT, "is_customer": "1"}
    page = Page(send(alice, "/parties/new", **typed))
    assert (page.status, page.words(".//ul[@id='similar']")) == (422, f"{AMIT} (similar name)")
    assert send(alice, "/parties/new", **typed, is_confirmed="1").status_code == 303
    assert [item["name"] for item in alice.api.get("/parties").json["items"]] == [AMIT, AMIT]


def test_a_name_of_several_parties_needs_the_id(alice: Person, two: tuple[UUID, UUID]) -> None:
    answer = alice.api.post("/invoices", json=INVOICE | {"customer_name": "amit SHAH"})
    assert code(answer) == (409, "party_ambiguous")
    assert [(one["id"], one["phone"]) for one in answer.json["candidates"]] == [
        (str(two[0]), "98200 11111"),
        (str(two[1]), "98200 22222"),
    ]
    for party_id in two:
        given = {"customer_name": AMIT, "party_id": str(party_id)}
        answer = alice.api.post("/invoices", json=INVOICE | given)
        assert (answer.status_code, answer.json["party_id"]) == (201, str(party_id))
    other = INVOICE | {"customer_name": "Zeenat", "party_id": str(two[0])}
    assert code(alice.api.post("/invoices", json=other)) == (422, "party_mismatch")
    payment = {"direction": "out", "party_name": AMIT, "amount": "100.00", "currency": "INR"}
    assert code(alice.api.post("/payments", json=payment)) == (409, "party_ambiguous")
    bill = INVOICE | {"vendor_reference": "B1", "vendor_name": AMIT}
    answer = alice.api.post("/bills", json=bill)
    assert code(answer) == (409, "party_ambiguous")


def test_an_archived_namesake_is_not_meant(alice: Person, two: tuple[UUID, UUID]) -> None:
    alice.does(lambda actor: service.update(actor, two[0], {"is_archived": True}).id)
    answer = alice.api.post("/invoices", json=INVOICE | {"customer_name": AMIT})
    assert (answer.status_code, answer.json["party_id"]) == (201, str(two[1]))
    alice.does(lambda actor: service.update(actor, two[1], {"is_archived": True}).id)
    answer = alice.api.post("/invoices", json=INVOICE | {"customer_name": AMIT})
    assert code(answer) == (409, "party_ambiguous")


def test_each_namesake_has_its_own_sums_and_lists(
    app: Flask, alice: Person, two: tuple[UUID, UUID], owner_engine: sa.Engine
) -> None:
    for party_id, amount in zip(two, ("500", "700"), strict=True):
        bill_to(alice, party_id, amount)
    advance(alice, 10_000, ISSUED, party_name=AMIT, party_id=two[1])
    owed = alice.api.get("/reports/receivables?from=2024-01-01&to=2024-12-31").json
    assert sorted((one["name"], one["amount"]["amount"]) for one in owed["top_debtors"]) == [
        (AMIT, "500.00"),
        (AMIT, "700.00"),
    ]
    both = ["500.00", "700.00"]
    assert entries(alice, party="amit+shah") == ["-100.00", *both]
    assert entries(alice, party_id=two[0]) == ["500.00"]
    assert entries(alice, party_id=two[1]) == ["-100.00", "700.00"]
    assert numbers(alice, "/invoices?party=amit+shah") == both
    assert numbers(alice, "/invoices?party=amit+shah&q=shah") == both
    assert numbers(alice, f"/invoices?party_id={two[1]}") == ["700.00"]
    assert numbers(alice, f"/payments?party_id={two[0]}", "amount") == []
    assert numbers(alice, f"/payments?party_id={two[1]}", "amount") == ["100.00"]
    page = Page(alice.tab.get(f"/parties/{two[1]}"))
    assert page.words(".//dl[@id='balances']") == "AdvanceINR100.00Amount dueINR700.00"
    keys = {key for rows in ids_of(owner_engine, alice).values() for key, _ in rows}
    assert keys == {"amit shah", f"amit shah\x1f{two[1]}"}
    assert faults(app, alice) == []


def test_receivables_lead_to_the_statement_of_each_namesake(
    alice: Person, two: tuple[UUID, UUID]
) -> None:
    for party_id, amount in zip(two, ("500", "700"), strict=True):
        bill_to(alice, party_id, amount)
    day = "as_of=2024-12-31"
    links = Page(alice.tab.get(f"/reports/receivables?{day}")).links()
    assert [link for link in links if "party=Amit" in link] == []
    for party_id, amount in zip(two, ("500.00", "700.00"), strict=True):
        here = f"/reports/receivables?{day}&party_id={party_id}"
        assert f"{here}&skip=0#in-INR" in links or f"{here}#in-INR" in links, links
        page = Page(alice.tab.get(here))
        rows = page.all(".//tr[@class='v-sub-row']")
        assert len(rows) == 1
        assert amount in "".join(rows[0].itertext())
        (statement,) = [link for link in page.links() if "/party-statement" in link]
        assert f"party_id={party_id}" in statement
        assert amount in Page(alice.tab.get(statement)).words(".//tfoot")
    today = Page(alice.tab.get("/reports/receivables")).links()
    assert sum(link.startswith("/invoices?") and str(two[1]) in link for link in today) == 2


def test_a_statement_of_several_parties_asks_which(
    alice: Person, charlie: Person, two: tuple[UUID, UUID]
) -> None:
    for party_id, amount in zip(two, ("500", "700"), strict=True):
        bill_to(alice, party_id, amount)
    path = "/reports/party-statement"
    page = Page(alice.tab.get(f"{path}?party=amit+shah&to=2024-12-31"))
    assert page.words(".//ul[@id='namesakes']") == f"{AMIT} 98200 11111 AMIT shah 98200 22222"
    assert not page.all(".//tfoot")
    for party_id, amount in zip(two, ("500.00", "700.00"), strict=True):
        (link,) = [one for one in page.links() if str(party_id) in one]
        assert amount in Page(alice.tab.get(link)).words(".//tfoot")
    # Another name that was typed on the page of a statement is asked about too.
    other = f"{path}?party=amit+shah&party_id={made(alice, name='Zeenat')['id']}"
    assert Page(alice.tab.get(other)).all(".//ul[@id='namesakes']")
    links = Page(alice.tab.get(path)).links()
    assert all(any(f"party_id={one}" in link for link in links) for one in two)
    assert not Page(charlie.tab.get(f"{path}?party=amit+shah")).all(".//ul[@id='namesakes']")


def test_a_payment_settles_no_document_of_a_namesake(alice: Person, two: tuple[UUID, UUID]) -> None:
    invoice_id, payment_id = (
        bill_to(alice, two[0], "500"),
        advance(alice, 10_000, ISSUED, party_name=AMIT, party_id=two[1]),
    )
    with alice.acting() as actor, pytest.raises(AnotherParty):
        parts = [Part(invoice_id, Money(100, "INR"))]
        allocations.allocate(actor, payment_id, parts=parts, on=ISSUED)
    with alice.acting() as actor, pytest.raises(allocations.NothingOpen):
        allocations.allocate(actor, payment_id, on=ISSUED)


def test_an_invoice_offers_the_advances_of_its_own_customer(
    alice: Person, two: tuple[UUID, UUID]
) -> None:
    advance(alice, 10_000, ISSUED, party_name=AMIT, party_id=two[0])
    own = advance(alice, 20_000, ISSUED, party_name=AMIT, party_id=two[1])
    invoice_id = draft(alice, customer_name=AMIT, party_id=two[1])
    with alice.reading() as reader:
        offered = list_advances(reader, invoices.get_invoice(invoice_id))
    assert [row["id"] for row in offered] == [own]


def test_a_draft_keeps_its_party_until_another_one_is_chosen(
    alice: Person, two: tuple[UUID, UUID]
) -> None:
    path = f"/invoices/{draft(alice, customer_name=AMIT, party_id=two[1])}"
    same = alice.api.patch(path, json={"customer_name": "Amit  SHAH"}).json
    assert (same["party_id"], same["customer_name"]) == (str(two[1]), "Amit SHAH")
    assert numbers(alice, f"/invoices?party_id={two[1]}") == ["45000.00"]
    other = alice.api.patch(path, json={"party_id": str(two[0])}).json
    assert (other["party_id"], other["customer_name"]) == (str(two[0]), AMIT)
    assert numbers(alice, f"/invoices?party_id={two[0]}") == ["45000.00"]
    alice.does(lambda actor: service.update(actor, two[0], {"name": "Amit N. Shah"}).id)
    renamed = alice.api.get(path).json
    assert (renamed["party_id"], renamed["customer_name"]) == (str(two[0]), "Amit N. Shah")
    alice.does(lambda actor: service.update(actor, two[0], {"name": AMIT}).id)
    assert alice.api.get(path).json["party_id"] == str(two[0])
    assert numbers(alice, f"/invoices?party_id={two[0]}") == ["45000.00"]


def test_the_credit_limit_counts_only_the_own_invoices(
    alice: Person, two: tuple[UUID, UUID]
) -> None:
    alice.api.patch(f"/parties/{two[1]}", json={"credit_limit": "1000"})
    bill_to(alice, two[0], "900")
    bill_to(alice, two[1], "900")
    third = draft(alice, line("200", quantity=1), customer_name=AMIT, party_id=two[1])
    assert code(alice.api.post(f"/invoices/{third}/issue")) == (409, "credit_limit_exceeded")
    issue(alice, draft(alice, line("200", quantity=1), customer_name=AMIT, party_id=two[0]))


def test_the_form_offers_the_parties_with_the_name(alice: Person, two: tuple[UUID, UUID]) -> None:
    typed = {**TYPED, **LINES, "customer_name": AMIT}
    page = Page(send(alice, "/invoices/new", **typed))
    assert page.status == 422
    assert "Choose one" in page.error_at("party_id")
    assert page.words(".//select[@name='party_id']") == (
        f"{AMIT} · 98200 11111AMIT shah · 98200 22222"
    )
    answer = send(alice, "/invoices/new", **typed, party_id=str(two[1]))
    assert answer.status_code == 303
    (stored,) = alice.api.get("/invoices").json["items"]
    assert stored["party_id"] == str(two[1])
    edit = Page(alice.tab.get(f"{answer.headers['Location']}/edit"))
    assert edit.one(".//select[@name='party_id']/option[@selected]").get("value") == str(two[1])
    # A choice that belongs to the name typed before is ignored.
    other = send(alice, "/invoices/new", **{**typed, "customer_name": "Zeenat"}, party_id=two[1])
    assert other.status_code == 303


def test_a_payment_form_offers_the_parties_too(alice: Person, two: tuple[UUID, UUID]) -> None:
    bill_to(alice, two[0], "500")
    typed = {
        "direction": "in",
        "party_name": AMIT,
        "amount": "100",
        "currency": "INR",
        "paid_on": "2024-06-25",
    }
    page = Page(send(alice, "/payments/new", **typed))
    assert (page.status, "Choose one" in page.error_at("party_id")) == (422, True)
    assert send(alice, "/payments/new", **typed, party_id=str(two[1])).status_code == 303
    assert numbers(alice, f"/payments?party_id={two[1]}", "amount") == ["100.00"]


def test_only_the_named_person_is_erased(
    app: Flask, alice: Person, two: tuple[UUID, UUID], owner_engine: sa.Engine
) -> None:
    bill_to(alice, two[0], "500")
    paid = bill_to(alice, two[1], "700")
    alice.api.post(f"/invoices/{paid}/receipts", json={"amount": "700.00"})
    pseudonym = erase(alice, two[1])
    assert {key for rows in ids_of(owner_engine, alice).values() for key, _ in rows} == {
        "amit shah",
        pseudonym.lower(),
    }
    assert numbers(alice, f"/invoices?party_id={two[1]}") == ["700.00"]
    assert numbers(alice, "/invoices?party=amit+shah") == ["500.00"]
    assert faults(app, alice) == []


def test_two_people_who_add_one_name_at_once_add_one_or_two_parties(
    alice: Person, bob: Person
) -> None:
    def add(person: Person) -> Any:
        with person.acting() as actor:
            return service.create(actor, name=AMIT, is_customer=True).id

    results = at_once([lambda: add(alice), lambda: add(bob), lambda: add(alice)])
    refused = [one for one in results if not isinstance(one, UUID)]
    assert all(isinstance(one, service.PartyNameTaken) for one in refused), results
    stored = [item["id"] for item in alice.api.get("/parties").json["items"]]
    assert sorted(stored) == sorted(str(one) for one in results if isinstance(one, UUID))


def test_a_file_adds_a_namesake_only_with_its_own_id(alice: Person) -> None:
    made(alice, name=AMIT)
    columns = "name,is_customer,external_id\n"
    assert findings(alice, f"{columns}{AMIT},yes,\n") == ["party_name_taken"]
    assert findings(alice, f"{columns}{AMIT},yes,C-2\n") == []
    with_id = {"kind": "parties", "content": f"{columns}{AMIT},yes,C-2\n", "dry_run": False}
    assert alice.api.post("/imports", json=with_id).status_code == 200
    names = [item["name"] for item in alice.api.get("/parties").json["items"]]
    assert names == [AMIT, AMIT]


@pytest.mark.parametrize("table", ["invoices", "payments", "postings", "bills"])
def test_nobody_changes_the_key_of_a_posted_row(alice: Person, table: str) -> None:
    issued(alice)
    advance(alice, 1000)
    receive(alice)
    change = f"update {table} set party_key = 'zeenat' where party_key is not null"
    with alice.acting(), pytest.raises(sa.exc.DBAPIError, match=r"cannot be|permission denied"):
        db.session.execute(sa.text(change))


def test_tcs_is_counted_for_each_customer_without_a_pan(
    agency: Person,  # noqa: F811 - the fixture
) -> None:
    """The sum before the second invoice is zero; by name it would be 630,000."""
    day = date(2025, 5, 1)
    sums = []
    for phone in ("98200 11111", "98200 22222"):
        party_id = UUID(made(agency, name=AMIT, phone=phone)["id"])
        given = {"customer_name": AMIT, "party_id": party_id, "place_of_supply": ELSEWHERE}
        invoice_id = issued(agency, package("600000"), issue_date=day, due_date=day, **given)
        with agency.acting():
            invoice = invoices.get_invoice(invoice_id)
            sums.append(collected_before(invoice, "tcs", day, day))
    assert sums == [0, 0]
    third = issued(agency, package("100000"), issue_date=day, due_date=day, **given)
    with agency.acting():
        invoice = invoices.get_invoice(third)
        assert collected_before(invoice, "tcs", day, day) == 63_000_000
