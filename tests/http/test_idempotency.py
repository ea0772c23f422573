"""A POST with an Idempotency-Key runs once, and a repeat gets its response."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from pydantic import SecretStr

from tests.http.conftest import Variant
from tests.http.operations import MAKERS
from tests.http.probing import (
    Kept,
    Probe,
    Undone,
    age,
    count,
    fails_once,
    headed,
    logs,
    refuses,
    stored_keys,
)
from tests.identity.authenticators import Authenticator
from tests.people import PASSWORD, ApiClient, Person
from voyagent.http import idempotency
from voyagent.http.idempotency import ANSWER_BYTES_MAX, REPLAYED, Claim
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, pause

KEY = {"Idempotency-Key": "a-key"}
NAMED = {"customer_name": "Deepa Krishnan"}


@pytest.fixture
def probe(variant: Variant) -> Probe:
    return Probe(variant())


def log(person: Person, key: str = "a-key", **changes: Any) -> Any:
    return person.api.post(
        "/enquiries", json={**NAMED, **changes}, headers={"Idempotency-Key": key}
    )


# --- what is stored


def test_a_stored_response_is_encrypted(alice: Person, owner_engine: sa.Engine) -> None:
    first = log(alice, customer_email="deepa.k@example.com")
    (row,) = stored_keys(owner_engine, alice)
    assert (row["kept"], row["headers"]) == ("sealed", None)
    for plain in (b"Deepa", b"deepa.k", b"customer_name", first.headers["ETag"].encode()):
        assert plain not in bytes(row["body"])


@pytest.mark.parametrize("of", ["key", "caller", "agency"])
def test_a_response_cannot_be_moved_to_another_key(
    alice: Person, bob: Person, charlie: Person, owner_engine: sa.Engine, of: str
) -> None:
    """A copy in another row is refused and returns nothing of it."""
    log(alice)
    other = {"key": alice, "caller": bob, "agency": charlie}[of]
    key = "another-key" if of == "key" else "a-key"
    log(other, key)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update idempotency_keys set body = (select k.body from idempotency_keys k where"
                " k.tenant_id = :t and k.caller_id = :u and k.key = 'a-key') where tenant_id = :o"
                " and caller_id = :c and key = :k"
            ),
            {
                "t": alice.actor.tenant_id,
                "u": alice.actor.user_id,
                "o": other.actor.tenant_id,
                "c": other.actor.user_id,
                "k": key,
            },
        )
    refused = log(other, key)
    assert (refused.status_code, refused.json["detail"]) == (500, "internal_error")
    assert "Deepa" not in refused.text


def test_a_response_of_an_earlier_release_is_returned(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """It is in clear text for a day; without its key the request would run again."""
    first = log(alice)
    headers = [[name, value] for name, value in first.headers if name == "Content-Type"]
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update idempotency_keys set kept = 'answer', headers = cast(:headers as jsonb),"
                " body = :body where tenant_id = :t"
            ),
            {"headers": json.dumps(headers), "body": first.data, "t": alice.actor.tenant_id},
        )
    second = log(alice)
    assert (second.status_code, second.data, second.headers[REPLAYED]) == (
        201,
        first.data,
        "true",
    )


# --- what a repeat is given


def test_a_repeat_gets_the_same_bytes_and_creates_nothing(
    alice: Person, owner_engine: sa.Engine
) -> None:
    first = log(alice)
    events = count(owner_engine, alice, "audit_events")
    second = log(alice)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.data == first.data
    assert (second.content_type, second.headers["ETag"]) == (
        first.content_type,
        first.headers["ETag"],
    )
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert count(owner_engine, alice, "enquiries") == 1
    assert count(owner_engine, alice, "audit_events") == events


def test_a_repeat_gets_the_headers_of_the_response(probe: Probe, alice: Person) -> None:
    probe.act = headed
    first, second = probe.send(alice), probe.send(alice)
    assert (
        second.headers["Location"]
        == first.headers["Location"]
        == f"/api/enquiries/{first.json['id']}"
    )
    assert second.headers["ETag"] == '"1"'
    assert second.headers["Content-Length"] == first.headers["Content-Length"]
    assert second.headers.getlist("Content-Type") == ["application/json"]


def test_a_cookie_is_set_once(probe: Probe, alice: Person) -> None:
    probe.act = lambda _actor: Response(
        b"{}", status=201, mimetype="application/json", headers={"Set-Cookie": "a=secret"}
    )
    first, second = probe.send(alice), probe.send(alice)
    assert (
        first.headers["Set-Cookie"],
        second.headers.get("Set-Cookie"),
        second.headers[REPLAYED],
    ) == ("a=secret", None, "true")


def test_a_repeat_of_an_empty_response_is_empty(probe: Probe, alice: Person) -> None:
    probe.act = lambda actor: logs(actor) and None
    first, second = probe.send(alice), probe.send(alice)
    assert [(answer.status_code, answer.data) for answer in (first, second)] == [
        (204, b""),
        (204, b""),
    ]
    assert second.headers[REPLAYED] == "true"
    assert len(probe.runs) == 1


def test_a_stored_response_is_returned_after_its_record_was_deleted(alice: Person) -> None:
    """The key is checked before the record.

    Later changes therefore do not affect the response.
    """
    address = f"/auth/invites/{MAKERS['invite_id'](alice)}/revoke"
    first, second = (alice.api.post(address, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code, second.data) == (200, 200, first.data)
    assert alice.api.post(address).status_code == 409


def test_a_too_large_response_is_not_stored_and_the_act_not_repeated(
    probe: Probe, alice: Person, owner_engine: sa.Engine
) -> None:
    probe.act = lambda actor: {**logs(actor), "filler": "x" * ANSWER_BYTES_MAX}
    assert probe.send(alice).status_code == 201
    second = probe.send(alice)
    assert (second.status_code, second.json["detail"]) == (409, "idempotency_answer_too_large")
    assert count(owner_engine, alice, "enquiries") == 1
    assert [row["body"] for row in stored_keys(owner_engine, alice)] == [None]


def test_a_response_of_the_maximum_size_is_stored(probe: Probe, alice: Person) -> None:
    probe.act = lambda _actor: Response(b"x" * ANSWER_BYTES_MAX, status=201, mimetype="text/plain")
    assert probe.send(alice).data == probe.send(alice).data == b"x" * ANSWER_BYTES_MAX
    assert len(probe.runs) == 1


def test_a_secret_is_shown_once_and_not_stored(alice: Person, owner_engine: sa.Engine) -> None:
    body = {"email": f"{secrets.token_hex(6)}@malabar.example"}
    first, second = (alice.api.post("/auth/invites", json=body, headers=KEY) for _ in range(2))
    assert first.status_code == 201
    assert (second.status_code, second.json["detail"]) == (409, "idempotency_secret_shown")
    assert REPLAYED not in second.headers
    assert count(owner_engine, alice, "invites") == 1
    token = first.json["invite_link"].partition("token=")[2]
    assert token not in str(stored_keys(owner_engine, alice))
    assert [row["kept"] for row in stored_keys(owner_engine, alice)] == ["secret"]


def test_a_repeated_request_with_a_used_code_gets_the_first_response(alice: Person) -> None:
    """This is for a client that did not receive the response.

    Without a key, the repeat would be refused because the code is used.
    """
    authenticator = Authenticator(alice.api.post("/auth/totp/setup").json["secret"])
    body = {"code": authenticator.code()}
    first, second = (alice.api.post("/auth/totp/verify", json=body, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code, second.data) == (200, 200, first.data)
    disable = {"password": PASSWORD, "code": authenticator.code(1)}
    assert (
        alice.api.post(
            "/auth/totp/disable", json=disable, headers={"Idempotency-Key": "off"}
        ).status_code
        == 200
    )
    assert (
        alice.api.post(
            "/auth/totp/disable", json=disable, headers={"Idempotency-Key": "off"}
        ).headers[REPLAYED]
        == "true"
    )


def test_a_used_key_is_reported_before_the_secret_act_runs(alice: Person) -> None:
    assert log(alice).status_code == 201
    answer = alice.api.post(
        "/auth/invites", json={"email": f"{secrets.token_hex(6)}@malabar.example"}, headers=KEY
    )
    assert (answer.status_code, answer.json["detail"]) == (422, "idempotency_key_reused")


# --- what is no repeat


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/enquiries", b'{"customer_name": "Ravi Menon"}'),
        ("/enquiries", b'{"customer_name":"Deepa Krishnan"}'),
        ("/enquiries?x=1", b'{"customer_name": "Deepa Krishnan"}'),
        ("/chat/sessions", b""),
    ],
    ids=["another body", "another spelling of it", "another query", "another operation"],
)
def test_a_key_is_valid_for_one_request(
    alice: Person, owner_engine: sa.Engine, path: str, body: bytes
) -> None:
    def send(path: str, body: bytes) -> Any:
        return alice.api.post(
            path, data=body, headers=KEY, content_type="application/json" if body else None
        )

    assert send("/enquiries", b'{"customer_name": "Deepa Krishnan"}').status_code == 201
    answer = send(path, body)
    assert (answer.status_code, answer.json["detail"]) == (422, "idempotency_key_reused")
    assert (
        count(owner_engine, alice, "enquiries"),
        count(owner_engine, alice, "chat_sessions"),
    ) == (1, 0)


def test_an_id_in_the_path_is_part_of_the_request(alice: Person) -> None:
    mine, other = (MAKERS["enquiry_id"](alice) for _ in range(2))
    assert alice.api.post(f"/enquiries/{mine}/promote-to-session", headers=KEY).status_code == 200
    assert alice.api.post(f"/enquiries/{other}/promote-to-session", headers=KEY).status_code == 422
    assert (
        alice.api.post(f"/enquiries/{mine}/promote-to-session", headers=KEY, data=b"{}").status_code
        == 422
    )


def test_the_key_is_checked_before_the_record(alice: Person) -> None:
    assert log(alice).status_code == 201
    unknown = (
        f"/auth/invites/{secrets.token_hex(16)}/revoke",
        f"/approvals/ap-{secrets.token_hex(8)}/resolve",
    )
    assert alice.api.post(unknown[0]).status_code == 404
    answer = alice.api.post(unknown[1], json={"granted": True}, headers=KEY)
    assert (answer.status_code, answer.json["detail"]) == (422, "idempotency_key_reused")


def test_equal_keys_of_different_callers_are_independent(
    alice: Person, bob: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    answers = [log(person) for person in (alice, bob, charlie)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert [answer.headers.get(REPLAYED) for answer in answers] == [None] * 3
    assert len({answer.json["id"] for answer in answers}) == 3
    assert log(bob).json["id"] == answers[1].json["id"]
    assert (count(owner_engine, alice, "enquiries"), count(owner_engine, charlie, "enquiries")) == (
        2,
        1,
    )


def test_equal_keys_of_an_api_key_and_its_creator_are_independent(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    programs = [
        ApiClient(
            app.test_client(), alice.api.post("/auth/api-keys", json={"name": name}).json["key"]
        )
        for name in ("Website", "Till")
    ]
    first = log(alice)
    by_key, by_another, again = (
        program.post("/enquiries", json=NAMED, headers=KEY) for program in (*programs, programs[0])
    )
    assert len({answer.json["id"] for answer in (first, by_key, by_another)}) == 3
    assert (again.data, again.headers[REPLAYED]) == (by_key.data, "true")
    assert count(owner_engine, alice, "enquiries") == 3


def test_a_revoked_api_key_gets_no_stored_response(app: Flask, alice: Person) -> None:
    made = alice.api.post("/auth/api-keys", json={"name": "Website"}).json
    program = ApiClient(app.test_client(), made["key"])
    assert program.post("/enquiries", json=NAMED, headers=KEY).status_code == 201
    assert alice.api.post(f"/auth/api-keys/{made['api_key']['id']}/revoke").status_code == 204
    assert program.post("/enquiries", json=NAMED, headers=KEY).status_code == 401


def test_two_sessions_of_a_person_are_the_same_caller(alice: Person, app: Flask) -> None:
    first = log(alice)
    token = (
        app.test_client()
        .post("/api/auth/sign-in", json={"email": alice.email, "password": PASSWORD})
        .json["access_token"]
    )
    assert (
        ApiClient(app.test_client(), token).post("/enquiries", json=NAMED, headers=KEY).data
        == first.data
    )


# --- the header itself, and the order of checks


@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "tab\there", "\x7f"])
def test_a_key_is_1_to_255_printable_ascii_characters(
    alice: Person, owner_engine: sa.Engine, key: str
) -> None:
    answer = log(alice, key)
    assert answer.status_code == 422
    assert [item["loc"] for item in answer.json["detail"]] == [["header", "Idempotency-Key"]]
    assert not key or key not in answer.text
    assert count(owner_engine, alice, "enquiries") == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, "a key, with ~all! of it"])
def test_any_printable_ascii_text_is_a_valid_key(alice: Person, key: str) -> None:
    assert log(alice, key).data == log(alice, key).data


def test_an_invalid_key_is_reported_with_the_schema_errors(alice: Person) -> None:
    answer = alice.api.post(
        "/enquiries", json={"customer_name": 7}, headers={"Idempotency-Key": ""}
    )
    assert [item["loc"] for item in answer.json["detail"]] == [
        ["header", "Idempotency-Key"],
        ["body", "customer_name"],
    ]


def test_token_role_and_schema_are_checked_before_the_key(
    app: Flask, alice: Person, victor: Person
) -> None:
    assert log(alice).status_code == 201
    assert (
        app.test_client()
        .post("/api/enquiries", json=NAMED, headers={"Idempotency-Key": ""})
        .status_code
        == 401
    )
    assert log(victor, "").status_code == 403
    assert isinstance(log(alice, customer_name=7).json["detail"], list)


def test_a_caller_who_lost_the_permission_gets_no_stored_response(
    alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    assert log(bob).status_code == 201
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update users set role = 'viewer' where id = :id"), {"id": bob.actor.user_id}
        )
    assert log(bob).status_code == 403


def test_only_a_post_with_a_bearer_token_uses_the_key(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    garbage, address = {"Idempotency-Key": "é" * 300}, f"/enquiries/{MAKERS['enquiry_id'](alice)}"
    assert alice.api.get(address, headers=garbage).status_code == 200
    assert (
        alice.api.patch(address, json={"notes": "Window seat"}, headers=garbage).status_code == 200
    )
    body = {"email": alice.email, "password": PASSWORD}
    tokens = [
        app.test_client().post("/api/auth/sign-in", json=body, headers=headers).json["access_token"]
        for headers in (garbage, KEY, KEY)
    ]
    assert len(set(tokens)) == 3
    assert stored_keys(owner_engine, alice) == []


def test_another_allowed_origin_may_read_the_header_of_a_repeat(
    variant: Variant, alice: Person
) -> None:
    api = ApiClient(
        variant(api_cors_origins="https://agency.example").test_client(), alice.access_token
    )
    answer = api.post("/enquiries", json=NAMED, headers={**KEY, "Origin": "https://agency.example"})
    assert {REPLAYED, "Retry-After", "ETag"} <= set(
        answer.headers["Access-Control-Expose-Headers"].split(", ")
    )


# --- what is not kept


@pytest.mark.parametrize(
    ("error", "enquiries"),
    [(Undone(), 1), (Kept(), 2), (LookupError(), 1)],
    ids=["undone", "keeps its work", "ours"],
)
def test_a_failure_is_not_stored_and_a_repeat_runs_again(
    probe: Probe, alice: Person, owner_engine: sa.Engine, error: Exception, enquiries: int
) -> None:
    probe.act = fails_once(error)
    assert probe.send(alice).status_code == (500 if isinstance(error, LookupError) else 409)
    assert stored_keys(owner_engine, alice) == []
    second, third = probe.send(alice), probe.send(alice)
    assert (second.status_code, third.data, len(probe.runs)) == (201, second.data, 2)
    assert REPLAYED not in second.headers
    assert count(owner_engine, alice, "enquiries") == enquiries


def test_a_returned_refusal_is_not_stored(
    probe: Probe, alice: Person, owner_engine: sa.Engine
) -> None:
    probe.act = refuses
    assert [probe.send(alice).status_code for _ in range(2)] == [409, 409]
    assert len(probe.runs) == 2
    assert stored_keys(owner_engine, alice) == []


def test_after_a_failure_the_key_can_be_used_for_another_request(alice: Person) -> None:
    assert log(alice, budget_amount=1).status_code == 400
    assert log(alice).status_code == 201


def test_a_retried_transaction_stores_one_response(
    probe: Probe, alice: Person, owner_engine: sa.Engine
) -> None:
    def act(actor: Actor) -> dict[str, str]:
        made = logs(actor)
        if len(probe.runs) == 1:
            db.session.execute(
                sa.text("do $$ begin raise exception 'again' using errcode = '40001'; end $$")
            )
        return made

    probe.act = act
    first, second = probe.send(alice), probe.send(alice)
    assert (first.status_code, second.data, len(probe.runs)) == (201, first.data, 2)
    assert count(owner_engine, alice, "enquiries") == 1


def test_the_response_of_a_paused_act_is_stored(probe: Probe, alice: Person) -> None:
    def act(actor: Actor) -> dict[str, str]:
        pause()
        return logs(actor)

    probe.act = act
    first, second = probe.send(alice), probe.send(alice)
    assert (first.status_code, second.data, len(probe.runs)) == (201, first.data, 1)


# --- how long, and what it costs


def test_an_undeleted_key_can_be_used_again_after_24_hours(
    alice: Person, owner_engine: sa.Engine
) -> None:
    first = log(alice)
    age(owner_engine, alice, "23 hours 59 minutes")
    assert log(alice).data == first.data
    age(owner_engine, alice, "1 minute")
    second = log(alice, customer_name="Ravi Menon")
    assert (second.status_code, second.json["customer_name"]) == (201, "Ravi Menon")
    assert REPLAYED not in second.headers
    assert log(alice, customer_name="Ravi Menon").data == second.data
    assert len(stored_keys(owner_engine, alice)) == 1


def test_keys_older_than_24_hours_are_deleted(
    app: Flask,
    alice: Person,
    charlie: Person,
    owner_engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idempotency, "PURGE_ROWS", 2)
    for n in range(5):
        log(alice, f"old {n}")
    log(charlie)
    age(owner_engine, alice, "24 hours")
    log(alice, "young")
    with app.app_context():
        idempotency.purge.run(timestamp=0)
    assert [row["key"] for row in stored_keys(owner_engine, alice)] == ["young"]
    assert len(stored_keys(owner_engine, charlie)) == 1
    assert idempotency.purge.every is not None


def test_the_worker_registers_the_deletion_job() -> None:
    from voyagent.kernel import jobs  # noqa: PLC0415 - the table of the worker's tasks

    assert jobs._tasks["http.purge_idempotency_keys"] is idempotency.purge  # noqa: SLF001 - nothing else tells


def test_a_key_takes_two_statements(alice: Person, statements: list[str]) -> None:
    def cost(act: Callable[[], Any]) -> int:
        statements.clear()
        assert act().status_code == 201
        return len(statements)

    without = cost(lambda: alice.api.post("/enquiries", json=NAMED))
    assert not any("idempotency" in statement for statement in statements)
    assert cost(lambda: log(alice)) == without + 2
    assert cost(lambda: log(alice)) == 2  # who is it, and what is there


def test_a_keyed_digest_of_the_request_is_stored(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    """A body may contain a password, which the stored digest must not reveal.

    Without the secret, nobody can guess it from the digest.
    """
    assert log(alice).status_code == 201
    (row,) = stored_keys(owner_engine, alice)
    assert (len(row["request_hash"]), row["caller_id"]) == (32, alice.actor.user_id)
    address, body = b"POST /api/enquiries?", json.dumps(NAMED).encode()
    with app.test_request_context("/api/enquiries", method="POST", data=body):
        asked = Claim.of_request(alice.actor, "k"), Claim.of_request(alice.actor, "k")
        assert asked[0].request_hash == asked[1].request_hash
        assert asked[0].request_hash in asked[0].request_hashes
        assert hashlib.sha256(hashlib.sha256(address).digest() + body).digest() not in {
            bytes(row["request_hash"]),
            *asked[0].request_hashes,
        }
    with app.test_request_context("/api/enquiries", method="POST", data=b"{}"):
        assert Claim.of_request(alice.actor, "k").request_hash != asked[0].request_hash


def test_a_key_is_valid_after_a_rotation_of_the_secret(
    variant: Variant, settings: Settings, alice: Person
) -> None:
    first = log(alice)
    rotated = variant(auth_secret=SecretStr("n" * 40), auth_secrets_previous=settings.auth_secret)
    client = ApiClient(rotated.test_client(), alice.access_token)
    repeated = client.post("/enquiries", json=NAMED, headers=KEY)
    assert (repeated.status_code, repeated.data, repeated.headers[REPLAYED]) == (
        201,
        first.data,
        "true",
    )
    assert (
        client.post("/enquiries", json={"customer_name": "Somebody else"}, headers=KEY).json[
            "detail"
        ]
        == "idempotency_key_reused"
    )
