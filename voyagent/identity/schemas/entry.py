"""Schemas of sign-up, sign-in, team and API keys, for JSON API and HTML forms."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from voyagent.identity.rules.devices import describe
from voyagent.identity.rules.passwords import LENGTH_MAX, LENGTH_MIN, breaks_rule
from voyagent.identity.rules.permissions import SCOPES, Role
from voyagent.kernel import clock, money
from voyagent.kernel.addresses import normal_address
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Closed,
    Exact,
    Filter,
    Instant,
    Open,
    Query,
    Trimmed,
    storable,
)
from voyagent.kernel.pages import Cursor
from voyagent.kernel.serializers import AnswerOf, Computed

NAME_MAX = 120
KEY_DAYS_MAX = 3650
PAGE_MAX = 200
TOKEN_MAX = 128
SIGN_IN_PASSWORD_MAX = 256
EMAIL_TEXT_MAX = 320


def _address(typed: str) -> str:
    found = normal_address(typed)
    if found is None:
        raise PydanticCustomError("email_invalid", "value is not a valid email address")
    return found


def _strong(password: str) -> str:
    broken = breaks_rule(password)
    if broken is not None:
        raise PydanticCustomError(*broken)
    return password


def _role(name: str) -> str:
    if name not in set(Role):
        raise PydanticCustomError("invalid_role", "invalid_role: not one of the five roles")
    return name


def _scope(name: str) -> str:
    if name not in SCOPES:
        raise PydanticCustomError(
            "invalid_scope", "invalid_scope: not one of the scopes of an API key"
        )
    return name


def _bookable(code: str) -> str:
    if not money.is_currency(code):
        raise PydanticCustomError(
            "invalid_currency", "invalid_currency: not a currency of ISO 4217"
        )
    return code


def _zone(name: str) -> str:
    if not clock.is_zone(name):
        raise PydanticCustomError(
            "invalid_timezone", "invalid_timezone: not a zone of the IANA database"
        )
    return name


Email = Annotated[
    str,
    StringConstraints(max_length=EMAIL_TEXT_MAX),
    AfterValidator(storable),
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": EMAIL_TEXT_MAX}),
]
NewPassword = Annotated[
    str,
    StringConstraints(min_length=LENGTH_MIN, max_length=LENGTH_MAX),
    AfterValidator(storable),
    AfterValidator(_strong),
]
RoleName = Annotated[str, StringConstraints(max_length=32), AfterValidator(_role)]
Token = Annotated[str, Exact(TOKEN_MAX, min_length=1)]


class SignUpRequest(Open):
    """The agency to create and its first user."""

    email: Email
    password: NewPassword
    full_name: Annotated[str, Trimmed(NAME_MAX)]
    agency_name: Annotated[str, Trimmed(NAME_MAX)]


class SignUpPage(SignUpRequest):
    """HTML form input of the sign-up, with the agency's currency and time zone."""

    default_currency: Annotated[str, AfterValidator(_bookable)] = "INR"
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Kolkata"


class SignInRequest(Open):
    """The user's e-mail address and password."""

    email: Email
    password: Annotated[str, Exact(SIGN_IN_PASSWORD_MAX, min_length=1)]


class RefreshRequest(Open):
    """The refresh token to exchange for new tokens."""

    refresh_token: Annotated[str, StringConstraints(min_length=1), AfterValidator(storable)]


class SignOutRequest(Open):
    """The refresh token to revoke together with the access token."""

    refresh_token: Annotated[str, AfterValidator(storable)] | None = None


class CreateInviteRequest(Closed):
    """The e-mail address to invite, and the role that the person will have."""

    email: Email
    role: RoleName = Role.AGENT.value


class AcceptInviteRequest(Closed):
    """The token from the invitation's link, and the name and password of the new user."""

    token: Token
    password: NewPassword
    full_name: Annotated[str, Trimmed(NAME_MAX)]


class JoinPage(Open):
    """HTML form input of a person who accepts an invitation.

    The token of the invitation's link is in the browser's session.
    """

    password: NewPassword
    full_name: Annotated[str, Trimmed(NAME_MAX)]


class WholeOrPage(Query):
    """Query of a list: one page if `limit` is given, else all items."""

    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] | None = Field(
        default=None, description="Maximum number of items; all of them if absent."
    )
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class InviteQuery(WholeOrPage):
    """Query of invitations by status: one page if `limit` is given, else all."""

    status: Annotated[str | None, Filter(16384)] = None


class InviteToken(Query):
    """The token from the invitation's link."""

    token: Token


class PublicUser(AnswerOf[Row]):
    """A user of the agency."""

    id: UUID
    email: str
    full_name: str | None
    role: str
    tenant_id: UUID
    tenant_name: str
    created_at: Instant
    email_verified: bool


class AuthResponse(AnswerOf[Row]):
    """The tokens of a new session, and the user to whom they belong."""

    access_token: str
    refresh_token: str
    expires_in: int
    user: PublicUser


