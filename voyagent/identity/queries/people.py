"""Queries of agencies and users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    tuple_,
)

from voyagent.identity.models import (
    ApiKey,
    AuthSession,
    Invite,
    OneTimeToken,
    RecoveryCode,
    RefreshToken,
    Tenant,
    User,
)
from voyagent.identity.rules.demo import DEMO_EMAIL
from voyagent.identity.rules.permissions import Role
from voyagent.identity.rules.tokens import agency_of_token, secret_digest
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader, first_row
from voyagent.kernel.database.statement_cache import keyed_select
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound, Unauthorized
from voyagent.kernel.pages import Cursor, next_cursor
from voyagent.kernel.tenancy import TENANT, bind, current_tenant, owned

_USERS = User.__table__.c
_TENANTS = Tenant.__table__.c
_INVITES = Invite.__table__.c
_KEYS = ApiKey.__table__.c
_SESSIONS = AuthSession.__table__.c
_CODES = RecoveryCode.__table__.c
BROWSER_IDLE = timedelta(days=14)
"""Time without a request after which the cookie of a browser's session expires."""
SIGN_INS_MAX = 200
"""Maximum number of sessions that are listed.

A program that signs in for each call has tens of thousands of sessions a month.
"""


class PersonNotFound(NotFound):
    """The agency has no such user."""

    code = "user_not_found"
    message = N_("We could not find that person in your agency.")


@dataclass(frozen=True, slots=True)
class Account:
    """Data of the account of an e-mail address, read before its agency is known."""

    tenant_id: UUID
    user_id: UUID
    role: str
    password_hash: str
    email_verified: bool


def find_account(email: str) -> Account | None:
    """Return the active account of an e-mail address in any agency, or None.

    `email` must be in lower case.
    """
    row = (
        db.session.execute(text("select * from app.find_account(:email)"), {"email": email})
        .mappings()
        .first()
    )
    return Account(**row) if row is not None else None


def offers_demo(settings: Settings) -> bool:
    """Return True if the sign-in page offers the demo agency; never in production."""
    return not settings.is_production and find_account(DEMO_EMAIL) is not None


def agency_name() -> str:
    """Return the name of the agency of this request or job."""
    return db.session.get_one(Tenant, current_tenant(db.session)).display_name


def is_demo() -> bool:
    """Return True if the agency of this request or job is the demo agency."""
    return db.session.get_one(Tenant, current_tenant(db.session)).is_demo


def asks_code(actor: Actor) -> bool:
    """Return True if two-factor is on for the actor; make the actor's agency current."""
    bind(db.session(), actor.tenant_id)
    return bool(db.session.scalar(select(User.totp_enabled).where(User.id == actor.user_id)))


def email_taken(email: str) -> bool:
    """Return True if an account of any agency has the e-mail address."""
    return bool(db.session.scalar(text("select app.email_taken(:email)"), {"email": email}))


