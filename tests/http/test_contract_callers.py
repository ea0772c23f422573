"""Each operation of the contract's table, with every kind of caller.

The operations are those of people, keys, settings, audit and system. The callers are the five
roles, another agency, no credential, expired tokens and keys, and limited keys.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.agency_rows import DIGEST, rows_of
from tests.http.contract import (
    AREAS,
    EVERY,
    FORBIDDEN,
    GUARDED,
    OPEN,
    ROLES,
    SCOPES,
    STALE,
    TABLE,
    TAKEN,
    UNAUTHORIZED,
    Other,
    Repeat,
    Row,
    checked_outcome,
    query_of,
    row,
)
from tests.http.operations import MAKERS
from tests.identity.keys import make_key
from tests.identity.test_invites import invite
from tests.identity.test_sessions import fresh_address
from tests.people import PASSWORD, ApiClient, People, Person
from tests.settings.pictures import in_base64, picture
from voyagent.identity.rules.permissions import KEY_SCOPES, STEP_UP
from voyagent.kernel import clock
from voyagent.routes import openapi

Sql = Callable[..., list[sa.RowMapping]]
# A kind of credential is no record of anybody's.
WITH_IDS = [row for row in GUARDED if "{" in row.path.replace("{credential_kind}", "")]
READS = [row for row in GUARDED if row.method == "GET"]


def named(rows: Any) -> Any:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.operation)


def send(
    client: ApiClient, row: Row, owner: Person | None = None, *, ids: str = "", body: Any = None
) -> Any:
    """Call an operation with a person's records and a valid body.

    `ids` replaces every id.
    """
    call = row.call
    things = dict.fromkeys(call.parameters, ids) if ids else call.things(owner) if owner else {}
    query = query_of(
        row,
        MAKERS["session_id"](owner) if owner and row.path.startswith("/reports") else "nonsense",
    )
    if body is None and not call.operation.body_optional:
        body = call.body()
    options = {} if body is None or call.operation.body is None else {"json": body}
    return getattr(client, row.method.lower())(
        call.address(**things).removeprefix("/api") + query, **options
    )


def bearing(app: Flask, token: str | None) -> ApiClient:
    return ApiClient(app.test_client(), token)


@pytest.fixture
def sql(owner_engine: sa.Engine) -> Sql:
    def run(statement: str, **values: object) -> list[sa.RowMapping]:
        with owner_engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return list(result.mappings()) if result.returns_rows else []

    return run


@pytest.fixture(scope="module")
def stranger(app: Flask) -> Person:
    """An administrator of another agency, which no test changes."""
    return People(app).sign_up("Charlie Stranger", agency="Charlie Tours")


# The table
# --------------------------------------------------------------------------------


def test_every_operation_of_these_areas_is_in_the_table(app: Flask) -> None:
    """A new operation needs a row in the table."""
    with app.app_context():
        paths: Any = openapi()["paths"]
    documented = {
        f"{method.upper()} {path.removeprefix('/api')}"
        for path, item in paths.items()
        for method in item
    }
    here = {name for name in documented if name.split()[1].startswith(AREAS)}
    assert here == {row.operation for row in TABLE}
    assert len(TABLE) == len(here)
    others = {name.split()[1].split("/")[1] for name in documented - here}
    answered = {
        "accounts",
        "approvals",
        "bank-accounts",
        "base-currency",
        "bills",
        "cancellations",
        "capabilities",
        "chat",
        "credit-notes",
        "enquiries",
        "exchange-rates",
        "imports",
        "invoices",
        "journal-entries",
        "months",
        "parties",
        "payments",
        "payouts",
        "privacy",
        "receipt-vouchers",
        "received-cheques",
        "recognition-policies",
        "refund-vouchers",
        "refunds",
        "report-files",
        "reports",
        "supplier-claim-receipts",
        "supplier-claims",
        "supplier-credits",
        "tax-treatments",
        "trips",
    }
    assert others == answered, "an area without a table of its operations"


def test_the_operations_for_administrators_are_those_of_the_contract() -> None:
    """The administrators' operations are audit, invitations, settings, members.

    API keys are not among them. Of the settings only changes are.
    """
    alone = {row.operation for row in GUARDED if row.roles == frozenset({"agency_admin"})}
    assert alone == {
        "POST /auth/invites",
        "GET /auth/invites",
        "POST /auth/invites/{invite_id}/revoke",
        "GET /audit",
        "GET /audit/export.csv",
        "GET /audit/statement",
        "PATCH /tenant-settings",
        "PUT /tenant-settings/logo",
        "DELETE /tenant-settings/logo",
        "PATCH /team/{user_id}",
        "DELETE /team/{user_id}",
        "DELETE /team/{user_id}/sessions",
    }


# Roles
# --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def readers(app: Flask, stranger: Person) -> dict[str, Person]:
    """Colleagues of each role, who change nothing."""
    people = People(app)
    return {role: people.colleague(stranger, "Rita Role", role=role) for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
@named(GUARDED)
def test_each_role_has_the_permissions_of_the_contract(
    people: People, stranger: Person, readers: dict[str, Person], row: Row, role: str
) -> None:
    """A refusal comes before body and record are read, and reveals nothing about them."""
    alice, person = stranger, readers[role]
    assert row.roles is not None
    if role in row.roles:
        if row.method != "GET":
            alice = people.sign_up("Alice Owner", agency="Alice Travels")
            person = people.colleague(alice, "Rita Role", role=role)
        owner = person if row.roles != {"agency_admin"} else alice
        assert checked_outcome(send(person.api, row, owner)) == row.plain
        return
    refused = [
        send(person.api, row, alice),
        send(person.api, row, body={"nonsense": [1]}),
        send(person.api, row, ids="nonsense", body={"nonsense": [1]}),
    ]
    assert [checked_outcome(answer) for answer in refused] == [FORBIDDEN] * 3
    assert len({str({**answer.json, "request_id": ""}) for answer in refused}) == 1


@named(GUARDED)
def test_a_new_role_applies_to_valid_tokens_at_once(
    people: People, alice: Person, sql: Sql, row: Row
) -> None:
    """The token still names the old role; the database decides."""
    person = people.colleague(alice, "Rita Role", role="viewer")
    sql("update users set role = 'agency_admin' where id = :u", u=person.actor.user_id)
    owner = person if row.path.startswith("/auth/sessions") else alice
    assert checked_outcome(send(person.api, row, owner)) == row.plain
    lowered = people.colleague(alice, "Rita Role", role="agency_admin")
    sql("update users set role = 'viewer' where id = :u", u=lowered.actor.user_id)
    assert (checked_outcome(send(lowered.api, row, alice)) == FORBIDDEN) == (row.roles != EVERY)


@pytest.mark.parametrize("role", ROLES)
def test_only_creator_and_administrator_can_revoke_a_key(
    people: People, alice: Person, role: str
) -> None:
    """Another person's key is refused, not hidden; an unknown key is not found first."""
    revoke = row("POST /auth/api-keys/{key_id}/revoke")
    person, colleague = (
        people.colleague(alice, name, role=of)
        for name, of in (("Rita Role", role), ("Carl Colleague", "agent"))
    )
    assert checked_outcome(send(person.api, revoke, colleague)) == (
        "204" if role == "agency_admin" else FORBIDDEN
    )
    assert checked_outcome(send(person.api, revoke)) == (
        FORBIDDEN if role == "viewer" else "404 not_found"
    )


