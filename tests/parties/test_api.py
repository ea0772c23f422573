"""JSON API of parties: list, create, read, change, permissions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.papers import draft, issued
from tests.billing.test_api import code
from tests.chat.parallel import at_once
from tests.people import People, Person
from voyagent.kernel.ids import new_id

WHOLE = {
    "name": "Deepa Krishnan",
    "is_customer": True,
    "is_supplier": False,
    "email": "deepa@malabar.example",
    "phone": "+91 94470 31822",
    "address": "12 MG Road\nKochi",
    "country": "IN",
    "state": "27",
    "tax_number": "27AAPFU0939F1ZV",
    "pan": "AAPFU0939F",
    "terms_days": 15,
    "credit_limit": "500000.00",
    "is_on_hold": True,
    "external_id": "C-1047",
    "notes": "Likes aisle seats",
}


def made(person: Person, **values: Any) -> dict[str, Any]:
    answer = person.api.post(
        "/parties", json={"name": "Deepa Krishnan", "is_customer": True} | values
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json
    del body["similar"]
    return body


def names(person: Person, query: str = "") -> list[str]:
    answer = person.api.get(f"/parties{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json["items"]]


def test_a_party_is_returned_as_stored(alice: Person) -> None:
    expected = made(alice, **WHOLE)
    assert {name: expected[name] for name in WHOLE} == WHOLE
    assert expected["is_archived"] is False
    assert alice.api.get(f"/parties/{expected['id']}").json == expected
    changed = alice.api.patch(
        f"/parties/{expected['id']}", json={"phone": None, "terms_days": 0, "is_archived": True}
    )
    assert changed.json == expected | {
        "phone": None,
        "terms_days": 0,
        "is_archived": True,
        "updated_at": changed.json["updated_at"],
    }


def test_the_list_is_sorted_by_name_and_all_filters_are_combined(alice: Person) -> None:
    made(alice, **WHOLE)
    made(alice, name="air india", is_customer=False, is_supplier=True, phone="100_%")
    made(alice, name="Zeenat", is_supplier=True)
    gone = made(alice, name="Gone")
    alice.api.patch(f"/parties/{gone['id']}", json={"is_archived": True})
    assert names(alice) == ["air india", "Deepa Krishnan", "Zeenat"]
    assert names(alice, "?kind=customer") == ["Deepa Krishnan", "Zeenat"]
    assert names(alice, "?kind=supplier&q=ZEE") == ["Zeenat"]
    assert (
        names(alice, "?q=malabar.ex&kind=")
        == names(alice, "?q=94470")
        == names(alice, "?q=aapfu0939f")
        == names(alice, "?q=27+AAPFU0939F1Z+v")
        == ["Deepa Krishnan"]
    )
    assert names(alice, "?q=_%25") == ["air india"]
    assert names(alice, "?archived=1") == ["Gone"]
    assert names(alice, "?external_id=C-1047") == names(alice, "?q=AAPFU0939F")
    assert names(alice, "?external_id=C-10") == []
    assert alice.api.get("/parties?kind=friend").status_code == 422


def test_the_pages_of_the_list_have_no_gap_or_overlap(alice: Person) -> None:
    for name in ("A", "B", "ज़ीनत"):
        made(alice, name=name)
    first = alice.api.get("/parties?limit=2")
    assert [item["name"] for item in first.json["items"]] == ["A", "B"]
    second = alice.api.get(f"/parties?limit=2&cursor={first.json['next_cursor']}")
    assert ([item["name"] for item in second.json["items"]], second.json["next_cursor"]) == (
        ["ज़ीनत"],
        None,
    )
    for cursor in ("nonsense", "bnw", "bnwA"[:3], "MjAyNg"):
        assert alice.api.get(f"/parties?cursor={cursor}").status_code in (200, 422)
    assert (
        code(alice.api.get("/parties?cursor=nonsense"))
        == code(alice.api.get("/parties?cursor=bnwA"))
        == (422, "invalid_cursor")
    )


def test_the_number_of_statements_does_not_depend_on_the_list(
    alice: Person, statements: list[str]
) -> None:
    costs = []
    for batch in range(2):
        for number in range(3):
            made(alice, name=f"P {batch} {number}")
        statements.clear()
        assert len(names(alice)) == 3 * (batch + 1)
        costs.append(len(statements))
    assert costs[0] == costs[1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"is_customer": False}, (400, "party_kind_required")),
        ({"country": "QX"}, (400, "country_unknown")),
        ({"country": "IN", "state": "99"}, (400, "state_unknown")),
        ({"state": "32"}, (400, "state_unknown")),
        ({"country": "IN", "tax_number": "27AAPFU0939F1ZW"}, (400, "tax_number_invalid")),
        (
            {"country": "IN", "state": "32", "tax_number": "27AAPFU0939F1ZV"},
            (400, "state_is_not_of_tax_number"),
        ),
        ({"pan": "AAPFU0939"}, (400, "pan_invalid")),
        (
            {"country": "IN", "tax_number": "27AAPFU0939F1ZV", "pan": "AAPFU0938F"},
            (400, "pan_is_not_of_tax_number"),
        ),
        ({"credit_limit": "1.001"}, (422, "invalid_amount")),
        ({"external_id": "C-1"}, (409, "external_id_taken")),
    ],
)
def test_each_violated_rule_has_its_error_code(
    alice: Person, values: dict[str, Any], expected: tuple[int, str]
) -> None:
    made(alice, name="Known", external_id="C-1")
    assert (
        code(
            alice.api.post(
                "/parties", json={"name": "Deepa Krishnan", "is_customer": True} | values
            )
        )
        == expected
    )


@pytest.mark.parametrize(
    "values",
    [
        {"name": " "},
        {"email": "nobody"},
        {"terms_days": 366},
        {"terms_days": "15"},
        {"credit_limit": "-1"},
        {"external_id": "x" * 65},
        {"is_on_hold": None},
        {"country": "in"},
        {"name": None},
        {"other": 1},
    ],
)
def test_an_invalid_body_is_422(alice: Person, values: dict[str, Any]) -> None:
    party = made(alice)
    assert (
        alice.api.post(
            "/parties", json={"name": "Zeenat", "is_customer": True} | values
        ).status_code
        == 422
    )
    assert alice.api.patch(f"/parties/{party['id']}", json=values).status_code == 422


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"country": "IN", "tax_number": "27 aapfu0939f1zv"}, "tax_number"),
        ({"country": "IN", "tax_number": "29AAPFU0939F1ZR"}, "pan"),
        ({"pan": "AAPFU0939F"}, "pan"),
        ({"phone": "094470-31822"}, "phone"),
        ({"email": "Deepa@Malabar.example"}, "email"),
        ({"name": "Krishnen, Deepa"}, "name"),
        ({"phone": "+91 94470 31823"}, None),
    ],
)
def test_a_new_party_names_those_that_may_be_the_same(
    alice: Person, charlie: Person, values: dict[str, Any], reason: str | None
) -> None:
    made(charlie, **WHOLE)
    deepa = made(alice, **WHOLE)
    made(alice, name="Air India")
    answer = alice.api.post("/parties", json={"name": "Zeenat", "is_customer": True} | values)
    assert answer.json["similar"] == (
        [{"id": deepa["id"], "name": "Deepa Krishnan", "reason": reason}] if reason else []
    )


def test_an_invoice_without_a_pan_takes_that_of_its_customer(alice: Person) -> None:
    made(alice, country="IN", pan="AAPFU0939F")
    given = draft(alice, customer_pan="AAAPL1234C")
    for invoice_id, expected in ((draft(alice), "AAPFU0939F"), (given, "AAAPL1234C")):
        assert alice.api.get(f"/invoices/{invoice_id}").json["customer_pan"] == expected


def test_a_credit_limit_and_a_hold_need_their_permission(alice: Person, bob: Person) -> None:
    party = made(bob, credit_limit=None, is_on_hold=False)
    path = f"/parties/{party['id']}"
    for values in ({"credit_limit": "1"}, {"is_on_hold": True}):
        assert code(bob.api.patch(path, json=values)) == (403, "forbidden_role")
        body = {"name": "Zeenat", "is_customer": True} | values
        assert code(bob.api.post("/parties", json=body)) == (403, "forbidden_role")
    changed = alice.api.patch(path, json={"credit_limit": "1000", "is_on_hold": True}).json
    assert (changed["credit_limit"], changed["credit_limit_currency"]) == ("1000.00", "INR")
    assert bob.api.patch(path, json={"phone": "1"}).status_code == 200
    (event,) = alice.api.get("/audit?kind=party.updated&limit=5").json["items"][1:]
    assert event["payload"]["inputs"]["fields"] == [
        {"field": "credit_limit", "before": None, "after": "INR 1000.00"},
        {"field": "is_on_hold", "before": "false", "after": "true"},
    ]


def test_a_name_in_the_books_cannot_change(alice: Person) -> None:
    party = made(alice)
    issued(alice)
    assert code(alice.api.patch(f"/parties/{party['id']}", json={"name": "Zeenat"})) == (
        409,
        "party_in_books",
    )


def test_every_role_can_read_but_a_viewer_cannot_write(
    people: People, alice: Person, charlie: Person
) -> None:
    party = made(alice)
    path = f"/parties/{party['id']}"
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    assert viewer.api.get(path).json == party
    assert names(viewer) == ["Deepa Krishnan"]
    assert (
        viewer.api.post("/parties", json={"name": "Zeenat", "is_customer": True}).status_code == 403
    )
    assert viewer.api.patch(path, json={"terms_days": 1}).status_code == 403
    assert names(charlie) == []
    for person, where in (
        (charlie, path),
        (alice, f"/parties/{new_id()}"),
        (alice, "/parties/nonsense"),
    ):
        assert (
            code(person.api.get(where))
            == code(person.api.patch(where, json={"terms_days": 1}))
            == (404, "party_not_found")
        )
    nobody = type(alice.api)(alice.app.test_client(), None)
    assert nobody.get(path).status_code == nobody.post("/parties", json={}).status_code == 401


def test_an_idempotency_key_creates_one_party(alice: Person, bob: Person) -> None:
    body = {"name": "Zeenat", "is_customer": True}
    first, again = (
        alice.api.post("/parties", json=body, headers={"Idempotency-Key": "k"})
        for _time in range(2)
    )
    assert (first.status_code, again.json) == (201, first.json)
    twins = at_once(
        [
            lambda person=person: person.api.post("/parties", json=body | {"name": "Twin"})
            for person in (alice, bob) * 4
        ]
    )
    made_ids = {answer.json["id"] for answer in twins if answer.status_code == 201}
    refused = [code(answer) for answer in twins if answer.status_code != 201]
    assert set(refused) <= {(409, "party_name_taken")}, "whose name was taken at this moment"
    assert names(alice) == ["Twin"] * len(made_ids) + ["Zeenat"]


def test_parallel_changes_of_one_party_are_all_stored(alice: Person) -> None:
    path = f"/parties/{made(alice)['id']}"
    changes: list[dict[str, Any]] = [
        {"phone": "1"},
        {"terms_days": 30},
        {"notes": "n"},
        {"address": "a"},
        {"is_supplier": True},
    ]
    answers = at_once([lambda one=one: alice.api.patch(path, json=one) for one in changes])
    assert {answer.status_code for answer in answers} == {200}
    found = alice.api.get(path).json
    assert all(found[name] == value for one in changes for name, value in one.items())
