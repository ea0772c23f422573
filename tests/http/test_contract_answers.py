"""Contract rules of all responses of people, keys, settings and audit.

Ids, instants, strict bodies, the order of refusals, and single sentences of the contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.http.contract import GUARDED, TABLE, Row, checked_outcome
from tests.http.test_contract_callers import bearing, named, send
from tests.identity.authenticators import begin, standing_clock
from tests.identity.keys import make_key
from tests.identity.test_invites import invite
from tests.identity.test_sessions import fresh_address
from tests.people import PASSWORD, People, Person

Sql = Callable[..., list[sa.RowMapping]]
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
# The contract's list of bodies that take no unknown field, and ours, which were made after it; the
# others ignore one.
STRICT = {
    "PATCH /auth/profile",
    "POST /auth/invites",
    "POST /auth/accept-invite",
    "POST /auth/request-password-reset",
    "POST /auth/reset-password",
    "POST /auth/totp/setup",
    "POST /auth/totp/verify",
    "POST /auth/totp/disable",
    "POST /auth/totp/recovery-codes",
    "POST /auth/sign-in-totp",
    "POST /auth/api-keys",
    "POST /auth/api-keys/scoped",
    "POST /auth/reauthenticate",
    "POST /auth/change-password",
    "PATCH /team/{user_id}",
    "PATCH /tenant-settings",
    "PUT /tenant-settings/logo",
}
LENIENT = {
    "POST /auth/sign-up",
    "POST /auth/sign-in",
    "POST /auth/refresh",
    "POST /auth/sign-out",
    "POST /auth/verify-email",
}
WITH_BODY = [row for row in TABLE if row.call.operation.body is not None]


@pytest.fixture
def sql(owner_engine: sa.Engine) -> Sql:
    def run(statement: str, **values: object) -> list[sa.RowMapping]:
        with owner_engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return list(result.mappings()) if result.returns_rows else []

    return run


def members(found: Any) -> Iterator[tuple[str, Any]]:
    """Yield every member of a JSON document, except within the payload of an event."""
    if isinstance(found, list):
        for inner in found:
            yield from members(inner)
    elif isinstance(found, dict):
        for name, inner in found.items():
            if name != "payload":
                yield name, inner
                yield from members(inner)


# Every answer
# --------------------------------------------------------------------------------


@named([row for row in GUARDED if row.plain in {"200", "201"}])
def test_ids_are_lower_case_uuid_7_and_times_are_utc_with_microseconds(
    app: Flask, alice: Person, row: Row
) -> None:
    invite(app, alice, fresh_address())
    make_key(alice, expires_in_days=30)
    answer = send(alice.api, row, alice)
    if not answer.is_json:
        assert row.operation == "GET /audit/export.csv"
        assert INSTANT.match(answer.text.splitlines()[1])
        return
    for name, value in members(answer.json):
        if value is not None and (name == "id" or name.endswith("_id")):
            assert UUID7.fullmatch(value), name
        if value is not None and name.endswith("_at"):
            assert INSTANT.fullmatch(value), name


@named(WITH_BODY)
def test_an_unknown_field_is_refused_or_ignored_as_the_contract_says(
    alice: Person, row: Row
) -> None:
    assert {row.operation for row in WITH_BODY} == STRICT | LENIENT
    answer = send(alice.api, row, alice, body={**(row.call.body() or {}), "unknown": 1})
    if row.operation in STRICT:
        assert checked_outcome(answer) == "422 schema"
        assert answer.json["detail"] == [
            {
                "type": "extra_forbidden",
                "loc": ["body", "unknown"],
                "msg": "Extra inputs are not permitted",
            }
        ]
    else:
        assert checked_outcome(answer) == row.plain


@named([row for row in WITH_BODY if "{" in row.path])
def test_the_body_is_validated_before_the_record_is_read(alice: Person, row: Row) -> None:
    for ids in ("", "nonsense", "%00"):
        assert (
            checked_outcome(send(alice.api, row, ids=ids, body={"nonsense": [1]})) == "422 schema"
        )


@named(WITH_BODY)
def test_media_type_json_and_token_are_checked_in_this_order(app: Flask, row: Row) -> None:
    address = row.call.address()
    for content_type, data, status in (
        ("application/json", b"{", 422),
        ("text/plain", b"{", 415),
        ("text/plain", b"x" * 70_000, 413),
    ):
        answer = app.test_client().open(
            address, method=row.method, data=data, content_type=content_type
        )
        assert answer.status_code == (status if status != 413 or "/auth/" in address else 415)


@named(TABLE)
def test_a_path_accepts_only_its_methods(app: Flask, row: Row) -> None:
    """An unsupported method is reported to every caller, and so is an unknown path."""
    client, address = app.test_client(), row.call.address()
    methods = {other.method for other in TABLE if other.path == row.path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
        answer = client.open(address, method=method)
        assert (answer.status_code, answer.json["detail"]) == (405, "Method Not Allowed")
        assert set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == methods
    for neighbour in (f"{address}/", f"{address}/nowhere/else"):
        answer = client.open(neighbour, method=row.method)
        assert (answer.status_code, answer.json["detail"]) == (404, "Not Found")


# Single sentences
# --------------------------------------------------------------------------------


def test_a_weak_password_is_reported_before_an_existing_address(app: Flask, alice: Person) -> None:
    body = {
        "email": alice.email,
        "password": "password1234",
        "full_name": "Neha",
        "agency_name": "Malabar",
    }
    assert (
        checked_outcome(bearing(app, None).post("/auth/sign-up", json=body))
        == "400 password_common"
    )
    assert (
        checked_outcome(
            bearing(app, None).post("/auth/sign-up", json={**body, "password": "password"})
        )
        == "422 schema"
    )


@named(
    [
        row
        for row in GUARDED
        if row.path.startswith(
            ("/auth/me", "/auth/profile", "/auth/send", "/tenant-settings", "/auth/api-keys")
        )
    ]
)
def test_an_unconfirmed_user_can_use_the_api(alice: Person, sql: Sql, row: Row) -> None:
    """Only signing in requires a confirmed address."""
    sql("update users set email_verified = false where id = :u", u=alice.actor.user_id)
    assert checked_outcome(send(alice.api, row, alice)) == row.plain


def test_role_agency_and_address_in_a_token_are_not_trusted(
    app: Flask, alice: Person, bob: Person
) -> None:
    """A token without a role is valid.

    The stored role and address decide, not those of the token.
    """
    identity = app.extensions["voyagent.identity"]
    claims = jwt.decode(bob.access_token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(bob.access_token)["kid"]
    for change in (
        {"role": None},
        {"role": "agency_admin"},
        {"email": alice.email},
        {"role": "owner"},
    ):
        changed = {name: value for name, value in {**claims, **change}.items() if value is not None}
        client = bearing(
            app,
            jwt.encode(
                changed,
                identity.settings.auth_secret.get_secret_value(),
                algorithm="HS256",
                headers={"kid": kid},
            ),
        )
        me = client.get("/auth/me")
        assert (me.status_code, me.json["role"], me.json["email"]) == (200, "agent", bob.email)
        assert checked_outcome(client.get("/auth/invites")) == "403 forbidden_role"


def test_a_refreshed_token_has_the_present_role_and_address(
    app: Flask, alice: Person, bob: Person
) -> None:
    email = fresh_address()
    assert bob.api.patch("/auth/profile", json={"email": email}).status_code == 200
    assert (
        alice.api.patch(f"/team/{bob.actor.user_id}", json={"role": "accounting_lead"}).status_code
        == 200
    )
    answer = bearing(app, None).post("/auth/refresh", json={"refresh_token": bob.refresh_token})
    claims = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["email"], claims["tid"]) == (
        "accounting_lead",
        email,
        str(bob.actor.tenant_id),
    )
    assert answer.json["expires_in"] == claims["exp"] - claims["iat"] == 3600
    assert re.fullmatch(r"v2\.[0-9a-f]{32}\.[A-Za-z0-9_-]{43}", answer.json["refresh_token"])
    assert re.fullmatch(r"[0-9a-f]{32}", claims["jti"])


def test_the_stored_user_agent_and_address_are_truncated(app: Flask, alice: Person) -> None:
    headers = {"User-Agent": "Agent/1.0 " + "x" * 500}
    answer = bearing(app, None).post(
        "/auth/sign-in", json={"email": alice.email, "password": PASSWORD}, headers=headers
    )
    (here,) = (
        item
        for item in bearing(app, answer.json["access_token"]).get("/auth/sessions").json["items"]
        if item["current"]
    )
    assert here["user_agent"] == headers["User-Agent"][:255]
    assert 0 < len(here["ip"]) <= 64


@pytest.mark.parametrize("path", ["/audit", "/audit/export.csv"])
def test_parameters_of_the_audit_are_validated_as_in_the_contract(alice: Person, path: str) -> None:
    assert alice.api.get("/audit").json["limit"] == 50
    for query in (
        "limit=0",
        "limit=201",
        "limit=x",
        "offset=-1",
        "offset=2147483648",
        "limit=",
        "limit=1&limit=1",
    ):
        answer = alice.api.get(f"{path}?{query}")
        assert answer.status_code == (422 if path == "/audit" else 200), (
            query
        )  # the export has no pages, and unknown parameters are ignored
        answer.close()
    last = alice.api.get("/audit?limit=200&offset=2147483647").json
    assert (last["items"], last["limit"], last["offset"]) == ([], 200, 2_147_483_647)
    assert last["total"] > 0
    for query in ("from=2026-13-01", "from=yesterday", "to=2026-02-30", "tz=Mars/Olympus"):
        assert alice.api.get(f"{path}?{query}").status_code == 422, query
    assert checked_outcome(alice.api.get(f"{path}?actor_id=nonsense")) == "422 invalid_actor_id"


def test_a_code_may_be_written_with_spaces_in_six_to_eight_characters(alice: Person) -> None:
    with standing_clock():
        code = begin(alice).code()
        for wrong in (code[:5], f"{code}123", "", 123456, None):
            assert (
                checked_outcome(alice.api.post("/auth/totp/verify", json={"code": wrong}))
                == "422 schema"
            )
        assert (
            checked_outcome(
                alice.api.post(
                    "/auth/totp/verify", json={"code": f"{code[:2]} {code[2:4]} {code[4:]}"}
                )
            )
            == "200"
        )


def test_lists_without_a_limit_are_complete(app: Flask, alice: Person) -> None:
    for number in range(3):
        invite(app, alice, fresh_address())
        make_key(alice, name=f"Website {number}")
    for path in ("/auth/invites", "/auth/api-keys"):
        answer = alice.api.get(path).json
        assert len(answer["items"]) == 3
        assert answer["next_cursor"] is None
        assert (
            sorted(answer["items"], key=lambda item: item["created_at"], reverse=True)
            == answer["items"]
        )


def test_an_empty_filter_of_invitations_is_ignored(app: Flask, alice: Person) -> None:
    invite(app, alice, fresh_address())
    assert len(alice.api.get("/auth/invites?status=").json["items"]) == 1
    for status in ("PENDING", "open", "pending,revoked"):
        assert (
            checked_outcome(alice.api.get(f"/auth/invites?status={status}")) == "400 invalid_status"
        )


def test_no_refusal_repeats_the_input(app: Flask, people: People, alice: Person) -> None:
    """No operation repeats the submitted values, whichever field is invalid."""
    secret = "Zq7-secret-of-this-test"
    for row in WITH_BODY:
        body = row.call.body() or {"refresh_token": "x"}
        for field in [*body, *(["unknown"] if row.operation in STRICT else [])]:
            for value in ({secret: secret}, [secret], secret + "\u0000", secret * 2000):
                answer = send(alice.api, row, body={**body, field: value})
                assert secret not in answer.text, (row.operation, field)
                # Signing out with a token that is not known is no error.
                assert answer.status_code in (
                    {204, 422} if row.path == "/auth/sign-out" else {401, 403, 404, 422}
                ), (row.operation, field)