# Another agency
# --------------------------------------------------------------------------------


@named(WITH_IDS)
def test_another_agencys_record_is_404(alice: Person, charlie: Person, row: Row) -> None:
    """The response equals that for an unknown or malformed id; it is never a 403."""
    answers = [
        send(alice.api, row, charlie),
        send(alice.api, row),
        send(alice.api, row, ids="nonsense"),
        send(alice.api, row, ids="%00"),
    ]
    assert [checked_outcome(answer) for answer in answers] == [row.other] * 4
    assert len({str({**answer.json, "request_id": ""}) for answer in answers}) == 1


@pytest.fixture(scope="module")
def signs(app: Flask, stranger: Person) -> list[str]:
    """Create a record of each kind and return values that identify the agency."""
    charlie, people = stranger, People(app)
    things = [
        str(MAKERS[name](charlie))
        for name in (
            "invite_id",
            "key_id",
            "auth_session_id",
            "user_id",
            "enquiry_id",
            "session_id",
        )
    ]
    people.colleague(charlie, "Chandra Stranger", role="agent")
    of_keys = [key["prefix"] for key in charlie.api.get("/auth/api-keys").json["items"]]
    invited = [item["email"] for item in charlie.api.get("/auth/invites").json["items"]]
    charlie.api.patch("/tenant-settings", json={"system_prompt_suffix": "Charlie says hello"})
    logo = charlie.api.put("/tenant-settings/logo", json={"content": in_base64(picture())}).json[
        "digest"
    ]
    known = [
        logo,
        str(charlie.actor.tenant_id),
        str(charlie.actor.user_id),
        charlie.email,
        "Stranger",
        "Charlie",
    ]
    return [*things, *of_keys, *invited, *known]