def find_refresh_token(token: str) -> tuple[UUID, UUID] | None:
    """Return agency id and row id of a refresh token, or None if it is unknown.

    The agency that the token names becomes the current one.
    """
    return _find_token(token, RefreshToken, "app.find_refresh_token")


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The data of an API key that never change: agency, creator, id and hash."""

    tenant_id: UUID
    user_id: UUID
    id: UUID
    key_hash: bytes


def find_api_key(prefix: str) -> KeyFacts | None:
    """Return the unchanging data of the API key with a prefix, even if it is revoked.

    The key may belong to any agency. The result is None if there is no such key.
    """
    row = db.session.execute(
        text("select tenant_id, user_id, id, key_hash from app.find_api_key(:prefix)"),
        {"prefix": prefix},
    ).first()
    return (
        KeyFacts(row.tenant_id, row.user_id, row.id, bytes(row.key_hash))
        if row is not None
        else None
    )


def find_invite(token: str) -> tuple[UUID, UUID] | None:
    """Return agency id and row id of an invitation, or None if its token is unknown.

    The agency that the token names becomes the current one.
    """
    return _find_token(token, Invite, "app.find_invite")


def find_one_time_token(token: str) -> tuple[UUID, UUID] | None:
    """Return agency id and row id of a mailed token, or None if it is unknown.

    The agency that the token names becomes the current one.
    """
    return _find_token(token, OneTimeToken, "app.find_one_time_token")


def _find_token(
    token: str, table: type[RefreshToken | Invite | OneTimeToken], look_up: str
) -> tuple[UUID, UUID] | None:
    """Return the agency id and the row id of a token, or None if it is unknown.

    The agency that the token names becomes the current one, so row-level security limits the select
    to the rows of this agency. A token of an earlier release names no agency. The database function
    `look_up` then searches the tokens of all agencies.
    """
    digest, tenant_id = secret_digest(token), agency_of_token(token)
    if tenant_id is None:
        statement = text(f"select tenant_id, id from {look_up}(:digest)")  # noqa: S608 - our names
        row = db.session.execute(statement, {"digest": digest}).first()
        return None if row is None else (row.tenant_id, row.id)
    bind(db.session(), tenant_id)
    found = db.session.scalar(select(table.id).where(table.token_hash == digest))
    return None if found is None else (tenant_id, found)


def read_public_user(reader: Reader, user_id: UUID) -> Row:
    """Return a user with the columns of the API operation `me`. Raises PersonNotFound."""
    return first_row(reader.read(*_public_user_statements(user_id))[0], PersonNotFound)


def get_public_user(user_id: UUID) -> Row:
    """Return a user as `read_public_user` does, in the transaction of the sign-in."""
    return read_public_user(SessionReader(db.session), user_id)


@keyed_select
def _public_user_statements(user_id: Any) -> tuple[Select[Any], ...]:
    return (
        select(
            _USERS.id,
            _USERS.email,
            _USERS.display_name.label("full_name"),
            _USERS.role,
            _USERS.tenant_id,
            _TENANTS.display_name.label("tenant_name"),
            _USERS.created_at,
            _USERS.email_verified,
        )
        .join(Tenant.__table__, _TENANTS.id == _USERS.tenant_id)
        .where(owned(User), _USERS.id == user_id),
    )


def invite_status() -> ColumnElement[str]:
    """Return the SQL expression of an invitation's status.

    A pending invitation has the status `expired` after its time of expiry.
    """
    return case(
        (_INVITES.status != "pending", _INVITES.status),
        (_INVITES.expires_at <= func.now(), "expired"),
        else_="pending",
    )


def invites_statement(
    *,
    status: str | None = None,
    invite_id: UUID | None = None,
    limit: int | None = None,
    cursor: Cursor | None = None,
) -> Select[Any]:
    """Select the agency's invitations, newest first, with the inviter's name."""
    statement = (
        select(
            _INVITES.id,
            _INVITES.tenant_id,
            _INVITES.email,
            _INVITES.role,
            invite_status().label("status"),
            _INVITES.expires_at,
            _INVITES.created_at,
            _INVITES.accepted_at,
            _INVITES.revoked_at,
            _INVITES.invited_by_user_id,
            name_of(_INVITES.invited_by_user_id).label("invited_by"),
        )
        .where(owned(Invite))
        .order_by(_INVITES.created_at.desc(), _INVITES.id.desc())
        .limit(limit)
    )
    if status is not None:
        statement = statement.where(invite_status() == status)
    if invite_id is not None:
        statement = statement.where(_INVITES.id == invite_id)
    if cursor is not None:
        statement = statement.where(
            tuple_(_INVITES.created_at, _INVITES.id) < tuple_(cursor.at, cursor.id)
        )
    return statement


def list_invites(
    reader: Reader,
    *,
    status: str | None = None,
    limit: int | None = None,
    cursor: Cursor | None = None,
) -> tuple[list[Row], str | None]:
    """Return the invitations of one status and the cursor of the next page.

    A `status` of None means every status. Without `limit` all of these invitations are returned,
    and the cursor is None.
    """
    rows = reader.read(invites_statement(status=status, limit=limit, cursor=cursor))[0]
    return rows, None if limit is None else next_cursor(rows, limit)


def get_invite(invite_id: UUID) -> Row:
    """Return an invitation.

    Call this function in the transaction that created or changed the invitation.
    """
    return SessionReader(db.session).read(invites_statement(invite_id=invite_id))[0][0]


def get_invite_for_holder(invite_id: UUID) -> Row:
    """Return an invitation as shown to the invited person.

    `tenant_is_active` says whether the agency is active.
    """
    statement = (
        select(
            _INVITES.id,
            _INVITES.email,
            _INVITES.role,
            _INVITES.invited_by_user_id,
            invite_status().label("status"),
            _INVITES.expires_at,
            _TENANTS.display_name.label("tenant_name"),
            _TENANTS.is_active.label("tenant_is_active"),
            _USERS.email.label("inviter_email"),
            _USERS.display_name.label("inviter_name"),
        )
        .join(Tenant.__table__, _TENANTS.id == _INVITES.tenant_id)
        .join(
            User.__table__,
            (_USERS.tenant_id == _INVITES.tenant_id) & (_USERS.id == _INVITES.invited_by_user_id),
        )
        .where(owned(Invite), _INVITES.id == invite_id)
    )
    return SessionReader(db.session).read(statement)[0][0]


def people_statement(*, user_id: UUID | None = None, removed: bool | None = None) -> Select[Any]:
    """Return an SQL statement that selects the users of the agency, ordered by name.

    If `removed` is true, only inactive users are selected; if `removed` is false, only active
    users. Without `removed`, all users are selected.
    """
    last_seen = (
        select(func.max(_SESSIONS.last_seen_at))
        .where(owned(AuthSession), _SESSIONS.user_id == _USERS.id)
        .scalar_subquery()
    )
    statement = (
        select(
            _USERS.id,
            _USERS.email,
            _USERS.display_name.label("full_name"),
            _USERS.role,
            _USERS.is_active,
            _USERS.email_verified,
            _USERS.totp_enabled,
            _USERS.last_login_at,
            func.greatest(_USERS.last_login_at, last_seen).label("last_seen_at"),
            _USERS.created_at,
            _USERS.removed_at,
            _USERS.suspended_at,
        )
        .where(owned(User))
        .order_by(_USERS.display_name, _USERS.id)
    )
    if user_id is not None:
        statement = statement.where(_USERS.id == user_id)
    if removed is not None:
        statement = statement.where(_USERS.is_active.is_(not removed))
    return statement


def list_people(reader: Reader, *, removed: bool | None = None) -> list[Row]:
    """Return the users of the agency ordered by name.

    If `removed` is true, only inactive users are returned; if `removed` is false, only active
    users. Without `removed`, all users are returned.
    """
    return reader.read(people_statement(removed=removed))[0]


def get_person(reader: Reader, user_id: UUID, *, or_suspended: bool = False) -> Row:
    """Return an active user; with `or_suspended`, a suspended user is returned too.

    Raises PersonNotFound.
    """
    found = reader.read(people_statement(user_id=user_id))[0]
    return first_row(
        [
            person
            for person in found
            if person["is_active"] or (or_suspended and person["suspended_at"])
        ],
        PersonNotFound,
    )


def list_team(reader: Reader) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the active users, the invitations to show, and the inactive users.

    Pending invitations are shown. An expired invitation is shown only if it is the newest for its
    e-mail address and no active user has this address.
    """
    everybody, invites = reader.read(people_statement(), invites_statement())
    people = [person for person in everybody if person["is_active"]]
    known = {person["email"] for person in people}
    shown = []
    for invite in invites:
        if invite["status"] == "pending" or (
            invite["status"] == "expired" and invite["email"] not in known
        ):
            shown.append(invite)
        known.add(invite["email"])
    return people, shown, [person for person in everybody if not person["is_active"]]


