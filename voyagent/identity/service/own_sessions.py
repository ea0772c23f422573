"""Rules of the user's own sessions: end them, and explain why one has ended."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from voyagent.audit.service import recording as audit
from voyagent.identity.models import AuthSession, Tenant, User
from voyagent.identity.service.credentials import end_setup
from voyagent.identity.service.errors import SignInNotFound
from voyagent.identity.service.proving import lock_actor
from voyagent.identity.service.sessions import end_sessions
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor, Credential
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import N_

ENDED = N_("You are no longer signed in here. Please sign in again.")
_WORDS = {
    "signed_out": N_("This session was ended from another device. Sign in again."),
    "ended_by_administrator": N_("An administrator has signed you out. Please sign in again."),
    "password_changed": N_(
        "Your password was changed, so you were signed out here. Sign in with the new one."
    ),
    "password_reset": N_(
        "Your password was changed, so you were signed out here. Sign in with the new one."
    ),
    "email_changed": N_(
        "Your e-mail address was changed, so you were signed out here. Sign in with the new one."
    ),
    "email_confirmed": N_("Your e-mail address was confirmed. Please sign in again."),
    "two_factor_changed": N_(
        "Your two-factor sign-in was changed, so you were signed out here. Please sign in again."
    ),
    "restored": N_(
        "This site was restored from a backup, so you were signed out here. Please sign in again."
    ),
}
_SUSPENDED = N_("Your agency’s access is suspended. Ask the operator of this site.")
_REMOVED = N_("An administrator of your agency has ended your access.")
_NOT_RESTORED = N_("Your access is suspended until an administrator of your agency restores it.")
_OVER = N_("Your session has expired. Sign in again.")


def end_own_session(actor: Actor, session_id: UUID) -> None:
    """End one of the actor's sessions.

    The tokens of the session are refused from the next request on. The session may have begun a
    two-factor set-up, so an unfinished one is deleted. Ending an ended session changes nothing.
    Raises Unauthorized, Forbidden, SignInNotFound.
    """
    actor.require("account.update")
    person, actor = lock_actor(actor, "account.update")
    session = db.session.get(AuthSession, (tenancy.current_tenant(db.session), session_id))
    if session is None or session.user_id != actor.user_id:
        raise SignInNotFound
    ended = rows_changed(
        "update auth_sessions set ended_at = now(), ended_reason = 'signed_out' where tenant_id ="
        " :tenant_id and id = :id and ended_at is null",
        id=session_id,
    )
    if ended:
        audit.record(actor, "auth.signed_out", entity_refs={"auth_session_id": session_id})
        end_setup(person.id, by=actor)


def end_own_sessions(actor: Actor, *, keep_this: bool) -> int:
    """End all of the actor's sessions and return their number.

    With `keep_this` the current session continues. API keys stay valid. An unfinished two-factor
    set-up is deleted. Raises Unauthorized, Forbidden.
    """
    actor.require("account.update")
    person, actor = lock_actor(actor, "account.update")
    end_setup(person.id, by=actor)
    return end_sessions(
        person.id,
        reason="signed_out",
        except_session=actor.session_id if keep_this else None,
        by=actor,
    )


def note_seen(credential: Credential) -> None:
    """Record that a browser's session is in use.

    Call this function at most once an hour for each session. If another transaction has locked the
    session, nothing is recorded.
    """
    tenancy.bind(db.session(), credential.tenant_id)
    rows_changed(
        "update auth_sessions set last_seen_at = now() where tenant_id = :tenant_id and id ="
        " (select z.id from auth_sessions z where z.tenant_id = :tenant_id and z.id = :id and"
        " z.user_id = :user_id and z.ended_at is null for update skip locked)",
        id=credential.session_id,
        user_id=credential.user_id,
    )


def why_ended(credential: Credential) -> str:
    """Return a sentence, not yet translated, that says why a session was refused.

    If the reason is unknown, the sentence only says that the user is signed out.
    """
    tenancy.bind(db.session(), credential.tenant_id)
    found = db.session.execute(
        select(
            AuthSession.ended_reason,
            AuthSession.expires_at,
            User.is_active,
            User.suspended_at,
            Tenant.is_active.label("agency_is_active"),
        )
        .join(User, (User.tenant_id == AuthSession.tenant_id) & (User.id == AuthSession.user_id))
        .join(Tenant, Tenant.id == User.tenant_id)
        .where(AuthSession.id == credential.session_id, AuthSession.user_id == credential.user_id)
    ).first()
    if found is None:
        return ENDED
    if not found.agency_is_active:
        return _SUSPENDED
    if not found.is_active:
        return _REMOVED if found.suspended_at is None else _NOT_RESTORED
    if found.ended_reason is None and found.expires_at <= clock.now():
        return _OVER
    return _WORDS.get(found.ended_reason, ENDED)
