"""API keys as credentials: their creator's rights within their scopes."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.http.operations import GUARDED, MAKERS, Call
from tests.http.owned import Owned, Owner, owner_of
from tests.identity.conftest import Events
from tests.identity.keys import bearing, make_key, with_key
from tests.people import PASSWORD, ApiClient, People, Person
from tests.settings.pictures import in_base64, picture
from voyagent.factory import create_app
from voyagent.http.client import client_address
from voyagent.identity.rules.permissions import SCOPE_PERMISSIONS, SCOPES
from voyagent.identity.service import agencies, bearers, keys
from voyagent.kernel.actor import permissions_within
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db

Sql = Callable[..., list[sa.RowMapping]]
# Operations that need a fresh password, which an API key cannot give, or a scope that names them.
NEEDS_FRESH = {
    "POST /api/auth/api-keys",
    "POST /api/auth/api-keys/scoped",
    "POST /api/auth/totp/setup",
    "POST /api/auth/totp/verify",
    "POST /api/auth/totp/recovery-codes",
    "POST /api/auth/invites",
    "PATCH /api/team/<user_id>",
    "DELETE /api/team/<user_id>/sessions",
    "DELETE /api/team/<user_id>",
    "POST /api/privacy/parties/<party_id>/erase",
    "PATCH /api/privacy/retention",
    "POST /api/base-currency",
    "POST /api/recognition-policies",
    "POST /api/tax-treatments/confirm",
    "POST /api/bank-accounts",
    "PATCH /api/bank-accounts/<bank_account_id>",
    "POST /api/bank-accounts/<bank_account_id>/close",
}
# One of so many scopes is tried at an operation outside of it: one check serves all.
SPREAD = 5
NOT_SET_UP = {"totp_not_enabled", "totp_not_initialized", "agency_tax_number_required"}
# Operations that a read key may not use, since they hand out personal data, and one that finds
# nothing in a new agency.
NOT_READ = {
    "GET /api/privacy/parties/<party_id>/export",
    "GET /api/privacy/parties/<party_id>/identity",
    "GET /api/audit/statement",
    "GET /api/exchange-rates/find",
}
# Operations on the sign-in of the bearer; a key belongs to no sign-in.
ABOUT_A_SIGN_IN = {"POST /api/auth/reauthenticate"}


READS = [call for call in GUARDED if call.operation.method == "GET"]
WRITES = [call for call in GUARDED if call.operation.method != "GET"]


def feature_of(call: Call) -> str:
    return call.path.removeprefix("/api/").split("/")[0]


def one_of_each_feature(calls: list[Call], *, always: set[str]) -> list[Call]:
    """Return the first call of each feature, all of the sign-in, and `always`.

    Every operation takes its bearer by the same guard.
    `test_a_scope_permits_the_listed_operations_within_the_role` sends a full key to all of them.
    """
    others = [
        call
        for call in calls
        if call.name not in always | ABOUT_A_SIGN_IN and feature_of(call) != "auth"
    ]
    first = {feature_of(call): call for call in reversed(others)}
    return [
        call
        for call in calls
        if call.name not in ABOUT_A_SIGN_IN and (call not in others or call in first.values())
    ]


def named(calls: list[Call]) -> Any:
    return pytest.mark.parametrize("call", calls, ids=lambda call: call.name)


def send(client: ApiClient, call: Call, ids: dict[str, object]) -> Any:
    """Call an operation with these records and a valid body."""
    address = call.address(**ids)
    options: dict[str, Any] = {"json": call.body()} if call.operation.body else {}
    answer = getattr(client, call.operation.method.lower())(
        address.removeprefix("/api"), query_string=call.report_query(), **options
    )
    answer.close()  # a stream is not read
    return answer


def detail(answer: Any) -> Any:
    return answer.json.get("detail") if answer.is_json and answer.status_code >= 400 else None


def use(person: Person, text: str) -> tuple[int, str | None]:
    """Return the responses to a bearer of both ways in: read pool and transaction."""
    answers = {
        (a.status_code, detail(a))
        for a in (
            bearing(person, text).get("/auth/me"),
            bearing(person, text).get(f"/chat/sessions/{UUID(int=7)}"),
        )
    }
    known = {(200, None), (404, "session_not_found")}
    return (
        (200, None)
        if answers == known
        else answers.pop()
        if len(answers) == 1
        else pytest.fail(str(answers))
    )


REFUSED = (401, "unauthorized")


# All operations
# --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def owned(app: Flask) -> Owner:
    """Return the agency with the records of an operation; no test may change them."""
    return owner_of(app)


@pytest.fixture(scope="module")
def key_of() -> Callable[..., ApiClient]:
    """Return a client with a key of an agency's owner, made once for its scopes."""

    @cache
    def of(agency: Owned, *scopes: str) -> ApiClient:
        return with_key(agency.owner, *scopes)

    return of


