"""Query of the numbers of a person's working credentials, by kind.

A credential works until it is ended or expires. A one-time credential works until it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from voyagent.identity.models import ApiKey, AuthSession, Invite, OneTimeToken, RecoveryCode, User
from voyagent.identity.rules.credentials import Kind
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.tenancy import owned

_SESSIONS = AuthSession.__table__.c
_KEYS = ApiKey.__table__.c
_INVITES = Invite.__table__.c
_LINKS = OneTimeToken.__table__.c
_CODES = RecoveryCode.__table__.c
_USERS = User.__table__.c

Living = Mapping[Kind, int]
"""Number of credentials that work, by kind."""


def living_statement(user_id: UUID) -> Select[Any]:
    """Select one row with the number of a person's working credentials of each kind."""

    def links(purpose: str) -> Select[Any]:
        return select(func.count()).where(
            owned(OneTimeToken),
            _LINKS.user_id == user_id,
            _LINKS.purpose == purpose,
            _LINKS.spent_at.is_(None),
            _LINKS.expires_at > func.now(),
        )

    counts = {
        Kind.SESSION: select(func.count()).where(
            owned(AuthSession),
            _SESSIONS.user_id == user_id,
            _SESSIONS.ended_at.is_(None),
            _SESSIONS.expires_at > func.now(),
        ),
        Kind.API_KEY: select(func.count()).where(
            owned(ApiKey),
            _KEYS.created_by_user_id == user_id,
            _KEYS.revoked_at.is_(None),
            _KEYS.expires_at.is_(None) | (_KEYS.expires_at > func.now()),
        ),
        Kind.INVITATION: select(func.count()).where(
            owned(Invite),
            _INVITES.invited_by_user_id == user_id,
            _INVITES.status == "pending",
            _INVITES.expires_at > func.now(),
        ),
        Kind.RESET_LINK: links("reset_password"),
        Kind.CONFIRMATION_LINK: links("verify_email"),
        Kind.SECOND_FACTOR: select(func.count()).where(
            owned(User), _USERS.id == user_id, _USERS.totp_enabled
        ),
        Kind.SECOND_FACTOR_SETUP: select(func.count()).where(
            owned(User),
            _USERS.id == user_id,
            _USERS.totp_pending_secret.is_not(None),
            _USERS.totp_pending_until > func.now(),
        ),
        Kind.RECOVERY_CODE: select(func.count()).where(
            owned(RecoveryCode), _CODES.user_id == user_id, _CODES.spent_at.is_(None)
        ),
    }
    return select(
        *(statement.scalar_subquery().label(kind.value) for kind, statement in counts.items())
    )


def living(reader: Reader, user_id: UUID) -> Living:
    """Return the number of a person's working credentials, by kind."""
    row = reader.read(living_statement(user_id))[0][0]
    return {kind: int(row[kind.value]) for kind in Kind}
