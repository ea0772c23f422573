"""Contacts of parties: rules, API, pages, mail and erasure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import issued
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.parties.test_api import made
from tests.people import People, Person
from tests.privacy.test_erasing_meanwhile import erase
from tests.privacy.test_mentions import exported, link_all, offered
from voyagent.kernel.ids import new_id
from voyagent.parties.service import contacts

MEERA = {
    "name": "Meera Nair",
    "role": "Accounts",
    "email": "meera@malabar.example",
    "phone": "+91 98950 44321",
    "is_default": True,
}


def added(person: Person, party: dict[str, Any], **values: Any) -> dict[str, Any]:
    answer = person.api.post(f"/parties/{party['id']}/contacts", json=MEERA | values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json
    return body


def listed(person: Person, party: dict[str, Any]) -> list[dict[str, Any]]:
    answer = person.api.get(f"/parties/{party['id']}/contacts")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_a_contact_is_added_changed_and_removed(alice: Person) -> None:
    party = made(alice)
    one = added(alice, party)
    assert {name: one[name] for name in MEERA} == MEERA
    assert listed(alice, party) == [one]
    path = f"/parties/{party['id']}/contacts/{one['id']}"
    changed = alice.api.patch(path, json={"name": "Meera  S. Nair", "phone": None}).json
    assert changed == one | {
        "name": "Meera S. Nair",
        "phone": None,
        "updated_at": changed["updated_at"],
    }
    assert alice.api.patch(path, json={"role": "Accounts"}).json == changed
    assert alice.api.delete(path).status_code == 204
    assert listed(alice, party) == []
    assert code(alice.api.delete(path)) == (404, "contact_not_found")


def test_a_party_has_one_default_contact_listed_first(alice: Person) -> None:
    party, other = made(alice), made(alice, name="Zeenat")
    first, elsewhere = added(alice, party), added(alice, other)
    second = added(alice, party, name="Arun")
    assert [(one["id"], one["is_default"]) for one in listed(alice, party)] == [
        (second["id"], True),
        (first["id"], False),
    ]
    path = f"/parties/{party['id']}/contacts/{first['id']}"
    assert alice.api.patch(path, json={"is_default": True}).status_code == 200
    assert [one["id"] for one in listed(alice, party) if one["is_default"]] == [first["id"]]
    assert listed(alice, other) == [elsewhere]
    third = made(alice, name="Third")
    at_once([lambda: added(alice, third) for _time in range(4)])
    assert [one["is_default"] for one in listed(alice, third)] == [True, False, False, False]


@pytest.mark.parametrize(
    "values",
    [
        {"name": " "},
        {"name": "x" * 256},
        {"role": "x" * 121},
        {"email": "nobody"},
        {"phone": "9" * 65},
        {"is_default": None},
    ],
)
def test_an_invalid_contact_is_refused(alice: Person, values: dict[str, Any]) -> None:
    party = made(alice)
    path = f"/parties/{party['id']}/contacts"
    one = added(alice, party)
    assert alice.api.post(path, json=MEERA | values).status_code == 422
    assert alice.api.patch(f"{path}/{one['id']}", json=values).status_code == 422


def test_the_service_checks_the_texts_too(alice: Person) -> None:
    party_id = UUID(made(alice)["id"])
    for values in ({"name": " "}, {"name": "Meera", "role": "x" * 121}):
        with alice.acting() as actor, pytest.raises(contacts.InvalidContact):
            contacts.add(actor, party_id, **values)  # type: ignore[arg-type]


def test_the_number_of_contacts_is_limited(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "CONTACTS_MAX", 1)
    party = made(alice)
    added(alice, party)
    answer = alice.api.post(f"/parties/{party['id']}/contacts", json=MEERA)
    assert code(answer) == (409, "too_many_contacts")
    page = Page(send(alice, f"/parties/{party['id']}/contacts/new", name="Arun"))
    assert (page.status, "at most 50 contacts" in page.words()) == (422, True)
    added(alice, made(alice, name="Zeenat"))


def test_viewers_read_and_other_agencies_find_nothing(
    people: People, alice: Person, charlie: Person
) -> None:
    party = made(alice)
    one = added(alice, party)
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    path = f"/parties/{party['id']}/contacts"
    assert listed(viewer, party) == [one]
    shown = Page(viewer.tab.get(f"/parties/{party['id']}"))
    assert "Meera Nair" in shown.words(".//ul[@id='contacts']")
    assert not any("/contacts" in link for link in shown.links())
    assert viewer.api.post(path, json=MEERA).status_code == 403
    assert viewer.api.patch(f"{path}/{one['id']}", json={"role": "Sales"}).status_code == 403
    assert viewer.api.delete(f"{path}/{one['id']}").status_code == 403
    assert viewer.tab.get(f"{path}/new").status_code == 403
    assert code(charlie.api.get(path)) == (404, "party_not_found")
    assert code(charlie.api.post(path, json=MEERA)) == (404, "party_not_found")
    assert charlie.api.delete(f"{path}/{one['id']}").status_code == 404
    other = made(alice, name="Zeenat")
    for where in (f"/parties/{other['id']}/contacts/{one['id']}", f"{path}/{new_id()}"):
        assert code(alice.api.patch(where, json={})) == (404, "contact_not_found")


def test_the_audit_log_has_no_part_of_a_contact(alice: Person, owner_engine: sa.Engine) -> None:
    added(alice, made(alice))
    (event,) = alice.api.get("/audit?kind=party.contact_added").json["items"]
    assert sorted(event["payload"]["inputs"]["fields"], key=lambda one: str(one["field"])) == [
        {"field": "email"},
        {"field": "is_default", "after": "true"},
        *({"field": name} for name in ("name", "phone", "role")),
    ]
    with owner_engine.connect() as connection:
        own = sa.text("select e::text from audit_events e where tenant_id = :own")
        rows = connection.execute(own, {"own": alice.actor.tenant_id}).scalars()
        assert not any("meera" in row.lower() for row in rows)


def test_the_pages_add_change_and_remove_a_contact(alice: Person, bob: Person) -> None:
    party = made(alice)
    path = f"/parties/{party['id']}"
    assert f"{path}/contacts/new" in Page(alice.tab.get(path)).links()
    typed = {name: str(value) for name, value in MEERA.items() if name != "is_default"}
    page = Page(send(bob, f"{path}/contacts/new", **typed | {"name": " ", "email": "nobody"}))
    assert (page.status, page.error_at("name")) == (422, "Enter a name.")
    assert "such as name@example.com" in page.error_at("email")
    assert send(bob, f"{path}/contacts/new", **typed, is_default="1").status_code == 303
    (one,) = listed(alice, party)
    shown = Page(alice.tab.get(path)).words(".//ul[@id='contacts']")
    for expected in ("Meera Nair", "Default", "Accounts", "meera@malabar.example", "44321"):
        assert expected in shown
    edit = f"{path}/contacts/{one['id']}/edit"
    form = Page(alice.tab.get(edit))
    assert (form.field("name"), form.field("role")) == ("Meera Nair", "Accounts")
    stale = "2024-01-01T00:00:00+00:00"
    page = Page(send(alice, edit, **typed | {"role": "Sales"}, seen=stale))
    assert "was changed after you opened it" in page.words()
    answer = send(alice, edit, **typed | {"role": "Sales"}, seen=form.field("seen"))
    assert answer.headers["Location"] == path
    (one,) = listed(alice, party)
    assert (one["role"], one["is_default"]) == ("Sales", False)
    assert send(alice, f"{path}/contacts/{one['id']}/remove").status_code == 303
    assert listed(alice, party) == []


def test_an_invoice_is_mailed_to_the_default_contact_of_its_customer(alice: Person) -> None:
    first = made(alice, email="office@malabar.example")
    second = made(alice, email="other@malabar.example")
    invoices = [issued(alice, party_id=UUID(one["id"])) for one in (first, second)]

    def recipients() -> list[str]:
        return [Page(alice.tab.get(f"/invoices/{one}/send")).field("to") for one in invoices]

    assert recipients() == ["office@malabar.example", "other@malabar.example"]
    contact = added(alice, first)
    assert recipients() == [MEERA["email"], "other@malabar.example"]
    path = f"/parties/{first['id']}/contacts/{contact['id']}"
    for change in ({"email": None}, {"email": MEERA["email"], "is_default": False}):
        assert alice.api.patch(path, json=change).status_code == 200
        assert recipients()[0] == "office@malabar.example"


def test_a_person_who_is_a_contact_of_a_firm_is_found_and_removed(
    alice: Person, owner_engine: sa.Engine
) -> None:
    person = made(alice, name="Deepa Krishnan", email="deepa.k@example.com")
    firm, other = made(alice, name="Malabar Spices"), made(alice, name="Zenith Pharma")
    added(alice, firm, name="Mrs Deepa Krishnan", email="dk@malabar.example", phone=None)
    added(alice, firm, name="Travel desk", email="deepa.k@example.com")
    added(alice, firm, name="Arun")
    added(alice, other, name="Deepa Krishnan")
    person_id, firm_id = UUID(person["id"]), UUID(firm["id"])
    found = {record for kind, record, _reason in offered(alice, person_id) if kind == "party"}
    assert found == {firm_id, UUID(other["id"])}
    link_all(alice, person_id, {"party": firm_id})
    assert "dk@malabar.example" in exported(alice, person_id)
    erase(alice, person_id)
    assert [one["name"] for one in listed(alice, firm)] == ["Arun"]
    # A firm that nobody has confirmed keeps its contact.
    assert [one["name"] for one in listed(alice, other)] == ["Deepa Krishnan"]