@named(one_of_each_feature(READS, always=NOT_READ))
def test_a_full_key_reads_like_its_creators_token(
    owned: Owner, key_of: Callable[..., ApiClient], call: Call
) -> None:
    agency = owned(call)
    by_key = send(key_of(agency), call, agency.ids)
    by_token = send(agency.owner.api, call, agency.ids)
    assert (by_key.status_code, detail(by_key)) == (by_token.status_code, detail(by_token))
    assert by_key.status_code < 500


@named(one_of_each_feature(WRITES, always=NEEDS_FRESH))
def test_a_full_key_writes_like_its_creators_token(
    people: People, alice: Person, call: Call
) -> None:
    """A success is compared with the documented one, which a token gets.

    Other results are compared with those of a token, in another agency: the call may have ended
    sessions.
    """
    by_key = send(with_key(alice), call, call.things(alice))
    if by_key.status_code == call.operation.status and call.name not in NEEDS_FRESH:
        return
    charlie = people.sign_up("Charlie Stranger", agency="Charlie Tours")
    by_token = send(charlie.api, call, call.things(charlie))
    if call.name in NEEDS_FRESH:
        assert (by_key.status_code, detail(by_key)) == (403, "reauthentication_required")
        assert by_token.status_code < 400 or detail(by_token) in NOT_SET_UP
        return
    assert (by_key.status_code, detail(by_key)) == (by_token.status_code, detail(by_token))
    assert by_key.status_code < 500


@named(WRITES)
def test_a_read_key_changes_nothing_anywhere(
    owned: Owner, key_of: Callable[..., ApiClient], call: Call
) -> None:
    agency = owned(call)
    answer = send(key_of(agency, "read"), call, agency.ids)
    assert (answer.status_code, detail(answer)) == (403, "forbidden_role")


def test_a_refusal_says_if_scope_or_role_is_missing(alice: Person, bob: Person) -> None:
    scope = with_key(alice, "reports").post("/enquiries", json={})
    role = with_key(bob).get("/auth/invites")
    assert {detail(scope), detail(role)} == {"forbidden_role"}
    assert (
        scope.json["message"]
        == "This API key does not have permission for this, although its creator’s role does."
        " Create a key with the permission."
    )
    assert role.json["message"].startswith("Your role does not allow this.")


@named(
    [
        call
        for call in READS
        if not call.path.endswith(("/itinerary", "/logo")) and call.name not in NOT_READ
    ]
)  # whose conversation is asked for has tests of its own
def test_a_read_key_reads_everything(
    owned: Owner, key_of: Callable[..., ApiClient], call: Call
) -> None:
    agency = owned(call)
    assert send(key_of(agency, "read"), call, agency.ids).status_code == 200