class TokenPair(AnswerOf[Row]):
    """A new access token and a new refresh token."""

    access_token: str
    refresh_token: str
    expires_in: int


class InviteSummary(AnswerOf[Row]):
    """An invitation, without its token."""

    id: UUID
    tenant_id: UUID
    email: str
    role: str
    status: str
    expires_at: Instant
    created_at: Instant
    accepted_at: Instant | None
    revoked_at: Instant | None
    invited_by_user_id: UUID


class InviteAnswer(AnswerOf[Row]):
    """Response with one invitation, in the member `invite`."""

    invite: InviteSummary


class CreateInviteResponse(InviteAnswer):
    """A new invitation with its link; only this response contains the link."""

    invite_link: str


class InviteList(AnswerOf[Row]):
    """The agency's invitations, newest first."""

    items: list[InviteSummary]
    next_cursor: str | None


class InviteLookup(AnswerOf[Row]):
    """An invitation as shown to the invited person."""

    email: str
    role: str
    tenant_name: str
    inviter_email: str
    expires_at: Instant


ScopeName = Annotated[
    str,
    StringConstraints(max_length=32),
    AfterValidator(_scope),
    WithJsonSchema({"type": "string", "enum": list(SCOPES)}),
]
Scopes = Annotated[list[ScopeName], Field(min_length=1, max_length=len(SCOPES))]
KeyDays = Annotated[int, Field(ge=1, le=KEY_DAYS_MAX)]


class CreateApiKeyRequest(Closed):
    """Name and lifetime of an API key that has all permissions of its creator."""

    name: Annotated[str, Trimmed(NAME_MAX)]
    expires_in_days: KeyDays | None = None


class CreateScopedApiKeyRequest(CreateApiKeyRequest):
    """Name, lifetime and scopes of an API key with limited permissions."""

    scopes: Scopes


class MakeKeyPage(Open):
    """HTML form input of a new API key, with the user's password and a code if needed."""

    name: Annotated[str, Trimmed(NAME_MAX)]
    scopes: Scopes
    expires_in_days: KeyDays | None = None
    password: Annotated[str, Exact(SIGN_IN_PASSWORD_MAX, min_length=1)]
    code: Annotated[str, Exact(64)] | None = None


class ApiKeySummary(AnswerOf[Row]):
    """An API key without its secret.

    `prefix` is the public part of the key, after `vy_`. `created_by` is the user who created the
    key and for whom it acts.
    """

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None
    created_by_user_id: UUID
    created_by: str


class CreateApiKeyResponse(AnswerOf[Row]):
    """A new API key; only this response contains its full text."""

    key: str
    warning: str
    api_key: ApiKeySummary


class ApiKeyList(AnswerOf[Row]):
    """The agency's API keys, newest first."""

    items: list[ApiKeySummary]
    next_cursor: str | None


def _device(row: Row) -> str:
    agent = describe(row["user_agent"])
    return " · ".join(part for part in (agent.browser or agent.program, agent.system) if part)


class AuthSessionSummary(AnswerOf[Row]):
    """A session of a user.

    `device` is the name of the browser or program. `current` is true for the session of this
    request.
    """

    id: UUID
    channel: Literal["browser", "api"]
    device: Annotated[str, Computed(_device)]
    user_agent: str
    ip: str
    created_at: Instant
    last_seen_at: Instant
    expires_at: Instant
    current: bool


class AuthSessionList(AnswerOf[Row]):
    """The caller's sessions, the most recently used first."""

    items: list[AuthSessionSummary]


class CredentialCount(AnswerOf[Row]):
    """The number of working credentials of one kind that the caller has.

    `live` is the number. `end` is the method and path of the request that ends these credentials.
    `end` is null if `live` is 0, or if no request ends credentials of this kind.
    """

    kind: Literal[
        "session",
        "api_key",
        "invitation",
        "reset_link",
        "confirmation_link",
        "second_factor",
        "second_factor_setup",
        "recovery_code",
    ]
    live: int
    end: str | None


class CredentialList(AnswerOf[Row]):
    """The caller's credentials by kind."""

    items: list[CredentialCount]


class ChangeRoleRequest(Closed):
    """The new role of a user."""

    role: RoleName = Field(json_schema_extra={"enum": [role.value for role in Role]})


class RolePage(Open):
    """HTML form input with the new role of a user."""

    role: RoleName


class TeamMember(AnswerOf[Row]):
    """A user of the agency, as listed in the team."""

    id: UUID
    email: str
    full_name: str
    role: str
    email_verified: bool
    totp_enabled: bool
    created_at: Instant
    last_seen_at: Instant | None


class Team(AnswerOf[Row]):
    """The users of the agency, ordered by name; those in `suspended` have no access."""

    items: list[TeamMember]
    suspended: list[TeamMember]
