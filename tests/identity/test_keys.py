"""Creating, listing and revoking API keys."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests import mailbox
from tests.chat.parallel import at_once
from tests.identity.conftest import Events
from tests.identity.keys import bearing, make_key, with_key
from tests.people import People, Person
from voyagent.identity.rules import keys as key_texts
from voyagent.identity.rules.keys import NewKey
from voyagent.identity.service import keys
from voyagent.kernel.actor import NotFresh
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id

Sql = Callable[..., list[sa.RowMapping]]
SHAPE = re.compile(r"vy_([A-Za-z0-9]{8})_[A-Za-z0-9]{32}")


def create(person: Person, **body: Any) -> Any:
    return person.api.post("/auth/api-keys", json={"name": "Website", **body})


# Limits
# --------------------------------------------------------------------------------


def test_a_user_has_at_most_twenty_keys_that_work(alice: Person, bob: Person, sql: Sql) -> None:
    made = [create(alice).json["api_key"]["id"] for _ in range(20)]
    refused = create(alice)
    assert (refused.status_code, refused.json["detail"]) == (409, "too_many_api_keys")
    assert create(bob).status_code == 201
    alice.api.post(f"/auth/api-keys/{made[0]}/revoke")
    sql("update api_keys set expires_at = now() - interval '1 s' where id = :id", id=made[1])
    assert [create(alice).status_code for _ in range(3)] == [201, 201, 409]


def test_two_keys_at_the_same_moment_do_not_exceed_the_limit(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LIVE_MAX", 1)
    answers = at_once([lambda: create(alice)] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_a_user_creates_at_most_thirty_keys_an_hour(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LIVE_MAX", 100)
    assert {create(alice).status_code for _ in range(30)} == {201}
    refused = create(alice)
    assert (refused.status_code, refused.json["detail"]) == (429, "too_many_requests")
    assert 3000 < int(refused.headers["Retry-After"]) <= 3600
    assert create(bob).status_code == 201
    mails = mailbox.received(alice.app, to=alice.email, kind="api_key_created")
    assert len(mails) == 10
    assert "left out for up to an hour" in mails[-1].text


# Creation
# --------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_stored_as_its_hash(alice: Person, sql: Sql) -> None:
    answer = create(alice, name="  Website form  ")
    assert answer.status_code == 201
    text = answer.json["key"]
    shape = SHAPE.fullmatch(text)
    assert shape
    assert "once" in answer.json["warning"]
    shown = answer.json["api_key"]
    assert shown["name"] == "Website form"
    assert shown["prefix"] == shape[1]
    assert shown["scopes"] == ["full"]
    assert (shown["expires_at"], shown["revoked_at"], shown["last_used_at"]) == (None, None, None)
    assert (shown["created_by_user_id"], shown["created_by"]) == (
        str(alice.actor.user_id),
        "Alice Owner",
    )
    (row,) = sql("select * from api_keys where id = :id", id=shown["id"])
    assert bytes(row["key_hash"]) == hashlib.sha256(text.encode()).digest()
    assert text not in json.dumps(alice.api.get("/auth/api-keys").json)


def test_all_keys_are_different() -> None:
    made = [key_texts.new_key() for _ in range(200)]
    assert len({key.prefix for key in made}) == len({key.text for key in made}) == 200
    assert made[0].text not in repr(made[0])


@pytest.mark.parametrize("days", [1, 3650])
def test_a_key_may_have_an_expiry(alice: Person, days: int) -> None:
    shown = create(alice, expires_in_days=days).json["api_key"]
    end = datetime.fromisoformat(shown["expires_at"])
    assert abs(end - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 121},
        {"name": "a\x00b"},
        {"name": 5},
        {"name": "Website", "expires_in_days": 0},
        {"name": "Website", "expires_in_days": 3651},
        {"name": "Website", "expires_in_days": "30"},
        {"name": "Website", "expires_in_days": True},
        {"name": "Website", "scopes": ["full"]},
        {"name": "Website", "user_id": "somebody"},
    ],
)
def test_an_invalid_body_creates_no_key(alice: Person, body: dict[str, Any]) -> None:
    assert alice.api.post("/auth/api-keys", json=body).status_code == 422
    assert alice.api.get("/auth/api-keys").json["items"] == []


def test_the_scopes_of_a_key_are_stored_in_a_fixed_order(alice: Person) -> None:
    answer = alice.api.post(
        "/auth/api-keys/scoped",
        json={
            "name": "Sheet",
            "scopes": ["reports", "enquiries", "reports"],
            "expires_in_days": 30,
        },
    )
    assert answer.status_code == 201
    assert answer.json["api_key"]["scopes"] == ["enquiries", "reports"]


def test_the_scope_full_includes_all_others(alice: Person) -> None:
    assert alice.api.post(
        "/auth/api-keys/scoped", json={"name": "Sheet", "scopes": ["read", "full"]}
    ).json["api_key"]["scopes"] == ["full"]


@pytest.mark.parametrize(
    "scopes", [[], ["owner"], ["read", "Full"], "read", [None], ["read"] * 12, None]
)
def test_unknown_scopes_are_refused(alice: Person, scopes: Any) -> None:
    assert (
        alice.api.post(
            "/auth/api-keys/scoped", json={"name": "Sheet", "scopes": scopes}
        ).status_code
        == 422
    )


def test_a_scope_without_any_permission_of_the_creator_is_refused(
    bob: Person, alice: Person
) -> None:
    answer = bob.api.post(
        "/auth/api-keys/scoped", json={"name": "Sheet", "scopes": ["read", "audit"]}
    )
    assert (answer.status_code, answer.json["detail"]) == (403, "scope_beyond_role")
    assert (
        alice.api.post(
            "/auth/api-keys/scoped", json={"name": "Sheet", "scopes": ["audit"]}
        ).status_code
        == 201
    )


@pytest.mark.parametrize("path", ["/auth/api-keys", "/auth/api-keys/scoped"])
def test_a_refreshed_token_cannot_create_a_key(alice: Person, path: str) -> None:
    body = {"name": "Website", **({"scopes": ["read"]} if path.endswith("scoped") else {})}
    pair = alice.api.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).json
    answer = bearing(alice, pair["access_token"]).post(path, json=body)
    assert (answer.status_code, answer.json["detail"]) == (403, "reauthentication_required")
    again = with_key(alice).post(path, json=body)
    assert (again.status_code, again.json["detail"]) == (403, "reauthentication_required")
    assert len(alice.api.get("/auth/api-keys").json["items"]) == 1


def test_a_viewer_lists_keys_but_cannot_create_or_revoke_them(
    alice: Person, victor: Person
) -> None:
    key_id, _text = make_key(alice)
    for path in ("/auth/api-keys", "/auth/api-keys/scoped", f"/auth/api-keys/{key_id}/revoke"):
        answer = victor.api.post(path, json={"nonsense": 1})
        assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")
    assert [key["id"] for key in victor.api.get("/auth/api-keys").json["items"]] == [str(key_id)]


def test_the_services_check_permission_and_password(alice: Person, victor: Person) -> None:
    rules = alice.app.extensions["voyagent.identity"]
    with pytest.raises(NotFresh):
        alice.does(lambda actor: keys.make_key(rules, replace(actor, fresh=False), name="Website"))
    with pytest.raises(Forbidden):
        victor.does(lambda actor: keys.make_key(rules, replace(actor, fresh=True), name="Website"))


def test_a_duplicate_prefix_is_generated_again(
    alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    _id, theirs = make_key(charlie)
    taken, free = NewKey(theirs[3:11], f"vy_{theirs[3:11]}_{'x' * 32}"), key_texts.new_key()
    drawn = iter([taken, taken, free])
    monkeypatch.setattr("voyagent.identity.service.keys.new_key", lambda: next(drawn))
    key_id, text = make_key(alice)
    assert text == free.text
    assert [key["id"] for key in alice.api.get("/auth/api-keys").json["items"]] == [str(key_id)]


def test_creating_a_key_records_an_event_and_sends_a_mail(
    alice: Person, events: Events, sql: Sql
) -> None:
    text = create(alice).json["key"]
    (event,) = events(alice, "api_key.created")
    assert (event["actor_id"], event["inputs"]["prefix"], event["inputs"]["scopes"]) == (
        alice.actor.user_id,
        text[3:11],
        ["full"],
    )
    assert text not in json.dumps([dict(event)], default=str)
    assert [
        row["kind"]
        for row in sql("select kind from mails where tenant_id = :t", t=alice.actor.tenant_id)
    ] == ["api_key_created"]


def test_no_key_is_created_if_its_event_cannot_be_written(alice: Person, sql: Sql) -> None:
    sql(
        "alter table audit_events add constraint no_keys check (kind <> 'api_key.created') not"
        " valid"
    )
    try:
        assert create(alice).status_code == 500
    finally:
        sql("alter table audit_events drop constraint no_keys")
    assert alice.api.get("/auth/api-keys").json["items"] == []


# Listing
# --------------------------------------------------------------------------------


def test_keys_of_the_own_agency_are_listed_newest_first(
    alice: Person, bob: Person, charlie: Person
) -> None:
    first, second = make_key(alice)[0], make_key(bob)[0]
    make_key(charlie)
    for person in (alice, bob):
        answer = person.api.get("/auth/api-keys")
        assert [key["id"] for key in answer.json["items"]] == [str(second), str(first)]
        assert answer.json["next_cursor"] is None
    assert alice.api.get("/auth/api-keys").json["items"][0]["created_by"] == "Bob Colleague"


def test_keys_are_listed_in_pages_on_request(alice: Person) -> None:
    ids = [str(make_key(alice)[0]) for _ in range(5)][::-1]
    seen, cursor = [], ""
    for _ in range(3):
        page = alice.api.get(f"/auth/api-keys?limit=2&cursor={cursor}").json
        seen += [key["id"] for key in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ids
    assert cursor is None
    assert len(alice.api.get("/auth/api-keys?limit=200").json["items"]) == 5


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=nonsense", "limit=2&limit=3"]
)
def test_an_invalid_page_is_refused(alice: Person, query: str) -> None:
    assert alice.api.get(f"/auth/api-keys?{query}").status_code == 422


# Revoking
# --------------------------------------------------------------------------------


def test_creator_and_administrator_can_revoke_and_the_first_date_remains(
    alice: Person, bob: Person, events: Events, sql: Sql
) -> None:
    for by in (bob, alice):
        key_id, text = make_key(bob)
        assert bearing(bob, text).get("/auth/me").status_code == 200
        answer = by.api.post(f"/auth/api-keys/{key_id}/revoke")
        assert (answer.status_code, answer.data) == (204, b"")
        assert bearing(bob, text).get("/auth/me").status_code == 401
        (row,) = sql(
            "select revoked_at, revoked_by_user_id from api_keys where id = :id", id=key_id
        )
        assert row["revoked_by_user_id"] == by.actor.user_id
        assert alice.api.post(f"/auth/api-keys/{key_id}/revoke").status_code == 204
        assert sql(
            "select revoked_at, revoked_by_user_id from api_keys where id = :id", id=key_id
        ) == [row]
    recorded = events(alice, "api_key.revoked")
    assert [(event["actor_id"], event["entity_refs"]["user_id"]) for event in recorded] == [
        (bob.actor.user_id, str(bob.actor.user_id)),
        (alice.actor.user_id, str(bob.actor.user_id)),
    ]


def test_a_user_revokes_only_own_keys(people: People, alice: Person, bob: Person) -> None:
    lead = people.colleague(alice, "Lena Lead", role="ticketing_lead")
    key_id, text = make_key(bob)
    answer = lead.api.post(f"/auth/api-keys/{key_id}/revoke")
    assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")
    assert bearing(bob, text).get("/auth/me").status_code == 200


def test_unknown_foreign_and_malformed_key_ids_get_the_same_404(
    bob: Person, charlie: Person
) -> None:
    for key_id in (make_key(charlie)[0], new_id(), "nonsense"):
        answer = bob.api.post(f"/auth/api-keys/{key_id}/revoke")
        assert (answer.status_code, answer.json["detail"]) == (404, "not_found")


def test_parallel_revocations_succeed_once(alice: Person, events: Events) -> None:
    key_id, _text = make_key(alice)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _n: alice.api.post(f"/auth/api-keys/{key_id}/revoke").status_code, range(8)
            )
        )
    assert answers == [204] * 8
    assert len(events(alice, "api_key.revoked")) == 1


def test_only_a_full_key_of_an_administrator_revokes_keys(
    alice: Person, bob: Person, events: Events
) -> None:
    acting_id, text = make_key(alice)
    key_id, _text = make_key(bob)
    assert with_key(alice, "read").post(f"/auth/api-keys/{key_id}/revoke").status_code == 403
    assert bearing(alice, text).post(f"/auth/api-keys/{key_id}/revoke").status_code == 204
    (event,) = events(alice, "api_key.revoked")
    assert (event["actor_id"], event["entity_refs"]["by_api_key_id"]) == (
        alice.actor.user_id,
        str(acting_id),
    )
    assert event["entity_refs"]["api_key_id"] == str(key_id)
    assert bearing(alice, text).post(f"/auth/api-keys/{acting_id}/revoke").status_code == 204
    assert bearing(alice, text).get("/auth/me").status_code == 401
