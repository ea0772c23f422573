"""Reading agencies and people; the few look-ups that come before an agency is known go through
definer functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, func, select, text, tuple_

from voyagent.identity.demo import DEMO_EMAIL
from voyagent.identity.models import ApiKey, AuthSession, Invite, RecoveryCode, Tenant, User
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound, Unauthorized
from voyagent.kernel.pages import Cursor, next_cursor
from voyagent.kernel.tenancy import current_tenant, owned

_USERS = User.__table__.c
_TENANTS = Tenant.__table__.c
_INVITES = Invite.__table__.c
_KEYS = ApiKey.__table__.c
_SESSIONS = AuthSession.__table__.c
_CODES = RecoveryCode.__table__.c
BROWSER_IDLE = timedelta(days=14)
"""As long as nobody comes a browser's cookie stays good for so long, no longer."""
SIGN_INS_MAX = 200
"""A program that signs in for each of its calls has tens of thousands in a month; all of them end
at once, and these can be looked at.
"""


class PersonNotFound(NotFound):
    """No such person in the agency."""

    code = "user_not_found"
    message = N_("We could not find that person in your agency.")


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of an address before its agency is bound."""

    tenant_id: UUID
    user_id: UUID
    role: str
    password_hash: str
    email_verified: bool


def find_account(email: str) -> Account | None:
    """The active account of a lower-case address, in whichever agency."""
    row = (
        db.session.execute(text("select * from app.find_account(:email)"), {"email": email})
        .mappings()
        .first()
    )
    return Account(**row) if row is not None else None


def offers_demo(settings: Settings) -> bool:
    """Whether the sign-in page may open the demo agency with one click: never in production."""
    return not settings.is_production and find_account(DEMO_EMAIL) is not None


def is_demo() -> bool:
    """Whether the bound agency is the demo."""
    return db.session.get_one(Tenant, current_tenant(db.session)).is_demo


def email_taken(email: str) -> bool:
    """Whether any agency has the address."""
    return bool(db.session.scalar(text("select app.email_taken(:email)"), {"email": email}))


def find_refresh_token(digest: bytes) -> tuple[UUID, UUID] | None:
    """Agency and id of a refresh token."""
    row = db.session.execute(
        text("select tenant_id, id from app.find_refresh_token(:digest)"), {"digest": digest}
    ).first()
    return (row.tenant_id, row.id) if row is not None else None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What never changes of an API key: whose it is, and what its text hashes to."""

    tenant_id: UUID
    user_id: UUID
    id: UUID
    key_hash: bytes


def find_api_key(prefix: str) -> KeyFacts | None:
    """The API key of a prefix, in whichever agency, good or not."""
    row = db.session.execute(
        text("select tenant_id, user_id, id, key_hash from app.find_api_key(:prefix)"),
        {"prefix": prefix},
    ).first()
    return (
        KeyFacts(row.tenant_id, row.user_id, row.id, bytes(row.key_hash))
        if row is not None
        else None
    )


def find_invite(digest: bytes) -> tuple[UUID, UUID] | None:
    """Agency and id of an invitation."""
    row = db.session.execute(
        text("select tenant_id, id from app.find_invite(:digest)"), {"digest": digest}
    ).first()
    return (row.tenant_id, row.id) if row is not None else None


def find_one_time_token(digest: bytes) -> tuple[UUID, UUID] | None:
    """Agency and id of a mailed token."""
    row = db.session.execute(
        text("select tenant_id, id from app.find_one_time_token(:digest)"), {"digest": digest}
    ).first()
    return (row.tenant_id, row.id) if row is not None else None


def public_user_statement(user_id: UUID) -> Select[Any]:
    """A person as `me` shows her."""
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
        .where(owned(User), _USERS.id == user_id)
    )


def get_public_user(user_id: UUID) -> Row:
    """The same inside a running transaction, right after she has come in. Raises PersonNotFound."""
    rows = SessionReader(db.session).read(public_user_statement(user_id))[0]
    if not rows:
        raise PersonNotFound
    return rows[0]


def invite_status() -> ColumnElement[str]:
    """The state as it reads today: an open invitation past its end is expired, whether or not a row
    has been rewritten.
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
    """The agency's invitations, newest first, with the name of whoever invited."""
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
    """The agency's invitations of one state or all, the whole list or a page, and the cursor behind
    it.
    """
    rows = reader.read(invites_statement(status=status, limit=limit, cursor=cursor))[0]
    return rows, None if limit is None else next_cursor(rows, limit)


def get_invite(invite_id: UUID) -> Row:
    """One invitation of the agency, inside a running transaction that has just made or changed it."""
    return SessionReader(db.session).read(invites_statement(invite_id=invite_id))[0][0]


