"""Pages of parties: the list, a party with open amounts, changes, archiving."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.papers import DUE, advance, issued, pay, receive
from tests.billing.test_forms import send
from tests.enquiries.reading import Page
from tests.parties.test_api import WHOLE, made
from tests.people import People, Person
from voyagent.taxes.rules.tables import states
from voyagent.taxes.words import STATE_NAMES

TYPED = {"name": "Deepa Krishnan", "is_customer": "1"}


def test_a_party_is_created_shown_and_changed(alice: Person) -> None:
    typed = {
        name: str(value)
        for name, value in WHOLE.items()
        if name not in ("is_customer", "is_supplier")
    }
    answer = send(alice, "/parties/new", **typed, is_customer="1")
    (party,) = alice.api.get("/parties").json["items"]
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/parties/{party['id']}")
    assert {name: party[name] for name in WHOLE} == WHOLE
    page = Page(alice.tab.get(f"/parties/{party['id']}"))
    facts = page.words(".//dl[@id='facts']")
    for expected in (
        "94470",
        "deepa@malabar.example",
        "12 MG Road",
        "India",
        "Maharashtra",
        "27AAPFU0939F1ZV",
        "15 days",
        "AAPFU0939F",
        "C-1047",
        "5,00,000.00",
    ):
        assert expected in facts
    form = Page(alice.tab.get(f"/parties/{party['id']}/edit"))
    assert (form.field("name"), form.field("state"), form.field("terms_days")) == (
        "Deepa Krishnan",
        "27",
        "15",
    )
    answer = send(
        alice,
        f"/parties/{party['id']}/edit",
        **dict.fromkeys(typed, "") | TYPED,
        is_supplier="1",
        seen=form.field("seen"),
    )
    assert answer.status_code == 303
    after = alice.api.get(f"/parties/{party['id']}").json
    assert (after["is_supplier"], after["phone"], after["tax_number"], after["terms_days"]) == (
        True,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("changes", "place", "expected"),
    [
        ({"name": " "}, "name", "Enter a name."),
        ({"is_customer": ""}, "is_customer", "customer, supplier or both"),
        ({"email": "nobody"}, "email", "Enter an e-mail address"),
        ({"pan": "AAPFU0939"}, "pan", "This PAN is not valid"),
        ({"credit_limit": "lots"}, "credit_limit", "Enter an amount"),
        ({"terms_days": "366"}, "terms_days", "from 0 to 365"),
        ({"terms_days": "soon"}, "terms_days", "whole number"),
        ({"country": "AE", "state": "32"}, "state", "does not belong to the country"),
        ({"country": "QQ"}, "country", "Enter a country code"),
        (
            {"country": "IN", "tax_number": "27AAPFU0939F1ZW"},
            "tax_number",
            "This tax number is not valid",
        ),
        (
            {"country": "IN", "tax_number": "27AAPFU0939F1ZV", "state": "32"},
            "tax_number",
            "another state",
        ),
    ],
)
def test_an_invalid_form_shows_field_errors_and_creates_no_party(
    alice: Person, changes: dict[str, Any], place: str, expected: str
) -> None:
    made(alice, name="Known")
    typed = {name: value for name, value in (TYPED | changes).items() if value}
    page = Page(send(alice, "/parties/new", **typed))
    assert page.status == 422
    assert expected in page.error_at(place)
    assert [item["name"] for item in alice.api.get("/parties").json["items"]] == ["Known"]


def test_a_similar_party_is_shown_once_before_it_is_saved(alice: Person) -> None:
    party = made(alice, **WHOLE)
    typed = {"name": "Malabar Tours", "is_customer": "1", "phone": WHOLE["phone"]}
    page = Page(send(alice, "/parties/new", **typed))
    assert (page.status, page.words(".//ul[@id='similar']")) == (
        422,
        "Deepa Krishnan (same phone number)",
    )
    assert f"/parties/{party['id']}" in page.links()
    assert page.one(".//button[@name='is_confirmed']").text.strip() == "Save anyway"
    assert send(alice, "/parties/new", **typed, is_confirmed="1").status_code == 303
    assert len(alice.api.get("/parties").json["items"]) == 2


def test_an_agent_keeps_the_credit_limit_of_a_customer(alice: Person, bob: Person) -> None:
    party = made(alice, **WHOLE)
    form = Page(bob.tab.get(f"/parties/{party['id']}/edit"))
    assert not form.all(".//input[@name='credit_limit']") + form.all(".//input[@name='is_on_hold']")
    path = f"/parties/{party['id']}/edit"
    assert send(bob, path, **TYPED, phone="", seen=form.field("seen")).status_code == 303
    after = alice.api.get(f"/parties/{party['id']}").json
    assert (after["credit_limit"], after["is_on_hold"], after["phone"]) == ("500000.00", True, None)


def test_a_concurrent_change_is_not_overwritten(alice: Person) -> None:
    party = made(alice)
    seen = Page(alice.tab.get(f"/parties/{party['id']}/edit")).field("seen")
    alice.api.patch(f"/parties/{party['id']}", json={"phone": "1"})
    for state in (seen, "nonsense"):
        page = Page(send(alice, f"/parties/{party['id']}/edit", **TYPED, phone="2", seen=state))
        assert page.status == 422
        assert "was changed after you opened it" in page.words()
    assert alice.api.get(f"/parties/{party['id']}").json["phone"] == "1"


def test_the_page_shows_open_amounts_and_links_documents(
    alice: Person,
) -> None:
    party = made(alice, is_supplier=True)
    path = f"/parties/{party['id']}"
    assert Page(alice.tab.get(path)).words(".//p[@id='balances']") == "No balance"
    invoice_id = issued(alice, customer_name="DEEPA krishnan")
    pay(alice, invoice_id, 500_000)
    advance(alice, 70_000, DUE, currency="AED")
    receive(alice, vendor_name="Deepa Krishnan")
    issued(alice, customer_name="Somebody else")
    page = Page(alice.tab.get(path))
    balances = page.words(".//dl[@id='balances']")
    for expected in ("Amount due", "40,000.00", "Advance", "700.00", "Payable", "45,000.00"):
        assert expected in balances
    assert "Advance paid" not in balances
    for link in (
        f"/invoices?party_id={party['id']}",
        f"/reports/party-statement?party_id={party['id']}&kind=supplier",
        f"/payments?party_id={party['id']}",
    ):
        assert link in page.links()
        assert alice.tab.get(link).status_code == 200


def test_an_archived_party_is_not_listed_and_can_be_restored(alice: Person) -> None:
    party = made(alice)
    assert send(alice, f"/parties/{party['id']}/archive").status_code == 303
    assert Page(alice.tab.get("/parties")).rows() == []
    assert Page(alice.tab.get("/parties?archived=1")).rows() == ["Deepa Krishnan"]
    send(alice, f"/parties/{party['id']}/archive", restore="1")
    assert Page(alice.tab.get("/parties")).rows() == ["Deepa Krishnan"]


def test_the_list_has_a_search_and_pages(alice: Person) -> None:
    for number in range(52):
        made(alice, name=f"Party {number:02}", is_supplier=number == 7)
    page = Page(alice.tab.get("/parties"))
    assert page.rows() == [f"Party {number:02}" for number in range(50)]
    (following,) = (link for link in page.links() if "cursor=" in link)
    assert Page(alice.tab.get(following)).rows() == ["Party 50", "Party 51"]
    assert Page(alice.tab.get("/parties?q=y+3&kind=customer")).rows() == [
        f"Party 3{number}" for number in range(10)
    ]
    assert Page(alice.tab.get("/parties?kind=supplier")).rows() == ["Party 07"]
    for query in ("kind=friend", "cursor=x"):
        wrong = Page(alice.tab.get(f"/parties?{query}"))
        assert (wrong.status, len(wrong.rows())) == (422, 50)


def test_a_viewer_sees_no_button(people: People, alice: Person) -> None:
    party = made(alice)
    browser = people.colleague(alice, "Vera Viewer", role="viewer").browser
    shown = Page(browser.get(f"/parties/{party['id']}"))
    assert shown.status == 200
    assert not any("/edit" in link or "/new" in link for link in shown.links())
    assert not shown.all(".//main//form")
    assert (
        browser.get("/parties/new").status_code
        == browser.get(f"/parties/{party['id']}/edit").status_code
        == 403
    )


def test_every_status_has_a_label() -> None:
    assert sorted(STATE_NAMES) == sorted(states("IN").values())
