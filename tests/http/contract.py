"""The API contract as data, for people, keys, settings, audit and system.

Each row states roles, other agencies, keys, and two simultaneous callers. It is written from the
contract, never from the program: nothing here may be taken from its tables of permissions. A
response is its status, with the code of a refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from werkzeug.test import TestResponse

from tests.http.operations import CALLS, Call

ROLES = ("agency_admin", "ticketing_lead", "accounting_lead", "agent", "viewer")
ADMIN = frozenset({"agency_admin"})
WRITERS = frozenset(ROLES) - {"viewer"}
EVERY = frozenset(ROLES)
PUBLIC = None

SCOPES = (
    "full",
    "read",
    "enquiries",
    "assistant",
    "trips",
    "approvals",
    "books",
    "reports",
    "audit",
    "team",
    "settings",
)
FULL_ONLY = frozenset({"full"})
READ = FULL_ONLY | {"read"}
TEAM = FULL_ONLY | {"team"}
SETTINGS = FULL_ONLY | {"settings"}

UNAUTHORIZED = "401 unauthorized"
FORBIDDEN = "403 forbidden_role"
STALE = "403 reauthentication_required"
TAKEN = "409 email_already_registered"


class Other(StrEnum):
    """Result for another agency at an operation without an id of a record in the path."""

    HIDDEN = "nothing of it is shown"
    UNTOUCHED = "nothing of it changes"
    ADDRESS = "its people's addresses are taken"
    TOKEN = (
        "whoever holds its token speaks for it, as the holder of a mailed link or a refresh token"
        " does"
    )
    NO_AGENCY = "it knows no agency"


class Repeat(StrEnum):
    """Result of a second request under one Idempotency-Key."""

    REPLAYED = "the first answer, byte for byte"
    SECRET = "409 idempotency_secret_shown"
    IGNORED = "ignored: the answer is the same without it"


@dataclass(frozen=True)
class Row:
    """One operation.

    `plain` is the response to a permitted caller in a new agency, with her own records and a valid
    body. `other` is the response to another agency's record where the path has an id: equal to an
    unknown and a malformed one. `key` is the response to a full API key of an administrator where
    that is not `plain`, `stale` that to a refreshed token; a key whose scope names the operation
    gets `plain`. `twins` are the responses to two equal requests at one moment, in any order; "or"
    separates results if the second may begin before or after the end of the first.
    """

    operation: str
    roles: frozenset[str] | None
    plain: str
    other: Other | str
    twins: tuple[str, str]
    scopes: frozenset[str] = FULL_ONLY
    key: str = ""
    stale: str = ""
    repeat: Repeat | None = None

    @property
    def method(self) -> str:
        """Return the HTTP method."""
        return self.operation.split()[0]

    @property
    def path(self) -> str:
        """Return the path without its prefix."""
        return self.operation.split()[1]

    @property
    def calls(self) -> list[Call]:
        """Return the registered operations of the row.

        Probes are registered under `/api` and at the root.
        """
        return [call for call in CALLS if name_of(call) == self.operation]

    @property
    def call(self) -> Call:
        """Return the operation under `/api`."""
        return next(call for call in self.calls if call.path.startswith("/api/"))


# fmt: off - one operation, one line: who may; a plain answer; another agency; twins; what else is
# to be said
TABLE = (
    # 2, 3: coming in, tokens
    Row("POST /auth/sign-up", PUBLIC, "201", Other.ADDRESS, ("201", TAKEN), repeat=Repeat.IGNORED),
    Row(
        "POST /auth/sign-in",
        PUBLIC,
        "401 invalid_credentials",
        Other.TOKEN,
        ("200", "200"),
        repeat=Repeat.IGNORED,
    ),
    Row("GET /auth/me", EVERY, "200", Other.HIDDEN, ("200", "200"), frozenset(SCOPES)),
    Row(
        "POST /auth/refresh",
        PUBLIC,
        "401 invalid_refresh_token",
        Other.TOKEN,
        ("200", "401 invalid_refresh_token"),
        repeat=Repeat.IGNORED,
    ),
    Row("POST /auth/sign-out", PUBLIC, "204", Other.TOKEN, ("204", "204"), repeat=Repeat.IGNORED),
    # 4, 5: mailed links
    Row(
        "POST /auth/send-verification-email",
        EVERY,
        "200",
        Other.UNTOUCHED,
        ("200", "200"),
        repeat=Repeat.REPLAYED,
    ),
    Row(
        "POST /auth/verify-email",
        PUBLIC,
        "400 token_invalid",
        Other.TOKEN,
        ("200", "400 token_invalid"),
        repeat=Repeat.IGNORED,
    ),
    Row(
        "POST /auth/request-password-reset",
        PUBLIC,
        "200",
        Other.TOKEN,
        ("200", "200"),
        repeat=Repeat.IGNORED,
    ),
    Row(
        "POST /auth/reset-password",
        PUBLIC,
        "400 token_invalid",
        Other.TOKEN,
        ("200", "400 token_invalid"),
        repeat=Repeat.IGNORED,
    ),
    # 6: one's own account
    Row("PATCH /auth/profile", EVERY, "200", Other.ADDRESS, ("200", "200")),
    Row(
        "POST /auth/change-password",
        EVERY,
        "204",
        Other.UNTOUCHED,
        ("204", "403 invalid_password"),
        repeat=Repeat.REPLAYED,
    ),
    Row(
        "POST /auth/reauthenticate",
        EVERY,
        "200",
        Other.UNTOUCHED,
        ("200", "200"),
        key=STALE,
        repeat=Repeat.SECRET,
    ),
    Row("GET /auth/sessions", EVERY, "200", Other.HIDDEN, ("200", "200"), READ),
    Row("DELETE /auth/sessions", EVERY, "204", Other.UNTOUCHED, ("204", f"204 or {UNAUTHORIZED}")),
    Row(
        "DELETE /auth/sessions/{auth_session_id}",
        EVERY,
        "204",
        "404 auth_session_not_found",
        ("204", "204"),
    ),
    Row("GET /auth/credentials", EVERY, "200", Other.HIDDEN, ("200", "200"), READ),
    Row(
        "DELETE /auth/credentials/{credential_kind}",
        EVERY,
        "204",
        Other.UNTOUCHED,
        ("204", "204"),
    ),
    # 7: invitations
    Row(
        "POST /auth/invites",
        ADMIN,
        "201",
        Other.UNTOUCHED,
        ("201", "409 invite_already_exists"),
        TEAM,
        key=STALE,
        stale=STALE,
        repeat=Repeat.SECRET,
    ),
    Row("GET /auth/invites", ADMIN, "200", Other.HIDDEN, ("200", "200"), READ | TEAM),
    Row(
        "POST /auth/invites/{invite_id}/revoke",
        ADMIN,
        "200",
        "404 invite_not_found",
        ("200", "409 invite_not_pending"),
        TEAM,
        repeat=Repeat.REPLAYED,
    ),
    Row("GET /auth/invites/lookup", PUBLIC, "404 invite_not_found", Other.TOKEN, ("200", "200")),
    Row(
        "POST /auth/accept-invite",
        PUBLIC,
        "404 invite_not_found",
        Other.TOKEN,
        ("201", "400 invite_not_pending"),
        repeat=Repeat.IGNORED,
    ),
    Row("GET /team", EVERY, "200", Other.HIDDEN, ("200", "200"), READ | TEAM),
    Row(
        "PATCH /team/{user_id}",
        ADMIN,
        "200",
        "404 user_not_found",
        ("200", "200"),
        TEAM,
        key=STALE,
        stale=STALE,
    ),
    Row(
        "DELETE /team/{user_id}",
        ADMIN,
        "204",
        "404 user_not_found",
        ("204", "404 user_not_found"),
        TEAM,
        key=STALE,
        stale=STALE,
    ),
    Row(
        "DELETE /team/{user_id}/sessions",
        ADMIN,
        "204",
        "404 user_not_found",
        ("204", "204"),
        TEAM,
        key=STALE,
    ),
    # 8: API keys
    Row(
        "POST /auth/api-keys",
        WRITERS,
        "201",
        Other.UNTOUCHED,
        ("201", "201"),
        key=STALE,
        stale=STALE,
        repeat=Repeat.SECRET,
    ),
    Row(
        "POST /auth/api-keys/scoped",
        WRITERS,
        "201",
        Other.UNTOUCHED,
        ("201", "201"),
        key=STALE,
        stale=STALE,
        repeat=Repeat.SECRET,
    ),
    Row("GET /auth/api-keys", EVERY, "200", Other.HIDDEN, ("200", "200"), READ),
    Row(
        "POST /auth/api-keys/{key_id}/revoke",
        WRITERS,
        "204",
        "404 not_found",
        ("204", "204"),
        repeat=Repeat.REPLAYED,
    ),
    # 9: the second factor
    Row(
        "POST /auth/totp/setup",
        EVERY,
        "200",
        Other.UNTOUCHED,
        ("200", "200"),
        key=STALE,
        stale=STALE,
        repeat=Repeat.SECRET,
    ),
    Row(
        "POST /auth/totp/verify",
        EVERY,
        "400 totp_not_initialized",
        Other.UNTOUCHED,
        ("200", "200"),
        key=STALE,
        repeat=Repeat.REPLAYED,
    ),
    Row(
        "POST /auth/totp/disable",
        EVERY,
        "200",
        Other.UNTOUCHED,
        ("200", "200"),
        repeat=Repeat.REPLAYED,
    ),
    Row(
        "POST /auth/totp/recovery-codes",
        EVERY,
        "400 totp_not_enabled",
        Other.UNTOUCHED,
        ("200", "403 totp_invalid"),
        key=STALE,
        stale=STALE,
        repeat=Repeat.SECRET,
    ),
    Row(
        "POST /auth/sign-in-totp",
        PUBLIC,
        "401 invalid_credentials",
        Other.TOKEN,
        ("200", "401 totp_invalid"),
        repeat=Repeat.IGNORED,
    ),
    # 14: the audit
    Row("GET /audit", ADMIN, "200", Other.HIDDEN, ("200", "200"), READ | {"audit"}),
    Row("GET /audit/export.csv", ADMIN, "200", Other.HIDDEN, ("200", "200"), READ | {"audit"}),
    Row(
        "GET /audit/statement",
        ADMIN,
        "404 audit_statement_not_found",
        Other.UNTOUCHED,
        ("404 audit_statement_not_found", "404 audit_statement_not_found"),
        READ | {"audit"},
    ),
    # 15: of the reports the one that shows who travels
    Row(
        "GET /reports/itinerary",
        EVERY,
        "200",
        Other.HIDDEN,
        ("200", "200"),
        READ | {"books", "reports", "trips"},
    ),
    # 16: settings, system routes
    Row("GET /tenant-settings", EVERY, "200", Other.HIDDEN, ("200", "200"), READ | SETTINGS),
    Row("PATCH /tenant-settings", ADMIN, "200", Other.UNTOUCHED, ("200", "200"), SETTINGS),
    Row(
        "GET /tenant-settings/logo",
        EVERY,
        "404 logo_not_found",
        Other.HIDDEN,
        ("404 logo_not_found", "404 logo_not_found"),
        READ | SETTINGS,
    ),
    Row("PUT /tenant-settings/logo", ADMIN, "200", Other.UNTOUCHED, ("200", "200"), SETTINGS),
    Row("DELETE /tenant-settings/logo", ADMIN, "204", Other.UNTOUCHED, ("204", "204"), SETTINGS),
    Row("GET /health", PUBLIC, "200", Other.NO_AGENCY, ("200", "200")),
    Row("GET /health/db", PUBLIC, "200", Other.NO_AGENCY, ("200", "200")),
    Row(
        "GET /health/redis",
        PUBLIC,
        "503 redis_not_configured",
        Other.NO_AGENCY,
        ("503 redis_not_configured", "503 redis_not_configured"),
    ),
    Row("GET /ready", PUBLIC, "200", Other.NO_AGENCY, ("200", "200")),
    Row("GET /internal/metrics", PUBLIC, "200", Other.NO_AGENCY, ("200", "200")),
    Row("GET /schemas/money", PUBLIC, "200", Other.NO_AGENCY, ("200", "200")),
)
# fmt: on
GUARDED = tuple(row for row in TABLE if row.roles is not PUBLIC)
OPEN = tuple(row for row in TABLE if row.roles is PUBLIC)
AREAS = (
    "/auth",
    "/team",
    "/audit",
    "/reports/itinerary",
    "/tenant-settings",
    "/health",
    "/ready",
    "/internal",
    "/schemas",
)
"""Prefixes of the paths of this table."""


def name_of(call: Call) -> str:
    """Return the name of a registered operation in the contract."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.path.removeprefix("/api"))
    return f"{call.operation.method} {path}"


def row(operation: str) -> Row:
    """Return the row of an operation."""
    return next(found for found in TABLE if found.operation == operation)


def query_of(row: Row, session_id: object) -> str:
    """Return the query of an operation: an unknown token or a conversation."""
    return {
        "GET /auth/invites/lookup": "?token=unknown",
        "GET /reports/itinerary": f"?session_id={session_id}",
    }.get(row.operation, "")


def checked_outcome(answer: TestResponse) -> str:
    """Check the rules of every response and return it as the table writes it.

    A stream is read to its end, so that its resources are released.
    """
    text = answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.headers["X-Request-Id"]) >= 8
    assert "WWW-Authenticate" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    if answer.status_code < 400:
        assert (answer.status_code == 204) == (text == "")
        return str(answer.status_code)
    assert answer.mimetype == "application/json"
    body: dict[str, Any] = answer.json
    assert {"detail", "request_id"} <= set(body) <= {"detail", "request_id", "message"}
    assert body["request_id"] == answer.headers["X-Request-Id"]
    detail = body["detail"]
    if isinstance(detail, dict):
        return f"{answer.status_code} {detail['code']}"
    return f"{answer.status_code} {detail if isinstance(detail, str) else 'schema'}"