def get_invite_for_holder(invite_id: UUID) -> Row:
    """What the holder of a link may know of the invitation, and whether the agency is active."""
    statement = (
        select(
            _INVITES.id,
            _INVITES.email,
            _INVITES.role,
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
    """The people of the agency, by name: those who are there (`removed=False`), those who are not
    any more, or all of them.
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
    """The people of the agency, by name; with those who were removed, where nothing is said of it."""
    return reader.read(people_statement(removed=removed))[0]


def get_person(reader: Reader, user_id: UUID) -> Row:
    """Somebody who is in the agency. Raises PersonNotFound."""
    rows = reader.read(people_statement(user_id=user_id, removed=False))[0]
    if not rows:
        raise PersonNotFound
    return rows[0]


def list_team(reader: Reader) -> tuple[list[Row], list[Row], list[Row]]:
    """Who is in the agency, the invitations of addresses that may still join, and who was removed.

    An open one is always there, whoever has the address by now, since its link opens the agency; an
    expired one only where it is the newest of an address that has not joined.
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
    """The name of each person of the agency, for lists that show who; those who were removed keep
    theirs in what they did.
    """
    return {row["id"]: row["full_name"] for row in list_people(reader)}


def name_of(user_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """For a Core select of another room: the name of the person whom a column names."""
    return select(_USERS.display_name).where(owned(User), _USERS.id == user_id).scalar_subquery()


def is_confirmed(user_id: UUID | None) -> ScalarSelect[Any]:
    """For a Core select of another room: whether a person of the agency has confirmed her address."""
    return select(_USERS.email_verified).where(owned(User), _USERS.id == user_id).scalar_subquery()


def keys_statement(
    *,
    key_id: UUID | None = None,
    maker_id: UUID | None = None,
    limit: int | None = None,
    cursor: Cursor | None = None,
) -> Select[Any]:
    """API keys of the agency, newest first, with their makers.

    A key ends with its maker's removal, whether or not anybody has revoked it.
    """
    statement = (
        select(
            _KEYS.id,
            _KEYS.name,
            _KEYS.prefix,
            _KEYS.scopes,
            _KEYS.created_at,
            _KEYS.expires_at,
            func.coalesce(_KEYS.revoked_at, _USERS.removed_at).label("revoked_at"),
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
    """API keys, all of them or a page, and the cursor behind it."""
    rows = reader.read(keys_statement(maker_id=maker_id, limit=limit, cursor=cursor))[0]
    return rows, None if limit is None else next_cursor(rows, limit)


def get_key(key_id: UUID) -> Row:
    """One API key, inside a running transaction that has just made it."""
    return SessionReader(db.session).read(keys_statement(key_id=key_id))[0][0]


def sessions_statement(user_id: UUID) -> Select[Any]:
    """Where a person is signed in, the places that were used last first, at most so many; what has
    ended, by whichever way, is not in it.
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
    """Where a person is signed in."""
    return reader.read(sessions_statement(user_id))[0]


def two_factor_statement(user_id: UUID) -> Select[Any]:
    """How a person's second factor stands: on or off, the sealed secret of a set-up that was begun,
    and how many recovery codes are left of how many.
    """
    codes = select(func.count()).where(owned(RecoveryCode), _CODES.user_id == user_id)
    return select(
        _USERS.totp_enabled,
        _USERS.totp_pending_secret,
        codes.scalar_subquery().label("codes_made"),
        codes.where(_CODES.spent_at.is_(None)).scalar_subquery().label("codes_left"),
    ).where(owned(User), _USERS.id == user_id)


def get_two_factor(reader: Reader, user_id: UUID) -> Row:
    """The same. Raises PersonNotFound."""
    rows = reader.read(two_factor_statement(user_id))[0]
    if not rows:
        raise PersonNotFound
    return rows[0]


def get_actor(user_id: UUID, *, tenant_name: str | None = None) -> Actor:
    """A person of the bound agency as an actor, with the present role.

    Raises Unauthorized when removed or suspended.

    For work that goes on without a request: the assistant's turn, a granted effect.
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


def other_active_people(user_id: UUID, roles: frozenset[str]) -> int:
    """How many other active people of the agency hold one of the roles."""
    statement = select(User.id).where(
        User.is_active.is_(True), User.id != user_id, User.role.in_(roles)
    )
    return len(db.session.scalars(statement).all())


def tenant_ids() -> list[UUID]:
    """Every active agency, for housekeeping that visits each of them in turn."""
    return list(db.session.scalars(text("select app.tenant_ids()")))