# One shows numbers only; the other finds nothing in a new agency.
WITHOUT_SIGNS = ("GET /auth/credentials", "GET /audit/statement")


@named([row for row in READS if row.operation not in WITHOUT_SIGNS])
def test_no_list_shows_data_of_another_agency(
    alice: Person, stranger: Person, signs: list[str], row: Row
) -> None:
    text = send(alice.api, row, alice).get_data(as_text=True)
    assert not [sign for sign in signs if sign in text]
    theirs = send(stranger.api, row, stranger).get_data(as_text=True)
    assert [sign for sign in signs if sign in theirs], "the signs would be seen, were they shown"


@pytest.mark.parametrize("path", ["/audit", "/audit/export.csv"])
def test_a_filter_by_a_user_of_another_agency_finds_nothing(
    alice: Person, charlie: Person, path: str
) -> None:
    charlie.api.patch("/tenant-settings", json={"locale": "hi"})
    answer = alice.api.get(f"{path}?actor_id={charlie.actor.user_id}")
    assert answer.status_code == 200
    assert (
        len(answer.get_data(as_text=True).splitlines()) == 1
        if path.endswith("csv")
        else answer.json["total"] == 0
    )


def test_a_cursor_of_another_agency_returns_only_own_records(
    alice: Person, charlie: Person
) -> None:
    for person in (alice, charlie):
        for name in ("First", "Second"):
            make_key(person, name=f"{name} of {person.actor.full_name}")
            invite(person.app, person, f"{name.lower()}-{fresh_address()}")
    for path in ("/auth/api-keys?limit=1", "/audit?limit=1", "/auth/invites?limit=1"):
        cursor = charlie.api.get(path).json["next_cursor"]
        answer = alice.api.get(f"{path}&cursor={cursor}")
        assert answer.status_code == 200
        assert "Charlie" not in answer.text
        assert str(charlie.actor.tenant_id) not in answer.text


@pytest.fixture
def world(owners: sa.Engine) -> Callable[[Person], dict[str, str | None]]:
    """Return a digest of each table's rows of a person's agency."""

    def look(person: Person) -> dict[str, str | None]:
        tenant_id = person.actor.tenant_id
        with owners.connect() as connection:
            agency = connection.scalar(
                sa.text("select md5(r::text) from tenants r where id = :t"), {"t": tenant_id}
            )
        return {**rows_of(owners, tenant_id, DIGEST), "tenants": agency}

    return look


@named(GUARDED)
def test_records_of_another_agency_do_not_change(
    alice: Person,
    stranger: Person,
    signs: list[str],
    world: Callable[[Person], dict[str, str | None]],
    row: Row,
) -> None:
    theirs = row.call.things(stranger)
    before = world(stranger)
    assert checked_outcome(send(alice.api, row, alice)) == row.plain
    if "{" in row.path:
        options = {} if row.call.operation.body is None else {"json": row.call.body()}
        getattr(alice.api, row.method.lower())(
            row.call.address(**theirs).removeprefix("/api"), **options
        )
    assert world(stranger) == before
    assert signs


def test_an_address_of_another_agency_cannot_be_used(
    app: Flask, alice: Person, charlie: Person, world: Callable[[Person], dict[str, str | None]]
) -> None:
    """Addresses are unique over all agencies in any case of letters.

    Three operations report a taken one.
    """
    before, email = world(charlie), charlie.email.upper()
    anyone = bearing(app, None)
    assert {row.operation for row in TABLE if row.other is Other.ADDRESS} == {
        "POST /auth/sign-up",
        "PATCH /auth/profile",
    }
    sign_up = {"email": email, "password": PASSWORD, "full_name": "Neha", "agency_name": "Malabar"}
    assert checked_outcome(anyone.post("/auth/sign-up", json=sign_up)) == TAKEN
    assert checked_outcome(alice.api.patch("/auth/profile", json={"email": email})) == TAKEN
    _id, token = invite(app, alice, charlie.email)
    assert (
        checked_outcome(
            anyone.post(
                "/auth/accept-invite",
                json={"token": token, "password": PASSWORD, "full_name": "Neha"},
            )
        )
        == TAKEN
    )
    assert world(charlie) == before