def test_a_read_key_reads_the_logo(alice: Person) -> None:
    path = "/tenant-settings/logo"
    assert alice.api.put(path, json={"content": in_base64(picture())}).status_code == 200
    assert with_key(alice, "read").get(path).status_code == 200


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        *(("agency_admin", scope) for scope in SCOPES),
        # A scope of which the role has all, one of which it has a part, and the whole role.
        *(("agent", scope) for scope in ("enquiries", "read", "full")),
    ],
)
def test_a_scope_permits_the_listed_operations_within_the_role(
    people: People, alice: Person, role: str, scope: str
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    client = with_key(person, scope)
    held = permissions_within("agency_admin", [scope])
    for index, call in enumerate(GUARDED):
        # An administrator's keys of some scopes are refused at each operation outside of them.
        is_refused_here = role == "agency_admin" and (index + SCOPES.index(scope)) % SPREAD == 0
        if call.operation.right not in held and not is_refused_here:
            continue
        options = {"json": {"nonsense": [1]}} if call.operation.body else {}
        answer = getattr(client, call.operation.method.lower())(
            call.address().removeprefix("/api"), **options
        )
        answer.close()
        may = call.operation.right in permissions_within(role, [scope])
        is_refused = (answer.status_code, detail(answer)) == (403, "forbidden_role")
        assert is_refused == (not may), (call.name, answer.status_code, detail(answer))


def test_several_scopes_are_united(alice: Person) -> None:
    client = with_key(alice, "enquiries", "reports")
    assert client.get("/enquiries").status_code == 200
    assert client.get("/reports/trial-balance").status_code == 200
    assert client.get("/approvals").status_code == 403


def test_an_enquiries_key_creates_conversations_but_no_messages(alice: Person) -> None:
    """The assistant acts with all rights of the person.

    A narrower key must therefore not use it.
    """
    client = with_key(alice, "enquiries")
    made = client.post("/enquiries", json={"customer_name": "Deepa Krishnan", "pax_count": 4})
    assert made.status_code == 201
    promoted = client.post(f"/enquiries/{made.json['id']}/promote-to-session")
    assert promoted.status_code == 200
    assert (
        client.post(
            f"/chat/sessions/{promoted.json['session_id']}/messages",
            json={"message": "who owes us"},
        ).status_code
        == 403
    )


def test_only_two_scopes_can_write_messages_to_the_assistant() -> None:
    assert {scope for scope, held in SCOPE_PERMISSIONS.items() if "chat.write" in held} == {
        "full",
        "assistant",
    }


def test_an_assistant_key_writes_messages_but_decides_nothing(alice: Person) -> None:
    client = with_key(alice, "assistant")
    session_id = client.post("/chat/sessions").json["session_id"]
    approval_id = MAKERS["approval_id"](alice)
    assert (
        client.post(f"/approvals/{approval_id}/resolve", json={"granted": False}).status_code == 403
    )
    answer = client.post(
        f"/chat/sessions/{session_id}/messages",
        json={"message": "", "approvals": {str(approval_id): False}},
    )
    assert (answer.status_code, detail(answer)) == (403, "forbidden_role")
    assert client.post("/enquiries", json={"customer_name": "Deepa"}).status_code == 403


# Identity of the caller
# --------------------------------------------------------------------------------


def test_a_key_acts_as_its_creator_and_the_event_names_the_key(bob: Person, events: Events) -> None:
    key_id, text = make_key(bob)
    client = bearing(bob, text)
    assert client.get("/auth/me").json["id"] == str(bob.actor.user_id)
    assert (
        client.post(
            "/enquiries", json={"customer_name": "Deepa Krishnan", "pax_count": 4}
        ).status_code
        == 201
    )
    (event,) = events(bob, "enquiry.created")
    assert (event["actor_kind"], event["actor_id"], event["channel"]) == (
        "human",
        bob.actor.user_id,
        "api",
    )
    assert event["entity_refs"]["by_api_key_id"] == str(key_id)


def test_an_event_of_a_session_has_no_key(bob: Person, events: Events) -> None:
    bob.api.post("/enquiries", json={"customer_name": "Deepa Krishnan", "pax_count": 4})
    (event,) = events(bob, "enquiry.created")
    assert "by_api_key_id" not in event["entity_refs"]


def test_a_key_has_the_current_role_of_its_creator(alice: Person, people: People) -> None:
    person = people.colleague(alice, "Rita Role", role="agency_admin")
    client = with_key(person)
    assert client.get("/auth/invites").status_code == 200
    alice.api.patch(f"/team/{person.actor.user_id}", json={"role": "viewer"})
    assert client.get("/auth/invites").status_code == 403
    assert (
        client.post("/enquiries", json={"customer_name": "Deepa", "pax_count": 1}).status_code
        == 403
    )
    assert client.get("/enquiries").status_code == 200
    alice.api.patch(f"/team/{person.actor.user_id}", json={"role": "agency_admin"})
    assert client.get("/auth/invites").status_code == 200


@pytest.mark.parametrize(
    ("scope", "path"), [("audit", "/audit"), ("team", "/auth/invites"), ("read", "/audit")]
)
def test_a_scoped_key_loses_permissions_with_its_creator(
    alice: Person, people: People, scope: str, path: str
) -> None:
    person = people.colleague(alice, "Rita Role", role="agency_admin")
    client = with_key(person, scope)
    assert client.get(path).status_code == 200
    assert (
        alice.api.patch(f"/team/{person.actor.user_id}", json={"role": "agent"}).status_code == 200
    )
    assert client.get(path).status_code == 403


def test_a_key_reads_nothing_of_another_agency(alice: Person, charlie: Person) -> None:
    enquiry_id = MAKERS["enquiry_id"](charlie)
    assert with_key(alice).get(f"/enquiries/{enquiry_id}").status_code == 404
    assert with_key(alice).get("/enquiries").json["items"] == []


# Refusals
# --------------------------------------------------------------------------------


def test_an_unknown_key_is_refused(alice: Person) -> None:
    _id, text = make_key(alice)
    assert use(alice, text) == (200, None)
    other = "A" if text[-1] != "A" else "B"
    for wrong in (
        text[:-1] + other,
        text[:-1],
        text + "A",
        "vy_" + "z" * 8 + "_" + text[12:],
        text.replace("vy_", "VY_"),
        "vy_",
        "vy_nonsense",
        text[:11] + "-" + text[12:],
        f"vy_{'ü' * 8}_{'x' * 32}",
    ):
        assert use(alice, wrong) == REFUSED, wrong
    assert use(alice, text) == (200, None)


def test_the_hash_is_compared_in_constant_time(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    _id, text = make_key(alice)
    compared: list[tuple[bytes, bytes]] = []

    def compare(stored: bytes, given: bytes) -> bool:
        compared.append((stored, given))
        return False

    monkeypatch.setattr(bearers.hmac, "compare_digest", compare)
    assert use(alice, text) == REFUSED
    assert [(len(stored), stored == given) for stored, given in compared] == [(32, True)] * 2


def test_a_revoked_key_stops_working(alice: Person) -> None:
    key_id, text = make_key(alice)
    assert use(alice, text) == (200, None)
    alice.does(keys.revoke_key, key_id)
    assert use(alice, text) == REFUSED


def test_an_expired_key_stops_working(alice: Person, sql: Sql) -> None:
    key_id, text = make_key(alice, expires_in_days=1)
    assert use(alice, text) == (200, None)
    sql("update api_keys set expires_at = now() - interval '1 second' where id = :id", id=key_id)
    assert use(alice, text) == REFUSED


def test_a_key_stops_working_when_its_creator_is_removed(alice: Person, bob: Person) -> None:
    key_id, text = make_key(bob)
    assert use(bob, text) == (200, None)
    assert alice.api.delete(f"/team/{bob.actor.user_id}").status_code == 204
    assert use(bob, text) == REFUSED
    (shown,) = alice.api.get("/auth/api-keys").json["items"]
    ended = shown["revoked_at"]
    assert ended is not None
    assert alice.api.post(f"/auth/api-keys/{key_id}/revoke").status_code == 204
    assert alice.api.get("/auth/api-keys").json["items"][0]["revoked_at"] == ended


def test_a_key_is_refused_while_its_agency_is_suspended(alice: Person, sql: Sql) -> None:
    _id, text = make_key(alice)
    with alice.acting() as actor:
        agencies.suspend_agency(actor.tenant_id)
    assert use(alice, text) == REFUSED
    with alice.acting() as actor:
        agencies.resume_agency(actor.tenant_id)
    assert use(alice, text) == (200, None)


def test_a_key_works_after_its_creators_sessions_end(alice: Person) -> None:
    _id, text = make_key(alice)
    assert alice.api.delete("/auth/sessions").status_code == 204
    assert alice.api.get("/auth/me").status_code == 401
    assert use(alice, text) == (200, None)


def test_no_page_accepts_a_key(app: Flask, alice: Person) -> None:
    _id, text = make_key(alice)
    assert (
        app.test_client().get("/team", headers={"Authorization": f"Bearer {text}"}).status_code
        == 303
    )


def test_signing_out_with_a_key_has_no_effect(alice: Person) -> None:
    _id, text = make_key(alice)
    assert bearing(alice, text).post("/auth/sign-out").status_code == 204
    assert use(alice, text) == (200, None)


def test_a_key_cannot_reauthenticate_with_the_password(alice: Person) -> None:
    answer = with_key(alice).post("/auth/reauthenticate", json={"password": PASSWORD})
    assert (answer.status_code, detail(answer)) == (403, "reauthentication_required")


def test_only_unknown_keys_are_limited_by_client_address(settings: Settings, alice: Person) -> None:
    app = create_app(settings.model_copy(update={"limit_scale": 1.0}))  # with counters of its own
    _id, text = make_key(alice)
    client = app.test_client()

    def call(bearer: str) -> Any:
        return client.get(
            "/api/auth/me",
            headers={"Authorization": f"Bearer {bearer}"},
            environ_base={"REMOTE_ADDR": "203.0.113.7"},
        )

    for _ in range(80):
        assert call(text).status_code == 200
    answers = [call(f"vy_{'a' * 8}_{secrets.token_hex(16)}") for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {401}
    assert (answers[60].status_code, answers[60].json["detail"]) == (429, "too_many_requests")
    assert int(answers[60].headers["Retry-After"]) >= 1
    assert call(text).status_code == 200
    elsewhere = client.get(
        "/api/auth/me",
        headers={"Authorization": "Bearer vy_nonsense"},
        environ_base={"REMOTE_ADDR": "203.0.113.8"},
    )
    assert elsewhere.status_code == 401


# Cost
# --------------------------------------------------------------------------------


def test_the_owner_of_a_key_is_cached(alice: Person, statements: list[str]) -> None:
    _id, text = make_key(alice)
    client = bearing(alice, text)
    for _ in range(3):
        assert client.get("/auth/me").status_code == 200
    assert len([statement for statement in statements if "find_api_key" in statement]) == 1


def test_the_cache_of_keys_is_bounded(
    alice: Person, monkeypatch: pytest.MonkeyPatch, app: Flask, settings: Settings
) -> None:
    monkeypatch.setattr(bearers, "FACTS_MAX", 2)
    rules = app.extensions["voyagent.identity"]
    reader = bearers.Bearers(rules.tokens, rules.limiter, client_address)
    texts = [make_key(alice)[1] for _ in range(3)]
    with app.test_request_context():
        for text in texts * 2:
            assert reader.authenticate(text).user_id == alice.actor.user_id
        assert len(reader._facts) == 2  # noqa: SLF001 - what the test is about


def test_the_last_use_is_not_written_at_each_call(alice: Person, sql: Sql) -> None:
    key_id, text = make_key(alice)
    read = "select last_used_at, xmin::text as written_by from api_keys where id = :id"
    assert sql(read, id=key_id)[0]["last_used_at"] is None
    assert use(alice, text) == (200, None)
    first = sql(read, id=key_id)
    assert first[0]["last_used_at"] is not None
    for _ in range(5):
        assert use(alice, text) == (200, None)
    assert sql(read, id=key_id) == first
    sql(
        "update api_keys set last_used_at = last_used_at - interval '61 seconds' where id = :id",
        id=key_id,
    )
    assert use(alice, text) == (200, None)
    assert sql(read, id=key_id)[0]["last_used_at"] > first[0]["last_used_at"]
    assert alice.api.get("/auth/api-keys").json["items"][0]["last_used_at"] is not None


def test_a_call_does_not_wait_for_a_write_of_the_last_use(
    alice: Person, settings: Settings, sql: Sql
) -> None:
    key_id, text = make_key(alice)
    with psycopg.connect(
        sa.make_url(settings.db_admin_url or "")
        .set(drivername="postgresql")
        .render_as_string(hide_password=False)
    ) as other:
        other.execute(
            "update api_keys set last_used_at = null where id = %s", (key_id,)
        )  # holds the row
        began = time.monotonic()
        assert use(alice, text) == (200, None)
        assert time.monotonic() - began < 2
    assert (
        sql("select last_used_at from api_keys where id = :id", id=key_id)[0]["last_used_at"]
        is None
    )


def test_parallel_calls_with_one_key_all_succeed(alice: Person) -> None:
    _id, text = make_key(alice)
    with ThreadPoolExecutor(8) as pool:
        assert set(
            pool.map(lambda _n: bearing(alice, text).get("/auth/me").status_code, range(24))
        ) == {200}


def test_revoking_during_a_call_refuses_the_next_call(app: Flask, alice: Person) -> None:
    """The running call may finish.

    Every process refuses a call after the revocation.
    """
    key_id, text = make_key(alice)
    assert use(alice, text) == (200, None)
    entered, may_go_on = threading.Event(), threading.Event()

    def running() -> None:
        with app.test_request_context(headers={"Authorization": f"Bearer {text}"}):
            from voyagent.http.guards import (  # noqa: PLC0415
                authenticate,
                bearer_credential,
            )

            authenticate(bearer_credential())
            entered.set()
            assert may_go_on.wait(10)
            db.session.commit()

    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(running)
        assert entered.wait(10)
        alice.does(keys.revoke_key, key_id)
        assert use(alice, text) == REFUSED
        may_go_on.set()
        call.result()
