"""Further tax numbers of parties, and those that an invoice shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import issue
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.billing.test_taxes import agency, buyer_of, charged
from tests.enquiries.reading import Page
from tests.parties.test_api import made, names
from tests.parties.test_merges import merged, undone
from tests.people import People, Person
from tests.privacy.test_erasing_meanwhile import erase
from tests.privacy.test_mentions import exported
from voyagent.parties.service import tax_numbers

__all__ = ["agency"]

MAIN, IN_29, ALSO_IN_29 = "27AAPFU0939F1ZV", "29AAPFU0939F1ZR", "29AAPFU0939F2ZQ"
OF_ANOTHER = "29AAACI1195H1ZI"
PAN = MAIN[2:12]
BILLING = {"kind": "billing", "lines": "7 Brigade Road", "country": "IN", "state": "29"}


def added(person: Person, party_id: str, number: str, **values: Any) -> str:
    body = {"country": "IN", "number": number} | values
    answer = person.api.post(f"/parties/{party_id}/tax-numbers", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def listed(person: Person, party_id: str) -> list[tuple[str, bool]]:
    items = person.api.get(f"/parties/{party_id}/tax-numbers").json["items"]
    return [(one["number"], one["is_default"]) for one in items]


def drafted(person: Person, party_id: str, **values: Any) -> UUID:
    line = {"description": "Fee", "quantity": 1, "unit_price": "100", "tax": "service_fee"}
    days = {"issue_date": "2026-06-10", "due_date": "2026-06-25", "currency": "INR"}
    body = {"party_id": party_id, "line_items": [line]} | days | values
    answer = person.api.post("/invoices", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json["id"])


def test_an_invoice_has_number_and_address_of_its_place_and_keeps_them(agency: Person) -> None:
    party_id = made(agency, country="IN", tax_number=MAIN, address="4 Hill Road")["id"]
    number_id = added(agency, party_id, IN_29)
    answer = agency.api.post(f"/parties/{party_id}/addresses", json=BILLING)
    path = f"/parties/{party_id}/addresses/{answer.json['id']}"
    there = drafted(agency, party_id, place_of_supply="29")
    assert buyer_of(agency, there) == ("29", IN_29, PAN)
    assert [component for _line, component, *_ in charged(agency, there)] == ["igst"]
    for place, buyer in {
        "27": ("27", MAIN, PAN),
        None: ("27", MAIN, PAN),
        "32": ("32", None, None),
    }.items():
        invoice_id = drafted(agency, party_id, place_of_supply=place)
        assert buyer_of(agency, invoice_id) == buyer
        assert agency.api.get(f"/invoices/{invoice_id}").json["customer_address"] == (
            "4 Hill Road\nMaharashtra (27)"
        )
    # A cleared number is not looked up again while the place stays; a new place has its own.
    for changes, buyer in (
        ({"place_of_supply": "29"}, ("29", IN_29, PAN)),
        ({"place_of_supply": "29", "customer_tax_number": None}, ("29", None, None)),
        ({"place_of_supply": "29", "notes": "Thank you"}, ("29", None, None)),
        ({"place_of_supply": "27"}, ("27", MAIN, PAN)),
    ):
        assert agency.api.patch(f"/invoices/{invoice_id}", json=changes).status_code == 200
        assert buyer_of(agency, invoice_id) == buyer
    # The chosen address is printed in place of that of the state.
    other = made(agency, name="Ravi Menon")["id"]
    chosen = {"customer_address_id": answer.json["id"]}
    assert agency.api.patch(f"/invoices/{invoice_id}", json=chosen).status_code == 200
    issued = [agency.api.get(f"/invoices/{one}").json for one in (invoice_id, there)]
    assert [one["customer_address"] for one in issued] == ["7 Brigade Road\nKarnataka (29)"] * 2
    assert [one["customer_address_id"] for one in issued] == [answer.json["id"], None]
    refused = agency.api.patch(f"/invoices/{invoice_id}", json={"party_id": other} | chosen)
    assert code(refused) == (404, "address_not_found")
    # Issued invoices keep both.
    for one in (invoice_id, there):
        issue(agency, one)
    for gone in (path, f"/parties/{party_id}/tax-numbers/{number_id}"):
        assert agency.api.delete(gone).status_code == 204
    assert buyer_of(agency, there) == ("29", IN_29, PAN)
    for one in (invoice_id, there):
        shown = agency.api.get(f"/invoices/{one}").json
        assert shown["customer_address"] == "7 Brigade Road\nKarnataka (29)"
    assert buyer_of(agency, drafted(agency, party_id, place_of_supply="29"))[1] is None


def test_a_merged_record_brings_its_numbers_and_an_undone_merge_takes_them(agency: Person) -> None:
    root = made(agency, country="IN", tax_number=MAIN)["id"]
    other = made(agency, name="Deepa Traders", country="IN", tax_number=IN_29)["id"]
    foreign = made(agency, name="Deepa & Co", country="IN", tax_number=OF_ANOTHER)["id"]
    merge_id = merged(agency, UUID(other), UUID(root))
    merged(agency, UUID(foreign), UUID(root))  # an administrator may merge different PANs

    def number(party_id: str, place: str) -> str | None:
        return buyer_of(agency, drafted(agency, party_id, place_of_supply=place))[1]

    assert (number(root, "29"), number(other, "27")) == (IN_29, MAIN)
    assert number(foreign, "29") == OF_ANOTHER
    assert number(foreign, "27") is None, "a GSTIN with another PAN is that of another firm"
    shown = Page(agency.tab.get(f"/parties/{root}"))
    assert IN_29 in shown.words(".//ul[@id='tax-numbers']")
    assert listed(agency, root) == []
    added(agency, root, ALSO_IN_29)
    assert number(root, "29") == ALSO_IN_29, "its own number comes first"
    undone(agency, merge_id)
    assert number(other, "27") is None
    assert listed(agency, root) == [(ALSO_IN_29, False)]


def test_each_rule_of_a_further_number_has_its_error(
    agency: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    party = made(agency, country="IN", tax_number=MAIN)
    path = f"/parties/{party['id']}/tax-numbers"
    first, second = (added(agency, party["id"], one) for one in (IN_29, ALSO_IN_29))
    for one, found in ((first, IN_29), (second, ALSO_IN_29)):  # one default for each state
        assert agency.api.patch(f"{path}/{one}", json={"is_default": True}).status_code == 200
        assert [number for number, default in listed(agency, party["id"]) if default] == [found]
        invoice_id = drafted(agency, party["id"], place_of_supply="29")
        assert buyer_of(agency, invoice_id)[1] == found
    for body, refusal in (
        ({"number": MAIN}, (409, "tax_number_taken")),
        ({"number": IN_29.lower()}, (409, "tax_number_taken")),
        ({"number": OF_ANOTHER}, (400, "pan_is_not_of_tax_number")),
        ({"number": IN_29[:-1] + "A"}, (400, "tax_number_invalid")),
        ({"number": "1", "country": "ZZ"}, (400, "country_unknown")),
    ):
        assert code(agency.api.post(path, json={"country": "IN"} | body)) == refusal
    main = {"tax_number": OF_ANOTHER, "state": None}
    answer = agency.api.patch(f"/parties/{party['id']}", json=main)
    assert code(answer) == (400, "pan_is_not_of_tax_number")
    monkeypatch.setattr(tax_numbers, "TAX_NUMBERS_MAX", 2)
    answer = agency.api.post(path, json={"country": "AE", "number": "TRN 1"})
    assert code(answer) == (409, "too_many_tax_numbers")


def test_viewers_read_and_other_agencies_find_nothing(
    people: People, alice: Person, charlie: Person
) -> None:
    party_id = made(alice)["id"]
    one = added(alice, party_id, IN_29)
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    path = f"/parties/{party_id}/tax-numbers"
    assert listed(viewer, party_id) == [(IN_29, False)]
    shown = Page(viewer.tab.get(f"/parties/{party_id}"))
    assert IN_29 in shown.words(".//ul[@id='tax-numbers']")
    assert not any("/tax-numbers" in link for link in shown.links())
    body = {"country": "IN", "number": ALSO_IN_29}
    assert viewer.api.post(path, json=body).status_code == 403
    assert viewer.api.patch(f"{path}/{one}", json=body).status_code == 403
    assert viewer.api.delete(f"{path}/{one}").status_code == 403
    assert code(charlie.api.get(path)) == (404, "party_not_found")
    assert code(charlie.api.post(path, json=body)) == (404, "party_not_found")
    other = made(alice, name="Zeenat")["id"]
    for person, where in (
        (charlie, f"{path}/{one}"),
        (alice, f"/parties/{other}/tax-numbers/{one}"),
    ):
        assert code(person.api.patch(where, json=body)) == (404, "tax_number_not_found")
        assert code(person.api.delete(where)) == (404, "tax_number_not_found")
    for word in (IN_29, PAN):  # the list finds a party by each of its numbers
        assert names(alice, f"?q={word}") == ["Deepa Krishnan"]
    twin = alice.api.post(
        "/parties", json={"name": "D. K.", "is_customer": True, "tax_number": IN_29}
    )
    assert [(one["id"], one["reason"]) for one in twin.json["similar"]] == [
        (party_id, "tax_number")
    ]


def test_the_pages_add_change_and_remove_a_number_and_offer_it(agency: Person, bob: Person) -> None:
    party_id = made(agency, country="IN", tax_number=MAIN)["id"]
    path = f"/parties/{party_id}"
    assert f"{path}/tax-numbers/new" in Page(agency.tab.get(path)).links()
    page = Page(send(bob, f"{path}/tax-numbers/new", country="IN", number=OF_ANOTHER))
    assert page.status == 422
    assert "PAN" in page.error_at("number")
    typed = {"country": "IN", "number": IN_29}
    assert send(bob, f"{path}/tax-numbers/new", **typed, is_default="1").status_code == 303
    assert listed(agency, party_id) == [(IN_29, True)]
    agency.api.post(f"{path}/addresses", json=BILLING)
    form = Page(agency.tab.get(f"/invoices/new?customer_name=Deepa+Krishnan&party_id={party_id}"))
    offered = form.all(".//datalist[@id='tax-numbers']/option")
    assert [one.get("value") for one in offered] == [IN_29, MAIN]
    assert "Billing address · 7 Brigade Road" in form.words(".//select[@id='customer_address_id']")
    number_id = agency.api.get(f"{path}/tax-numbers").json["items"][0]["id"]
    edit = f"{path}/tax-numbers/{number_id}/edit"
    assert edit in Page(agency.tab.get(path)).links()
    form = Page(agency.tab.get(edit))
    assert (form.field("number"), form.field("country")) == (IN_29, "IN")
    page = Page(send(agency, edit, **typed, seen="2024-01-01T00:00:00+00:00"))
    assert "was changed after you opened it" in page.words()
    assert send(agency, edit, **typed, seen=form.field("seen")).status_code == 303
    assert listed(agency, party_id) == [(IN_29, False)]
    assert send(agency, f"{path}/tax-numbers/{number_id}/remove").status_code == 303
    assert listed(agency, party_id) == []


def test_an_erasure_removes_the_numbers_and_the_log_has_none(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = made(alice)["id"]
    number_id = added(alice, party_id, IN_29)
    (event,) = alice.api.get("/audit?kind=party.tax_number_added").json["items"]
    assert {"field": "number"} in event["payload"]["inputs"]["fields"]
    assert IN_29 in exported(alice, UUID(party_id))
    with owner_engine.connect() as connection:
        rows = (
            "select e::text from audit_events e where tenant_id = :own"
            " union all select t::text from party_tax_numbers t where tenant_id = :own"
        )
        own = {"own": alice.actor.tenant_id}
        texts = connection.execute(sa.text(rows), own).scalars().all()
        assert any(number_id in text for text in texts)
        assert not any(IN_29 in text or PAN in text for text in texts)
    alice.api.patch(f"/parties/{party_id}", json={"notes": f"GSTIN {IN_29}"})
    erase(alice, UUID(party_id))
    with owner_engine.connect() as connection:
        left = sa.text("select count(*) from party_tax_numbers where tenant_id = :own")
        assert connection.scalar(left, own) == 0
