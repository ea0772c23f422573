"""End a user's credentials after an act, such as a change of the password.

The table in `rules/credentials.py` says which act ends which kind of credential.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from sqlalchemy import or_, select

from voyagent.audit.service import recording as audit
from voyagent.identity.models import ApiKey, Invite, User
from voyagent.identity.queries import credentials as queries
from voyagent.identity.queries.credentials import Living
from voyagent.identity.rules.credentials import (
    ENDED_BY_OWNER,
    Act,
    Effect,
    Kind,
    effect_of,
)
from voyagent.identity.service import one_time
from voyagent.identity.service.errors import CredentialKindNotFound
from voyagent.identity.service.one_time import Purpose
from voyagent.identity.service.proving import lock_actor
from voyagent.identity.service.second_factor import forget_recovery_codes, forget_setup
from voyagent.identity.service.sessions import end_sessions
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db

_REASONS = {
    Act.PASSWORD_RESET_UNPROVEN: "password_reset",
    Act.ADDRESS_CHANGED: "email_changed",
    Act.FIRST_ADDRESS_CONFIRMED: "email_confirmed",
    Act.SECOND_FACTOR_CHANGED: "two_factor_changed",
    Act.SECOND_FACTOR_OFF: "two_factor_changed",
    Act.SIGNED_OUT: "ended_by_administrator",
}
"""Reason that an ended session stores, where it is not the name of the act."""


class LivesOn(TypedDict):
    """Numbers of a user's working API keys and open invitations, see `lives_on`."""

    api_keys: int
    invitations: int


@dataclass(frozen=True, slots=True)
class _Ending:
    """Data needed to end the credentials of a person."""

    act: Act
    user_id: UUID
    by: Actor
    keep: UUID | None
    reason: str


def end_credentials(
    act: Act, user_id: UUID, *, by: Actor, keep: UUID | None = None
) -> dict[Kind, int]:
    """End a user's credentials after an act; return how many ended, by kind.

    The table in `rules/credentials.py` says which kinds end: a password reset, for example, ends
    all sessions. The function locks the user. `by` is the actor in the audit events. `keep` is the
    id of the session that continues if the act ends only the other sessions.
    """
    # A service that creates a credential locks the user too, so none is created meanwhile.
    _lock(user_id)
    ending = _Ending(act, user_id, by, keep, _REASONS.get(act, act.value))
    return {
        kind: end(ending)
        for kind, end in _ENDINGS.items()
        if effect_of(act, kind) is not Effect.CONTINUES
    }


def end_own(actor: Actor, kind: str) -> int:
    """End all of the actor's own credentials of a kind, and return their number.

    The session of this request continues. With the other sessions, an unfinished two-factor set-up
    ends. Raises Unauthorized, Forbidden, CredentialKindNotFound.
    """
    actor.require("account.update")
    if kind not in ENDED_BY_OWNER:
        raise CredentialKindNotFound
    person, actor = lock_actor(actor, "account.update")
    if kind == Kind.SESSION:
        end_setup(person.id, by=actor)
    return _ENDINGS[Kind(kind)](
        _Ending(Act.SIGNED_OUT, person.id, actor, actor.session_id, "signed_out")
    )


def end_setup(user_id: UUID, *, by: Actor) -> int:
    """Delete the new secret of an unfinished two-factor set-up.

    Returns 1, or 0 if there is none. The caller must have locked the user. Call this function
    whenever sessions end, because one of them may have begun the set-up.
    """
    ended = forget_setup(user_id)
    if ended:
        audit.record(by, "auth.totp_setup_dropped", entity_refs={"user_id": user_id})
    return ended


def lives_on(user_id: UUID) -> LivesOn:
    """Return the numbers of a user's working API keys and open invitations.

    Counted are the invitations that the user sent. Most changes of the account, such as a new
    password, do not end these credentials, and a notice tells the user their numbers.
    """
    db.session.flush()
    found: Living = queries.living(SessionReader(db.session), user_id)
    return {"api_keys": found[Kind.API_KEY], "invitations": found[Kind.INVITATION]}


def _lock(user_id: UUID) -> None:
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def _end_sessions(ending: _Ending) -> int:
    return end_sessions(
        ending.user_id, reason=ending.reason, except_session=ending.keep, by=ending.by
    )


def _end_keys(ending: _Ending) -> int:
    statement = (
        select(ApiKey)
        .where(ApiKey.created_by_user_id == ending.user_id, ApiKey.revoked_at.is_(None))
        .order_by(ApiKey.id)
    )
    found = db.session.scalars(statement.with_for_update()).all()
    for key in found:
        key.revoked_at, key.revoked_by_user_id = clock.now(), ending.by.user_id
        audit.record(
            ending.by,
            "api_key.revoked",
            entity_refs={"api_key_id": key.id, "user_id": ending.user_id},
            inputs={"name": key.name, "prefix": key.prefix},
        )
    return len(found)


def _end_invitations(ending: _Ending) -> int:
    sent = Invite.invited_by_user_id == ending.user_id
    if ending.act is Act.REMOVED:
        address = select(User.email).where(User.id == ending.user_id).scalar_subquery()
        sent = or_(sent, Invite.email == address)
    statement = (
        select(Invite)
        .where(sent, Invite.status == "pending", Invite.expires_at > clock.now())
        .order_by(Invite.id)
    )
    found = db.session.scalars(statement.with_for_update()).all()
    for invite in found:
        invite.status, invite.revoked_at = "revoked", clock.now()
        audit.record(
            ending.by,
            "invite.revoked",
            entity_refs={"invite_id": invite.id},
            inputs={"email": invite.email, "role": invite.role},
        )
    return len(found)


def _end_second_factor(ending: _Ending) -> int:
    key = (tenancy.current_tenant(db.session), ending.user_id)
    person = db.session.get_one(User, key, with_for_update={"key_share": True})
    was_on = person.totp_enabled
    person.totp_enabled, person.totp_secret = False, None
    return int(was_on)


_ENDINGS: Mapping[Kind, Callable[[_Ending], int]] = {
    Kind.SESSION: _end_sessions,
    Kind.API_KEY: _end_keys,
    Kind.INVITATION: _end_invitations,
    Kind.RESET_LINK: lambda ending: one_time.end(ending.user_id, Purpose.RESET_PASSWORD),
    Kind.CONFIRMATION_LINK: lambda ending: one_time.end(ending.user_id, Purpose.VERIFY_EMAIL),
    Kind.SECOND_FACTOR: _end_second_factor,
    Kind.SECOND_FACTOR_SETUP: lambda ending: end_setup(ending.user_id, by=ending.by),
    Kind.RECOVERY_CODE: lambda ending: forget_recovery_codes(ending.user_id),
}