def test_an_invitation_of_another_agency_does_not_block_one(
    app: Flask, alice: Person, charlie: Person
) -> None:
    email = fresh_address()
    invite(app, charlie, email)
    assert checked_outcome(alice.api.post("/auth/invites", json={"email": email})) == "201"


def test_a_token_acts_only_for_its_own_agency(app: Flask, alice: Person, charlie: Person) -> None:
    """A second bearer is ignored, and the holder gets nothing of the other agency."""
    assert (
        alice.api.post("/auth/refresh", json={"refresh_token": charlie.refresh_token}).status_code
        == 200
    )
    _id, token = invite(app, charlie, fresh_address(), role="viewer")
    assert (
        alice.api.get(f"/auth/invites/lookup?token={token}").json["tenant_name"] == "Charlie Tours"
    )
    joined = alice.api.post(
        "/auth/accept-invite", json={"token": token, "password": PASSWORD, "full_name": "Neha"}
    ).json["user"]
    assert (joined["tenant_id"], joined["role"]) == (str(charlie.actor.tenant_id), "viewer")
    assert alice.api.get("/auth/me").json["tenant_id"] == str(alice.actor.tenant_id)


# Anonymous callers
# --------------------------------------------------------------------------------


def expired(person: Person) -> str:
    """Return an expired token of a person."""
    identity = person.app.extensions["voyagent.identity"]
    claims = jwt.decode(person.access_token, options={"verify_signature": False})
    header = jwt.get_unverified_header(person.access_token)
    claims["exp"] = int((clock.now() - timedelta(seconds=1)).timestamp())
    return jwt.encode(
        claims,
        identity.settings.auth_secret.get_secret_value(),
        algorithm="HS256",
        headers={"kid": header["kid"]},
    )


def signed_out(person: Person) -> str:
    person.api.post("/auth/sign-out")
    return person.access_token


def ended(person: Person) -> str:
    person.api.delete("/auth/sessions")
    return person.access_token


def reused(person: Person) -> str:
    """Return a token of a session whose refresh token was used twice."""
    for _ in range(2):
        person.api.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    return person.access_token


def revoked_key(person: Person) -> str:
    key_id, text = make_key(person)
    person.api.post(f"/auth/api-keys/{key_id}/revoke")
    return text


# Functions that return an invalid bearer token of a person. Those of the second dictionary need an
# act of an administrator or of the installation.
OVER: dict[str, Callable[[Person], str]] = {
    "expired": expired,
    "signed out": signed_out,
    "its session ended": ended,
    "its refresh token reused": reused,
    "a refresh token": lambda person: person.refresh_token,
    "a changed signature": lambda person: (
        person.access_token[:-4] + ("AAAA" if person.access_token[-4:] != "AAAA" else "BBBB")
    ),
    "a revoked key": revoked_key,
    "a key of another secret": lambda person: make_key(person)[1][:-1] + "!",
    "half a key": lambda person: make_key(person)[1][:20],
}


def expect_nobody(client: ApiClient, alice: Person, headers: dict[str, str] | None = None) -> None:
    """Check that every guarded operation refuses the caller first.

    Body and record are not read before.
    """
    bodies = []
    for guarded in GUARDED:
        things = guarded.call.things(alice)
        address = guarded.call.address(**things).removeprefix("/api")
        options: dict[str, Any] = (
            {} if guarded.call.operation.body is None else {"json": {"nonsense": [1]}}
        )
        answer = getattr(client, guarded.method.lower())(address, headers=headers or {}, **options)
        assert checked_outcome(answer) == UNAUTHORIZED, guarded.operation
        bodies.append({name: value for name, value in answer.json.items() if name != "request_id"})
    assert bodies == [{"detail": "unauthorized", "message": "Please sign in again."}] * len(GUARDED)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "nonsense",
        "Basic YWxpY2U6cGFzc3dvcmQ=",
        "Bearer nonsense",
        "Bearer a.b.c",
        "Bearer vy_",
        "Bearer vy_aaaaaaaa_",
        "Token {token}",
    ],
)
def test_a_caller_with_an_absent_or_malformed_token_is_anonymous(
    app: Flask, people: People, alice: Person, header: str
) -> None:
    given = {"Authorization": header.format(token=alice.access_token)} if header else None
    expect_nobody(bearing(app, None), alice, given)