def names_of(reader: Reader) -> dict[UUID, str]:
    """Return the names of the agency's users by id, including removed users."""
    return {row["id"]: row["full_name"] for row in list_people(reader)}


def name_of(user_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return an SQL subquery of a user's name, for queries of other packages."""
    return select(_USERS.display_name).where(owned(User), _USERS.id == user_id).scalar_subquery()


def is_confirmed(user_id: UUID | None) -> ScalarSelect[Any]:
    """Return an SQL subquery, true if a user has confirmed the e-mail address.

    If `user_id` is None, the value of the subquery is null.
    """
    return select(_USERS.email_verified).where(owned(User), _USERS.id == user_id).scalar_subquery()


def is_provisional() -> ScalarSelect[Any]:
    """Return an SQL subquery, true while the agency is provisional.

    An agency is provisional until the first confirmation of an e-mail address. An agency is
    provisional again while every administrator has changed the e-mail address and the new
    address is not proven by a mailed link.
    """
    people = select(_USERS.id).where(owned(User), _USERS.is_active)
    administrators = people.where(_USERS.role == Role.AGENCY_ADMIN.value)
    all_moved = (
        administrators.where(_USERS.email_moved).exists()
        & ~administrators.where(~_USERS.email_moved).exists()
    )
    # A process of the previous release sets only `User.email_verified` at the first confirmation.
    confirmed = people.where(_USERS.email_verified)
    return (
        select((_TENANTS.verified_at.is_(None) & ~confirmed.exists()) | all_moved)
        .where(_TENANTS.id == bindparam(TENANT))
        .scalar_subquery()
    )


def keys_statement(
    *,
    key_id: UUID | None = None,
    maker_id: UUID | None = None,
    limit: int | None = None,
    cursor: Cursor | None = None,
) -> Select[Any]:
    """Select the agency's API keys, newest first, with the users who created them.

    With `maker_id`, only the keys that this user created are selected. `revoked_at` is also set
    if the creator of the key was removed or suspended.
    """
    statement = (
        select(
            _KEYS.id,
            _KEYS.name,
            _KEYS.prefix,
            _KEYS.scopes,
            _KEYS.created_at,
            _KEYS.expires_at,
            func.coalesce(_KEYS.revoked_at, _USERS.removed_at, _USERS.suspended_at).label(
                "revoked_at"
            ),
            _KEYS.last_used_at,
            _KEYS.created_by_user_id,
            _USERS.display_name.label("created_by"),
        )
        .join(
            User.__table__,
            (_USERS.tenant_id == _KEYS.tenant_id) & (_USERS.id == _KEYS.created_by_user_id),
        )
        .where(owned(ApiKey))
        .order_by(_KEYS.created_at.desc(), _KEYS.id.desc())
        .limit(limit)
    )
    if key_id is not None:
        statement = statement.where(_KEYS.id == key_id)
    if maker_id is not None:
        statement = statement.where(_KEYS.created_by_user_id == maker_id)
    if cursor is not None:
        statement = statement.where(
            tuple_(_KEYS.created_at, _KEYS.id) < tuple_(cursor.at, cursor.id)
        )
    return statement


def list_keys(
    reader: Reader,
    *,
    maker_id: UUID | None = None,
    limit: int | None = None,
    cursor: Cursor | None = None,
) -> tuple[list[Row], str | None]:
    """Return API keys, newest first, and the cursor of the next page.

    With `maker_id`, only the keys that this user created are returned. Without `limit` all keys are
    returned, and the cursor is None.
    """
    rows = reader.read(keys_statement(maker_id=maker_id, limit=limit, cursor=cursor))[0]
    return rows, None if limit is None else next_cursor(rows, limit)


def get_key(key_id: UUID) -> Row:
    """Return an API key; call it in the transaction that created the key."""
    return SessionReader(db.session).read(keys_statement(key_id=key_id))[0][0]


def sessions_statement(user_id: UUID) -> Select[Any]:
    """Select a user's active sessions, the most recently used first.

    At most SIGN_INS_MAX sessions are selected. The session of a browser is not active after
    BROWSER_IDLE without a request.
    """
    is_idle = (_SESSIONS.channel == "browser") & (
        _SESSIONS.last_seen_at <= func.now() - BROWSER_IDLE
    )
    return (
        select(
            _SESSIONS.id,
            _SESSIONS.channel,
            _SESSIONS.user_agent,
            _SESSIONS.ip,
            _SESSIONS.created_at,
            _SESSIONS.last_seen_at,
            _SESSIONS.expires_at,
        )
        .where(
            owned(AuthSession),
            _SESSIONS.user_id == user_id,
            _SESSIONS.ended_at.is_(None),
            _SESSIONS.expires_at > func.now(),
            ~is_idle,
        )
        .order_by(_SESSIONS.last_seen_at.desc(), _SESSIONS.id.desc())
        .limit(SIGN_INS_MAX)
    )


def list_sessions(reader: Reader, user_id: UUID) -> list[Row]:
    """Return a user's active sessions, the most recently used first.

    At most SIGN_INS_MAX sessions are returned.
    """
    return reader.read(sessions_statement(user_id))[0]


def two_factor_statement(user_id: UUID) -> Select[Any]:
    """Return an SQL statement that selects the state of a user's two-factor sign-in.

    `totp_pending_secret` is the encrypted secret of an unfinished set-up. `email_proven` is true if
    a mailed link has proven the e-mail address. `codes_made` is the number of all recovery codes,
    and `codes_left` the number of unused ones.
    """
    codes = select(func.count()).where(owned(RecoveryCode), _CODES.user_id == user_id)
    return select(
        _USERS.totp_enabled,
        _USERS.totp_pending_secret,
        _USERS.email_proven,
        codes.scalar_subquery().label("codes_made"),
        codes.where(_CODES.spent_at.is_(None)).scalar_subquery().label("codes_left"),
    ).where(owned(User), _USERS.id == user_id)


def get_two_factor(reader: Reader, user_id: UUID) -> Row:
    """Return the state of a user's two-factor authentication. Raises PersonNotFound."""
    return first_row(reader.read(two_factor_statement(user_id))[0], PersonNotFound)


def get_actor(user_id: UUID, *, tenant_name: str | None = None) -> Actor:
    """Return a user of the current agency as an Actor with the user's present role.

    Call this function for work outside a request, such as a turn of the assistant or an approved
    act. `tenant_name` replaces the stored name of the agency. Raises Unauthorized if the user is
    not active or the agency is suspended.
    """
    row = (
        db.session.execute(
            text(
                "select u.id, u.role, u.email, u.display_name, t.display_name as tenant_name,"
                " u.tenant_id, coalesce(s.timezone, 'UTC') as timezone, coalesce(s.locale, 'en') as"
                " locale, coalesce(s.default_currency, 'INR') as currency from users u join tenants"
                " t on t.id = u.tenant_id left join tenant_settings s on s.tenant_id = u.tenant_id"
                " where u.tenant_id = (select nullif(current_setting('app.tenant', true),"
                " '')::uuid) and u.id = :user_id and u.is_active and t.is_active"
            ),
            {"user_id": user_id},
        )
        .mappings()
        .first()
    )
    if row is None:
        raise Unauthorized
    return Actor(
        tenant_id=row["tenant_id"],
        user_id=row["id"],
        role=row["role"],
        email=row["email"],
        full_name=row["display_name"],
        tenant_name=tenant_name or row["tenant_name"],
        timezone=row["timezone"],
        locale=row["locale"],
        currency=row["currency"],
    )


def administrators_to_mail() -> list[str]:
    """Return the confirmed e-mail addresses of the agency's active administrators."""
    statement = select(User.email).where(
        User.is_active.is_(True),
        User.email_verified.is_(True),
        User.role == Role.AGENCY_ADMIN.value,
    )
    return list(db.session.scalars(statement.order_by(User.email)))


def has_proven_administrator() -> bool:
    """Return True if an active administrator has a proven e-mail address.

    A link that was mailed to the address proves it (`User.email_proven`).
    """
    statement = select(User.id).where(
        User.is_active.is_(True),
        User.email_proven.is_(True),
        User.role == Role.AGENCY_ADMIN.value,
    )
    return db.session.scalar(statement.limit(1)) is not None


def other_active_people(
    user_ids: Iterable[UUID], roles: frozenset[str], *, or_suspended: bool = False
) -> int:
    """Return the number of active users with one of `roles`, except `user_ids`.

    With `or_suspended`, suspended users are counted too.
    """
    counted = [User.is_active.is_(True)]
    if or_suspended:
        counted.append(User.suspended_at.is_not(None))
    statement = select(User.id).where(
        or_(*counted), User.id.not_in(list(user_ids)), User.role.in_(roles)
    )
    return len(db.session.scalars(statement).all())


def invited_through(user_id: UUID) -> list[UUID]:
    """Return the ids of active users whom a user invited, directly or through others."""
    invited = (
        select(_USERS.id)
        .where(owned(User), _USERS.invited_by_user_id == user_id)
        .cte("invited", recursive=True)
    )
    invited = invited.union(
        select(_USERS.id).where(owned(User), _USERS.invited_by_user_id == invited.c.id)
    )
    statement = (
        select(_USERS.id)
        .where(owned(User), _USERS.is_active, _USERS.id.in_(select(invited.c.id)))
        .order_by(_USERS.id)
    )
    return [row["id"] for row in SessionReader(db.session).read(statement)[0]]


def tenant_ids() -> list[UUID]:
    """Return the ids of all active agencies, for maintenance jobs."""
    return list(db.session.scalars(text("select app.tenant_ids()")))
