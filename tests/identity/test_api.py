"""Sign-in over the API, field by field as in the contract."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.identity.test_invites import invite
from tests.identity.test_sessions import Sql, fresh_address
from tests.people import PASSWORD, ApiClient, Person

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
USER = {
    "id",
    "email",
    "full_name",
    "role",
    "tenant_id",
    "tenant_name",
    "created_at",
    "email_verified",
}
INVITE = {
    "id",
    "tenant_id",
    "email",
    "role",
    "status",
    "expires_at",
    "created_at",
    "accepted_at",
    "revoked_at",
    "invited_by_user_id",
}


@pytest.fixture
def anyone(app: Flask) -> ApiClient:
    return ApiClient(app.test_client(), None)


def sign_up_body(**changes: Any) -> dict[str, Any]:
    return {
        "email": fresh_address(),
        "password": PASSWORD,
        "full_name": "Neha Kulkarni",
        "agency_name": "Malabar Gulf",
        **changes,
    }


def places(answer: Any) -> list[tuple[Any, ...]]:
    """Check the shape of a 422 and return the places of its errors."""
    assert answer.status_code == 422, answer.text
    for item in answer.json["detail"]:
        assert set(item) == {"type", "loc", "msg"}
    return [tuple(item["loc"]) for item in answer.json["detail"]]


# Sign-up
# --------------------------------------------------------------------------------


def test_sign_up_returns_tokens_and_the_user(anyone: ApiClient) -> None:
    body = sign_up_body(full_name="  Neha Kulkarni ", agency_name=" Malabar Gulf ")
    answer = anyone.post(
        "/auth/sign-up", json={**body, "email": body["email"].upper(), "unknown": 1}
    )
    assert answer.status_code == 201
    assert set(answer.json) == {"access_token", "refresh_token", "expires_in", "user"}
    assert (answer.json["expires_in"], len(answer.json["refresh_token"])) == (3600, 79)
    user = answer.json["user"]
    assert set(user) == USER
    assert (user["email"], user["full_name"], user["role"], user["tenant_name"]) == (
        body["email"],
        "Neha Kulkarni",
        "agency_admin",
        "Malabar Gulf",
    )
    assert user["email_verified"] is True  # the development switch of this installation
    assert UUID7.fullmatch(user["id"])
    assert UUID7.fullmatch(user["tenant_id"])
    assert INSTANT.fullmatch(user["created_at"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "neha"),
        ("email", "Neha <neha@malabar.example>"),
        ("email", "\N{KELVIN SIGN}iran@malabar.example"),
        ("email", 7),
        ("email", None),
        ("password", "Short-word1"),
        ("password", "x1" * 65),
        ("password", "onlylettershere"),
        ("password", "123456781234"),
        ("password", 123456789012),
        ("password", None),
        ("full_name", "   "),
        ("full_name", "x" * 121),
        ("full_name", True),
        ("agency_name", ""),
        ("agency_name", "x" * 121),
        ("agency_name", "x\u0000y"),
    ],
)
def test_sign_up_reports_an_invalid_field_at_its_location(
    anyone: ApiClient, field: str, value: Any
) -> None:
    answer = anyone.post("/auth/sign-up", json=sign_up_body(**{field: value}))
    assert places(answer) == [("body", field)]
    if isinstance(value, str) and value.strip():
        assert value not in answer.text


@pytest.mark.parametrize("field", ["email", "password", "full_name", "agency_name"])
def test_sign_up_requires_every_field(anyone: ApiClient, field: str) -> None:
    body = sign_up_body()
    del body[field]
    assert places(anyone.post("/auth/sign-up", json=body)) == [("body", field)]


def test_a_long_passphrase_needs_no_digit(anyone: ApiClient) -> None:
    assert (
        anyone.post(
            "/auth/sign-up", json=sign_up_body(password="four quiet harbour lanterns")
        ).status_code
        == 201
    )


@pytest.mark.parametrize(
    "password",
    ["password1234", "PassWord1234", "voyagent12345", "123456789012a", "malabargulf2026"],
)
def test_sign_up_refuses_a_common_password(anyone: ApiClient, password: str) -> None:
    answer = anyone.post("/auth/sign-up", json=sign_up_body(password=password))
    assert answer.status_code == 400
    assert answer.json["detail"] == {"error": "password_too_weak", "code": "password_common"}


@pytest.mark.parametrize("password", [" " * 20, "\t\u2003" * 64])
def test_sign_up_refuses_a_blank_password(anyone: ApiClient, password: str) -> None:
    answer = anyone.post("/auth/sign-up", json=sign_up_body(password=password))
    assert (answer.status_code, answer.json["detail"]) == (
        400,
        {"error": "password_too_weak", "code": "password_blank"},
    )


@pytest.mark.parametrize("password", ["a1a1a1a1a1a1", "Correct-horse-battery-9", "Aa1-" * 16])
def test_sign_up_accepts_an_unlikely_password(anyone: ApiClient, password: str) -> None:
    body = sign_up_body(password=password)
    assert anyone.post("/auth/sign-up", json=body).status_code == 201
    assert (
        anyone.post(
            "/auth/sign-in", json={"email": body["email"], "password": password}
        ).status_code
        == 200
    )


def test_an_existing_address_is_reported(anyone: ApiClient, alice: Person) -> None:
    answer = anyone.post("/auth/sign-up", json=sign_up_body(email=alice.email.title()))
    assert (answer.status_code, answer.json["detail"]) == (409, "email_already_registered")


# Sign-in and me
# --------------------------------------------------------------------------------


def test_sign_in_returns_the_same_members_as_sign_up(anyone: ApiClient, alice: Person) -> None:
    answer = anyone.post(
        "/auth/sign-in",
        json={"email": f" {alice.email.upper()} ", "password": PASSWORD, "unknown": 1},
    )
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "refresh_token", "expires_in", "user"}
    assert set(answer.json["user"]) == USER
    assert answer.json["user"]["id"] == str(alice.actor.user_id)


def test_known_and_unknown_addresses_get_the_same_response(
    anyone: ApiClient, alice: Person
) -> None:
    known = anyone.post(
        "/auth/sign-in", json={"email": alice.email, "password": "Harbour-lantern-43"}
    )
    unknown = anyone.post(
        "/auth/sign-in", json={"email": fresh_address(), "password": "Harbour-lantern-43"}
    )
    assert known.status_code == unknown.status_code == 401
    for answer in (known, unknown):
        answer.json.pop("request_id", None)
        assert answer.json["detail"] == "invalid_credentials"
    assert {**known.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert set(known.headers.keys()) == set(unknown.headers.keys())


def test_known_and_unknown_addresses_cost_the_same_hashing(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415 - the library whose work is counted

    counted: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher,
        "verify",
        lambda self, stored, password: counted.append(stored[:9]) or verify(self, stored, password),
    )
    client = ApiClient(app.test_client(), None)
    for email in (alice.email, fresh_address()):
        client.post("/auth/sign-in", json={"email": email, "password": "Harbour-lantern-43"})
    assert counted == ["$argon2id", "$argon2id"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"email": "x"}, "email"),
        ({"password": ""}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": 1}, "password"),
    ],
)
def test_sign_in_refuses_an_invalid_field(
    anyone: ApiClient, alice: Person, body: dict[str, Any], place: str
) -> None:
    assert places(
        anyone.post("/auth/sign-in", json={"email": alice.email, "password": PASSWORD, **body})
    ) == [("body", place)]


def test_me_returns_the_current_user(alice: Person, sql: Sql) -> None:
    answer = alice.api.get("/auth/me")
    assert answer.status_code == 200
    assert set(answer.json) == USER
    assert answer.json["email"] == alice.email
    sql(
        "update users set email_verified = false, display_name = 'Alice Renamed' where id = :id",
        id=alice.actor.user_id,
    )
    answer = alice.api.get("/auth/me")
    assert (answer.status_code, answer.json["email_verified"], answer.json["full_name"]) == (
        200,
        False,
        "Alice Renamed",
    )


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic abc",
        "Bearer abc",
        "bearer a.b.c",
        "Bearer " + "x" * 5000,
        "{token}",
        "Token {token}",
    ],
)
def test_an_anonymous_caller_gets_only_the_401_error(
    app: Flask, alice: Person, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.format(token=alice.access_token)}
    answer = app.test_client().get("/api/auth/me", headers=headers)
    assert (answer.status_code, answer.json["detail"]) == (401, "unauthorized")
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_bearer_scheme_is_case_insensitive(app: Flask, alice: Person, scheme: str) -> None:
    assert (
        app.test_client()
        .get("/api/auth/me", headers={"Authorization": f"{scheme} {alice.access_token}"})
        .status_code
        == 200
    )


def test_the_api_does_not_accept_a_cookie(app: Flask, alice: Person) -> None:
    browser = alice.browser
    assert browser.get("/team").status_code == 200
    assert browser.get("/api/auth/me").status_code == 401


# Refresh and sign-out
# --------------------------------------------------------------------------------


def test_refresh_returns_a_new_pair_without_the_user(anyone: ApiClient, alice: Person) -> None:
    answer = anyone.post("/auth/refresh", json={"refresh_token": alice.refresh_token, "unknown": 1})
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "refresh_token", "expires_in"}
    assert (
        ApiClient(alice.app.test_client(), answer.json["access_token"]).get("/auth/me").status_code
        == 200
    )
    again = anyone.post("/auth/refresh", json={"refresh_token": alice.refresh_token})
    assert (again.status_code, again.json["detail"]) == (401, "invalid_refresh_token")
    assert (
        anyone.post(
            "/auth/refresh", json={"refresh_token": answer.json["refresh_token"]}
        ).status_code
        == 401
    )


@pytest.mark.parametrize(
    "body", [{}, {"refresh_token": ""}, {"refresh_token": None}, {"refresh_token": 7}]
)
def test_refresh_requires_a_token(anyone: ApiClient, body: dict[str, Any]) -> None:
    assert places(anyone.post("/auth/refresh", json=body)) == [("body", "refresh_token")]


def test_sign_out_requires_no_body_and_always_returns_204(anyone: ApiClient, alice: Person) -> None:
    for call in (
        anyone.post("/auth/sign-out"),
        anyone.post("/auth/sign-out", json={}),
        anyone.post("/auth/sign-out", json={"refresh_token": None}),
        anyone.post("/auth/sign-out", json={"refresh_token": "garbage", "unknown": 1}),
        anyone.post("/auth/sign-out", headers={"Authorization": "Bearer garbage"}),
        anyone.post("/auth/sign-out", data=b"null", content_type="application/json"),
        alice.api.post("/auth/sign-out"),
        alice.api.post("/auth/sign-out"),
    ):
        assert (call.status_code, call.data) == (204, b"")
    assert alice.api.get("/auth/me").status_code == 401
    assert (
        anyone.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).status_code == 200
    )


@pytest.mark.parametrize("body", [{"refresh_token": 7}, [], "x", 7])
def test_sign_out_refuses_wrong_types(anyone: ApiClient, body: Any) -> None:
    assert anyone.post("/auth/sign-out", json=body).status_code == 422


def test_sign_out_with_a_refresh_token_ends_it(anyone: ApiClient, alice: Person) -> None:
    assert (
        anyone.post("/auth/sign-out", json={"refresh_token": alice.refresh_token}).status_code
        == 204
    )
    assert (
        anyone.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).status_code == 401
    )
    assert alice.api.get("/auth/me").status_code == 200


# Invitations
# --------------------------------------------------------------------------------


def test_inviting_returns_the_invitation_and_its_link(alice: Person) -> None:
    email = fresh_address()
    answer = alice.api.post("/auth/invites", json={"email": email.upper()})
    assert answer.status_code == 201
    assert set(answer.json) == {"invite", "invite_link"}
    invited = answer.json["invite"]
    assert set(invited) == INVITE
    assert (invited["email"], invited["role"], invited["status"]) == (email, "agent", "pending")
    assert (invited["tenant_id"], invited["invited_by_user_id"]) == (
        str(alice.actor.tenant_id),
        str(alice.actor.user_id),
    )
    assert (invited["accepted_at"], invited["revoked_at"]) == (None, None)
    life = datetime.fromisoformat(invited["expires_at"]) - datetime.fromisoformat(
        invited["created_at"]
    )
    assert life.total_seconds() == pytest.approx(7 * 86400, abs=60)
    assert re.fullmatch(
        r"http://127\.0\.0\.1:5000/accept-invite\?token=v2\.[0-9a-f]{32}\.[A-Za-z0-9_-]{43}",
        answer.json["invite_link"],
    )


def test_the_link_uses_the_public_url_and_never_the_host_header(alice: Person) -> None:
    answer = alice.api.post(
        "/auth/invites", json={"email": fresh_address()}, headers={"Host": "evil.example"}
    )
    assert "evil" not in answer.json["invite_link"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"email": "x"}, "email"),
        ({"role": "owner"}, "role"),
        ({"role": "x" * 33}, "role"),
        ({"role": None}, "role"),
        ({"role": 7}, "role"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_inviting_refuses_an_invalid_field(alice: Person, body: dict[str, Any], place: str) -> None:
    answer = alice.api.post("/auth/invites", json={"email": fresh_address(), **body})
    assert places(answer) == [("body", place)]
    if body.get("role") == "owner":
        assert "invalid_role" in answer.json["detail"][0]["msg"]


def test_only_an_administrator_reads_creates_and_revokes_invitations(
    app: Flask, alice: Person, bob: Person, victor: Person
) -> None:
    invite_id, _ = invite(app, alice, fresh_address())
    for colleague in (bob, victor):
        for answer in (
            colleague.api.post("/auth/invites", json={"nonsense": 1}),
            colleague.api.get("/auth/invites?status=nonsense"),
            colleague.api.post(f"/auth/invites/{invite_id}/revoke"),
            colleague.api.post("/auth/invites/nonsense/revoke"),
        ):
            assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")


def test_a_second_open_invitation_is_refused(alice: Person) -> None:
    email = fresh_address()
    assert alice.api.post("/auth/invites", json={"email": email}).status_code == 201
    answer = alice.api.post("/auth/invites", json={"email": email})
    assert (answer.status_code, answer.json["detail"]) == (409, "invite_already_exists")


def test_invitations_are_listed_by_state_newest_first(
    app: Flask, alice: Person, charlie: Person, sql: Sql
) -> None:
    ids = [str(invite(app, alice, fresh_address())[0]) for _ in range(3)]
    sql("update invites set expires_at = now() where id = :id", id=ids[0])
    invite(app, charlie, fresh_address())
    everything = alice.api.get("/auth/invites").json["items"]
    assert [item["id"] for item in everything] == ids[::-1]
    assert [item["status"] for item in everything] == ["pending", "pending", "expired"]
    assert set(everything[0]) == INVITE
    assert [
        item["id"] for item in alice.api.get("/auth/invites?status=expired").json["items"]
    ] == ids[:1]
    assert alice.api.get("/auth/invites?status=accepted").json == {"items": [], "next_cursor": None}
    answer = alice.api.get("/auth/invites?status=nonsense")
    assert (answer.status_code, answer.json["detail"]) == (400, "invalid_status")


def test_invitations_are_listed_in_pages_on_request(app: Flask, alice: Person, sql: Sql) -> None:
    ids = [str(invite(app, alice, fresh_address())[0]) for _ in range(5)]
    sql("update invites set expires_at = now() where id = :id", id=ids[2])
    seen, cursor = [], ""
    for _ in range(3):
        page = alice.api.get(f"/auth/invites?status=pending&limit=2&cursor={cursor}").json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"] or ""
    assert seen == [*ids[4:2:-1], *ids[1::-1]]
    assert cursor == ""
    assert len(alice.api.get("/auth/invites?limit=200").json["items"]) == 5


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=nonsense", "limit=2&limit=3"]
)
def test_an_invalid_page_of_invitations_is_refused(alice: Person, query: str) -> None:
    assert alice.api.get(f"/auth/invites?{query}").status_code == 422


def test_an_invitation_is_revoked_once(app: Flask, alice: Person, charlie: Person) -> None:
    invite_id, token = invite(app, alice, fresh_address())
    for stranger, key in ((charlie, invite_id), (alice, alice.actor.user_id), (alice, "nonsense")):
        answer = stranger.api.post(f"/auth/invites/{key}/revoke")
        assert (answer.status_code, answer.json["detail"]) == (404, "invite_not_found")
    answer = alice.api.post(f"/auth/invites/{invite_id}/revoke")
    assert (answer.status_code, answer.json["invite"]["status"]) == (200, "revoked")
    assert INSTANT.fullmatch(answer.json["invite"]["revoked_at"])
    again = alice.api.post(f"/auth/invites/{invite_id}/revoke")
    assert (again.status_code, again.json["detail"]) == (409, "invite_not_pending")
    found = alice.api.get(f"/auth/invites/lookup?token={token}")
    assert (found.status_code, found.json["detail"]) == (400, "invite_not_pending")


def test_an_invitation_can_be_read_with_its_token(
    app: Flask, anyone: ApiClient, alice: Person, sql: Sql
) -> None:
    email = fresh_address()
    invite_id, token = invite(app, alice, email, "viewer")
    answer = anyone.get(f"/auth/invites/lookup?token={token}")
    assert answer.status_code == 200
    assert set(answer.json) == {"email", "role", "tenant_name", "inviter_email", "expires_at"}
    assert (
        answer.json["email"],
        answer.json["role"],
        answer.json["tenant_name"],
        answer.json["inviter_email"],
    ) == (
        email,
        "viewer",
        "Alice Travels",
        alice.email,
    )
    sql("update invites set expires_at = now() where id = :id", id=invite_id)
    assert (anyone.get(f"/auth/invites/lookup?token={token}").json["detail"]) == "invite_expired"
    for query in ("", "?token=", "?token=" + "x" * 129):
        assert places(anyone.get(f"/auth/invites/lookup{query}")) == [("query", "token")]


def test_accepting_returns_the_same_members_as_sign_up(
    app: Flask, anyone: ApiClient, alice: Person
) -> None:
    email = fresh_address()
    _, token = invite(app, alice, email, "ticketing_lead")
    answer = anyone.post(
        "/auth/accept-invite",
        json={"token": token, "password": PASSWORD, "full_name": " Ravi Menon "},
    )
    assert answer.status_code == 201
    assert set(answer.json["user"]) == USER
    user = answer.json["user"]
    assert (user["email"], user["full_name"], user["role"], user["tenant_id"]) == (
        email,
        "Ravi Menon",
        "ticketing_lead",
        str(alice.actor.tenant_id),
    )
    assert user["email_verified"] is True


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"token": ""}, "token"),
        ({"token": "x" * 129}, "token"),
        ({"password": "short1"}, "password"),
        ({"full_name": " "}, "full_name"),
        ({"extra": 1}, "extra"),
    ],
)
def test_accepting_refuses_an_invalid_field(
    anyone: ApiClient, changes: dict[str, Any], place: str
) -> None:
    assert places(
        anyone.post(
            "/auth/accept-invite",
            json={"token": "x", "password": PASSWORD, "full_name": "Ravi", **changes},
        )
    ) == [("body", place)]


def test_an_invalid_invitation_link_is_refused_with_the_reason(
    app: Flask, anyone: ApiClient, alice: Person, charlie: Person, sql: Sql
) -> None:
    expired_id, expired = invite(app, alice, fresh_address())
    sql("update invites set expires_at = now() where id = :id", id=expired_id)
    _, taken = invite(app, alice, charlie.email)
    _, spent = invite(app, alice, fresh_address())
    body = {"password": PASSWORD, "full_name": "Ravi"}
    assert anyone.post("/auth/accept-invite", json={"token": spent, **body}).status_code == 201
    for token, status, code in (
        ("unknown", 404, "invite_not_found"),
        (spent, 400, "invite_not_pending"),
        (expired, 400, "invite_expired"),
        (taken, 409, "email_already_registered"),
    ):
        answer = anyone.post("/auth/accept-invite", json={"token": token, **body})
        assert (answer.status_code, answer.json["detail"]) == (status, code)
    weak = anyone.post(
        "/auth/accept-invite",
        json={"token": taken, "password": "password1234", "full_name": "Ravi"},
    )
    assert (weak.status_code, weak.json["detail"]["code"]) == (400, "password_common")


def test_no_secret_is_returned_or_logged(
    anyone: ApiClient, alice: Person, app: Flask, log_lines: list[dict[str, Any]]
) -> None:
    _, token = invite(app, alice, fresh_address())
    anyone.get(f"/auth/invites/lookup?token={token}")
    secret = "Very-secret-lantern-" + str(time.time())
    answer = anyone.post("/auth/sign-in", json={"email": "no address", "password": secret})
    assert secret not in answer.text
    anyone.post("/auth/sign-in", json={"email": alice.email, "password": secret})
    assert [line["route"] for line in log_lines] == [
        "/api/auth/invites/lookup",
        "/api/auth/sign-in",
        "/api/auth/sign-in",
    ]
    assert secret not in str(log_lines)
    assert token not in str(log_lines)