@pytest.mark.parametrize("how", OVER)
def test_an_expired_token_is_anonymous(app: Flask, people: People, alice: Person, how: str) -> None:
    person = people.colleague(alice, "Rita Role", role="agency_admin")
    expect_nobody(bearing(app, OVER[how](person)), alice)


@pytest.mark.parametrize("kind", ["token", "key"])
def test_a_removed_user_is_anonymous(app: Flask, people: People, alice: Person, kind: str) -> None:
    person = people.colleague(alice, "Rita Role", role="agency_admin")
    token = person.access_token if kind == "token" else make_key(person)[1]
    assert bearing(app, token).get("/auth/me").status_code == 200
    assert alice.api.delete(f"/team/{person.actor.user_id}").status_code == 204
    expect_nobody(bearing(app, token), alice)
    assert (
        checked_outcome(
            bearing(app, None).post("/auth/refresh", json={"refresh_token": person.refresh_token})
        )
        == "401 invalid_refresh_token"
    )


@pytest.mark.parametrize("kind", ["token", "key"])
def test_a_user_of_a_suspended_agency_is_anonymous(
    app: Flask, alice: Person, charlie: Person, kind: str
) -> None:
    token = alice.access_token if kind == "token" else make_key(alice)[1]
    assert bearing(app, token).get("/auth/me").status_code == 200
    app.test_cli_runner().invoke(args=["agency", "suspend", str(alice.actor.tenant_id)])
    expect_nobody(bearing(app, token), charlie)
    assert (
        checked_outcome(
            bearing(app, None).post("/auth/refresh", json={"refresh_token": alice.refresh_token})
        )
        == "401 invalid_refresh_token"
    )


def test_an_expired_key_is_anonymous(app: Flask, alice: Person, sql: Sql) -> None:
    key_id, text = make_key(alice, expires_in_days=1)
    assert bearing(app, text).get("/auth/me").status_code == 200
    sql("update api_keys set expires_at = now() - interval '1 second' where id = :k", k=key_id)
    expect_nobody(bearing(app, text), alice)


@named(OPEN)
def test_a_public_operation_ignores_the_token(app: Flask, alice: Person, row: Row) -> None:
    """Sign-out reads it and refuses no one because of it."""
    for token in (None, "nonsense", alice.access_token, signed_out(alice)):
        assert checked_outcome(send(bearing(app, token), row)) == row.plain
    for call in row.calls:
        assert call.is_public


# API keys and stale tokens
# --------------------------------------------------------------------------------


@named(GUARDED)
def test_a_full_key_acts_as_its_creator_without_a_password(
    app: Flask, alice: Person, row: Row
) -> None:
    client = bearing(app, make_key(alice)[1])
    assert checked_outcome(send(client, row, alice)) == (row.key or row.plain)


@named(GUARDED)
def test_a_refreshed_token_is_accepted_if_no_fresh_one_is_required(
    app: Flask, alice: Person, row: Row
) -> None:
    answer = bearing(app, None).post("/auth/refresh", json={"refresh_token": alice.refresh_token})
    client = bearing(app, answer.json["access_token"])
    assert checked_outcome(send(client, row, alice)) == (row.stale or row.plain)


@pytest.mark.parametrize("kind", ["key", "refreshed"])
def test_a_new_address_requires_a_fresh_token(
    app: Flask, alice: Person, world: Callable[[Person], dict[str, str | None]], kind: str
) -> None:
    answer = bearing(app, None).post("/auth/refresh", json={"refresh_token": alice.refresh_token})
    client = bearing(app, make_key(alice)[1] if kind == "key" else answer.json["access_token"])
    before = world(alice)
    assert (
        checked_outcome(
            client.patch(
                "/auth/profile", json={"email": fresh_address(), "full_name": "Somebody Else"}
            )
        )
        == STALE
    )
    after = world(alice)
    assert {table for table in after if after[table] != before[table]} <= {
        "api_keys"
    }  # the time of its last use
    assert (
        checked_outcome(client.patch("/auth/profile", json={"email": alice.email.upper()})) == "200"
    )


