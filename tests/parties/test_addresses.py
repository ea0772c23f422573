"""Further addresses of parties: rules, API and pages."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.parties.test_api import made
from tests.people import People, Person
from voyagent.kernel.ids import new_id
from voyagent.parties.service import addresses

OFFICE = {
    "kind": "office",
    "lines": "4th floor, Sea View\n12 MG Road",
    "city": "Kochi",
    "postcode": "682016",
    "country": "IN",
    "state": "32",
    "is_default": True,
}


def added(person: Person, party: dict[str, Any], **values: Any) -> dict[str, Any]:
    answer = person.api.post(f"/parties/{party['id']}/addresses", json=OFFICE | values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json
    return body


def listed(person: Person, party: dict[str, Any]) -> list[dict[str, Any]]:
    answer = person.api.get(f"/parties/{party['id']}/addresses")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_an_address_is_added_changed_and_removed(alice: Person) -> None:
    party = made(alice)
    one = added(alice, party)
    assert {name: one[name] for name in OFFICE} == OFFICE
    assert listed(alice, party) == [one]
    path = f"/parties/{party['id']}/addresses/{one['id']}"
    changed = alice.api.patch(path, json={"country": "AE", "city": " "}).json
    assert changed == one | {
        "country": "AE",
        "state": None,
        "city": None,
        "updated_at": changed["updated_at"],
    }
    assert alice.api.patch(path, json={"city": None}).json == changed
    assert alice.api.delete(path).status_code == 204
    assert listed(alice, party) == []
    assert code(alice.api.delete(path)) == (404, "address_not_found")


def test_a_party_has_one_default_of_each_kind_listed_first(alice: Person) -> None:
    party, other = made(alice), made(alice, name="Zeenat")
    old, billing, elsewhere = (
        added(alice, party),
        added(alice, party, kind="billing"),
        added(alice, other),
    )
    new = added(alice, party, lines="Annexe")
    moved = added(alice, party, kind="shipping")
    assert [(one["id"], one["is_default"]) for one in listed(alice, party)] == [
        (billing["id"], True),
        (new["id"], True),
        (old["id"], False),
        (moved["id"], True),
    ]
    alice.api.patch(f"/parties/{party['id']}/addresses/{moved['id']}", json={"kind": "office"})
    assert [one["id"] for one in listed(alice, party) if one["is_default"]] == [
        billing["id"],
        moved["id"],
    ]
    assert listed(alice, other) == [elsewhere]


def test_parallel_defaults_leave_one(alice: Person) -> None:
    party = made(alice)
    at_once([lambda: added(alice, party) for _time in range(4)])
    assert [one["is_default"] for one in listed(alice, party)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"lines": "  "}, (422, "address_invalid")),
        ({"country": "QX", "state": None}, (400, "country_unknown")),
        ({"state": "99"}, (400, "state_unknown")),
        ({"country": None}, (400, "state_unknown")),
    ],
)
def test_each_violated_rule_has_its_error_code(
    alice: Person, values: dict[str, Any], expected: tuple[int, str]
) -> None:
    party = made(alice)
    path = f"/parties/{party['id']}/addresses"
    assert code(alice.api.post(path, json=OFFICE | values)) == expected
    one = added(alice, party)
    patch = {"state": OFFICE["state"]} | values
    assert code(alice.api.patch(f"{path}/{one['id']}", json=patch)) == expected


@pytest.mark.parametrize(
    "values", [{"kind": "home"}, {"lines": None}, {"is_default": None}, {"city": "x" * 121}]
)
def test_an_invalid_body_is_422(alice: Person, values: dict[str, Any]) -> None:
    party = made(alice)
    path = f"/parties/{party['id']}/addresses"
    one = added(alice, party)
    assert alice.api.post(path, json=OFFICE | values).status_code == 422
    assert alice.api.patch(f"{path}/{one['id']}", json=values).status_code == 422


def test_the_number_of_addresses_is_limited(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "ADDRESSES_MAX", 2)
    party = made(alice)
    added(alice, party)
    added(alice, party)
    answer = alice.api.post(f"/parties/{party['id']}/addresses", json=OFFICE)
    assert code(answer) == (409, "too_many_addresses")
    added(alice, made(alice, name="Zeenat"))


def test_viewers_read_and_other_agencies_find_nothing(
    people: People, alice: Person, charlie: Person
) -> None:
    party = made(alice)
    one = added(alice, party)
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    path = f"/parties/{party['id']}/addresses"
    assert listed(viewer, party) == [one]
    assert viewer.api.post(path, json=OFFICE).status_code == 403
    assert viewer.api.patch(f"{path}/{one['id']}", json={"city": "Kochi"}).status_code == 403
    assert viewer.api.delete(f"{path}/{one['id']}").status_code == 403
    assert code(charlie.api.get(path)) == (404, "party_not_found")
    assert code(charlie.api.post(path, json=OFFICE)) == (404, "party_not_found")
    assert charlie.api.delete(f"{path}/{one['id']}").status_code == 404
    other = made(alice, name="Zeenat")
    for where in (f"/parties/{other['id']}/addresses/{one['id']}", f"{path}/{new_id()}"):
        assert code(alice.api.patch(where, json={})) == (404, "address_not_found")


def test_the_audit_log_has_no_part_of_an_address(alice: Person, owner_engine: sa.Engine) -> None:
    added(alice, made(alice))
    (event,) = alice.api.get("/audit?kind=party.address_added").json["items"]
    assert sorted(event["payload"]["inputs"]["fields"], key=lambda one: str(one["field"])) == [
        {"field": "city"},
        {"field": "country"},
        {"field": "is_default", "after": "true"},
        {"field": "kind", "after": "office"},
        *({"field": name} for name in ("lines", "postcode", "state")),
    ]
    with owner_engine.connect() as connection:
        own = sa.text("select e::text from audit_events e where tenant_id = :own")
        rows = connection.execute(own, {"own": alice.actor.tenant_id}).scalars()
        assert not any("MG Road" in row for row in rows)


def test_the_pages_add_change_and_remove_an_address(alice: Person, bob: Person) -> None:
    party = made(alice)
    path = f"/parties/{party['id']}"
    assert not Page(alice.tab.get(path)).all(".//ul[@id='addresses']")
    typed = {name: str(value) for name, value in OFFICE.items() if name != "is_default"}
    page = Page(send(bob, f"{path}/addresses/new", **typed | {"lines": " "}))
    assert (page.status, page.error_at("lines")) == (422, "Enter the address.")
    assert send(bob, f"{path}/addresses/new", **typed, is_default="1").status_code == 303
    (one,) = listed(alice, party)
    shown = Page(alice.tab.get(path)).words(".//ul[@id='addresses']")
    for expected in ("Office", "Default", "Sea View", "682016, Kochi, Kerala, India"):
        assert expected in shown
    edit = f"{path}/addresses/{one['id']}/edit"
    form = Page(alice.tab.get(edit))
    assert (form.field("city"), form.field("state")) == ("Kochi", "32")
    stale = "2024-01-01T00:00:00+00:00"
    page = Page(send(alice, edit, **typed | {"city": "Thrissur"}, seen=stale))
    assert "was changed after you opened it" in page.words()
    answer = send(alice, edit, **typed | {"city": "Thrissur"}, seen=form.field("seen"))
    assert answer.headers["Location"] == path
    (one,) = listed(alice, party)
    assert (one["city"], one["is_default"]) == ("Thrissur", False)
    assert send(alice, f"{path}/addresses/{one['id']}/remove").status_code == 303
    assert listed(alice, party) == []


def test_a_viewer_sees_addresses_without_links(people: People, alice: Person) -> None:
    party = made(alice)
    added(alice, party)
    browser = people.colleague(alice, "Vera Viewer", role="viewer").browser
    shown = Page(browser.get(f"/parties/{party['id']}"))
    assert "Sea View" in shown.words(".//ul[@id='addresses']")
    assert not any("/addresses" in link for link in shown.links())