@pytest.mark.parametrize("kind", ["sign-in", "sign-up", "accept-invite", "reauthenticate"])
def test_every_check_of_the_password_gives_a_fresh_token(
    app: Flask, alice: Person, kind: str
) -> None:
    """The fifth way, sign-in-totp, is tested with two-factor sign-in."""
    anyone, join = bearing(app, None), {"password": PASSWORD, "full_name": "Neha"}
    if kind == "sign-in":
        answer = anyone.post("/auth/sign-in", json={"email": alice.email, "password": PASSWORD})
    elif kind == "sign-up":
        answer = anyone.post(
            "/auth/sign-up", json={**join, "email": fresh_address(), "agency_name": "Malabar"}
        )
    elif kind == "accept-invite":
        answer = anyone.post(
            "/auth/accept-invite", json={**join, "token": invite(app, alice, fresh_address())[1]}
        )
    else:
        stale = anyone.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).json[
            "access_token"
        ]
        answer = bearing(app, stale).post("/auth/reauthenticate", json={"password": PASSWORD})
        assert set(answer.json) == {"access_token", "expires_in"}
    client = bearing(app, answer.json["access_token"])
    assert checked_outcome(client.post("/auth/api-keys", json={"name": "Website"})) == "201"
    assert checked_outcome(client.post("/auth/totp/setup")) == "200"


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_of_one_scope_has_the_operations_of_the_table(
    app: Flask, people: People, alice: Person, scope: str
) -> None:
    """Outside the scope a key is refused like a wrong role.

    Inside it has its maker's rights.
    """
    ada = people.colleague(alice, "Ada Administrator", role="agency_admin")
    client = bearing(app, make_key(ada, scopes=[scope])[1])
    for guarded in sorted(GUARDED, key=lambda row: row.operation == "DELETE /auth/sessions"):
        if scope in guarded.scopes:
            is_named = scope in (STEP_UP | KEY_SCOPES).get(guarded.call.operation.right, ())
            expected = guarded.plain if is_named else guarded.key or guarded.plain
            assert checked_outcome(send(client, guarded, ada)) == expected, guarded.operation
        else:
            refused = [
                send(client, guarded, ada),
                send(client, guarded, ids="nonsense", body={"nonsense": [1]}),
            ]
            assert [checked_outcome(answer) for answer in refused] == [FORBIDDEN] * 2, (
                guarded.operation
            )


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_never_exceeds_the_role_of_its_creator(
    app: Flask, people: People, alice: Person, sql: Sql, scope: str
) -> None:
    person = people.colleague(alice, "Rita Role", role="agency_admin")
    client = bearing(app, make_key(person, scopes=[scope])[1])
    sql("update users set role = 'viewer' where id = :u", u=person.actor.user_id)
    for guarded in GUARDED:
        assert guarded.roles is not None
        if scope not in guarded.scopes or "viewer" not in guarded.roles:
            assert checked_outcome(send(client, guarded, alice)) == FORBIDDEN, guarded.operation


def test_scopes_are_accepted_only_by_the_scoped_operation(alice: Person) -> None:
    """The contract's operation creates a full key; narrower ones have their own route."""
    assert (
        checked_outcome(
            alice.api.post("/auth/api-keys", json={"name": "Website", "scopes": ["read"]})
        )
        == "422 schema"
    )
    made = alice.api.post("/auth/api-keys", json={"name": "Website"}).json["api_key"]
    assert made["scopes"] == ["full"]
    narrower = alice.api.post(
        "/auth/api-keys/scoped", json={"name": "Website", "scopes": ["read"]}
    ).json
    assert set(narrower) == {"key", "warning", "api_key"}
    assert set(narrower["api_key"]) == set(made)


def test_only_post_operations_document_idempotency() -> None:
    assert {row.operation for row in TABLE if row.repeat is not None} == {
        row.operation for row in TABLE if row.method == "POST"
    }
    assert {row.operation for row in TABLE if row.repeat is Repeat.SECRET} == {
        row.operation for row in TABLE if row.call.operation.secret_answer
    }
