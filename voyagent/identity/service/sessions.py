"""Rules of sessions: open, refresh, end and sign out."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.identity.models import AuthSession, RefreshToken, Tenant, User
from voyagent.identity.queries import people
from voyagent.identity.rules.demo import DEMO_EMAIL
from voyagent.identity.rules.tokens import Subject, new_token, secret_digest
from voyagent.identity.service.errors import DemoNotThere, InvalidRefreshToken
from voyagent.identity.service.values import Device, Identity, SignedInPerson
from voyagent.kernel import clock, limits, tenancy
from voyagent.kernel.actor import Actor, Channel, Credential, system_actor
from voyagent.kernel.db import db, next_act, rows_changed
from voyagent.kernel.errors import Unauthorized
from voyagent.kernel.ids import new_id

USER_AGENT_MAX, IP_MAX = 255, 64
CLOCK_READS_MAX = 3
log = structlog.get_logger(__name__)


def open_session(identity: Identity, user: User, device: Device) -> SignedInPerson:
    """Open a session for a user.

    The session ends after the lifetime of a refresh token (`auth_refresh_ttl_seconds`); a refresh
    does not extend the session.
    """
    is_browser = device.channel is Channel.BROWSER
    session = AuthSession(
        id=new_id(),
        user_id=user.id,
        channel="browser" if is_browser else "api",
        user_agent=device.user_agent[:USER_AGENT_MAX],
        ip=device.ip[:IP_MAX],
        expires_at=clock.now() + timedelta(seconds=identity.settings.auth_refresh_ttl_seconds),
    )
    user.last_login_at = clock.now()
    db.session.add(session)
    db.session.flush()
    identity.limiter.note_sign_in(user.email, address=device.ip, is_confirmed=user.email_verified)
    return SignedInPerson(
        actor=replace(people.get_actor(user.id), fresh=True).via(device.channel),
        credential=Credential(user.tenant_id, user.id, session.id, channel=device.channel),
        access_token=(
            "" if is_browser else identity.tokens.issue(_subject(user, session), fresh=True)
        ),
        refresh_token="" if is_browser else _new_refresh_token(session),
        expires_in_s=identity.tokens.lifetime_s,
    )


def refresh(
    identity: Identity, refresh_token: str, *, address: str = "", waited_s: float = 0.0
) -> tuple[str, str]:
    """Exchange a refresh token for a new access token and a new refresh token.

    Each refresh token works once. A call with a used token is refused. If the call began before the
    token was used, the session continues. If the call began later, the token counts as stolen, and
    the whole session ends (RFC 9700, 4.14.2). `waited_s` is the time in seconds since the call
    began. The e-mail address need not be confirmed.

    `address` is the IP address of the client. Raises TooManyRequests, InvalidRefreshToken.
    """
    began = time.perf_counter() - waited_s
    identity.limiter.admit(limits.REFRESH, address=address)
    found = people.find_refresh_token(refresh_token)
    if found is None:
        log.info("auth.refresh_failed", reason="unknown_token")
        raise InvalidRefreshToken
    tenant_id, token_id = found
    tenancy.bind(db.session(), tenant_id)
    token = db.session.get_one(RefreshToken, (tenant_id, token_id))
    session = db.session.get_one(AuthSession, (tenant_id, token.session_id))
    user = db.session.get_one(User, (tenant_id, session.user_id))
    tenant = db.session.get_one(Tenant, tenant_id)
    if (
        token.spent_at is not None
        and session.ended_at is None
        and not _had_begun_before(token.spent_at, began)
    ):
        _end_for_reuse(identity, session, user)
        raise InvalidRefreshToken
    if (
        session.ended_at is not None
        or session.expires_at <= clock.now()
        or not user.is_active
        or not tenant.is_active
    ):
        raise InvalidRefreshToken
    session.last_seen_at = clock.now()
    pair = identity.tokens.issue(_subject(user, session), fresh=False), _new_refresh_token(session)
    # The last statement, so that the commit, which makes the used token visible to other
    # transactions, follows at once.
    spent = rows_changed(
        "update refresh_tokens set spent_at = clock_timestamp() where tenant_id = :tenant_id and id"
        " = :id and spent_at is null and revoked_at is null and expires_at > now()",
        id=token_id,
    )
    if not spent:
        # this error does not roll back, and the losing call's new tokens must not be stored
        db.session.rollback()
        raise InvalidRefreshToken
    return pair


def sign_out_program(
    identity: Identity, *, access_token: str | None, refresh_token: str | None
) -> None:
    """Revoke the given access token and refresh token.

    The two tokens need not belong to one user. Unknown or revoked tokens are no error, and other
    sessions continue.
    """
    if refresh_token:
        _revoke_refresh_token(refresh_token)
    credential = _credential_in(identity, access_token)
    if credential is None or credential.token_id is None:
        return
    if db.session().info.get(tenancy.TENANT) not in {None, credential.tenant_id}:
        next_act()
    tenancy.bind(db.session(), credential.tenant_id)
    rows_changed("delete from revoked_tokens where tenant_id = :tenant_id and expires_at < now()")
    revoked = rows_changed(
        "insert into revoked_tokens (tenant_id, token_id, expires_at) select :tenant_id, :token_id,"
        " now() + make_interval(secs => :life_s) where exists (select 1 from tenants) on conflict"
        " do nothing",
        token_id=credential.token_id,
        life_s=identity.tokens.lifetime_s,
    )
    if revoked:
        actor = _person_or_system(credential.tenant_id, credential.user_id)
        audit.record(
            actor,
            "auth.signed_out",
            entity_refs={"auth_session_id": credential.session_id},
            inputs={"token": "access"},
        )


def end_session(actor: Actor, *, reason: str = "signed_out") -> None:
    """End the actor's present session, for example when a browser signs out."""
    if actor.session_id is None:
        return
    _end(actor.session_id, reason)
    audit.record(actor, "auth.signed_out", entity_refs={"auth_session_id": actor.session_id})


def end_sessions(
    user_id: UUID, *, reason: str, except_session: UUID | None = None, by: Actor | None = None
) -> int:
    """End all sessions of a user, or all but one, and return the number that ended.

    The sessions and their tokens are refused from the next request on, in browsers and programs
    (ASVS 7.4). `reason` is stored with each session and explains the end to the user
    (`own_sessions.why_ended`). `except_session` is the id of the session that continues; by default
    all sessions end. `by` is the acting user; by default it is the user whose sessions end.
    """
    ended = rows_changed(
        "update auth_sessions set ended_at = now(), ended_reason = :reason where tenant_id ="
        " :tenant_id and user_id = :user_id and ended_at is null and expires_at > now() and id is"
        " distinct from :except_session",
        user_id=user_id,
        reason=reason,
        except_session=except_session,
    )
    if ended:
        actor = by or _person_or_system(tenancy.current_tenant(db.session), user_id)
        audit.record(
            actor,
            "session.ended",
            entity_refs={"user_id": user_id},
            inputs={"reason": reason},
            outputs={"sessions": ended},
        )
    return ended


def open_demo(identity: Identity, device: Device) -> SignedInPerson:
    """Sign in as the demo agency's administrator.

    Raises DemoNotThere if there is no demo agency, and always in production.
    """
    account = people.find_account(DEMO_EMAIL)
    if identity.settings.is_production or account is None:
        raise DemoNotThere
    tenancy.bind(db.session(), account.tenant_id)
    if not db.session.get_one(Tenant, account.tenant_id).is_demo:
        raise DemoNotThere
    audit.record(
        people.get_actor(account.user_id).via(device.channel),
        "auth.signed_in",
        entity_refs={"user_id": account.user_id},
    )
    return open_session(
        identity, db.session.get_one(User, (account.tenant_id, account.user_id)), device
    )


def _had_begun_before(spent_at: datetime, began: float) -> bool:
    """Return True if a call may have begun before the token was marked as used.

    `began` is a time of this process's `perf_counter`, and `spent_at` a time of the database's
    clock.
    """
    for _ in range(CLOCK_READS_MAX):
        before = time.perf_counter()
        now = db.session.scalar(text("select clock_timestamp()"))
        after = time.perf_counter()
        assert isinstance(now, datetime)
        if spent_at >= now - timedelta(seconds=before - began):
            return True
        if spent_at < now - timedelta(seconds=after - began):
            return False
    return True


def _end_for_reuse(identity: Identity, session: AuthSession, user: User) -> None:
    if not _end(session.id, "refresh_reuse"):
        return  # of concurrent calls with the token only one ends the session and sends the warning
    actor = _person_or_system(session.tenant_id, session.user_id)
    if (
        actor.user_id is not None
    ):  # a removed user, or one of a suspended agency, has no account to protect
        identity.outbox.send(to=user.email, kind="session_reuse", locale=actor.locale)
    audit.record(
        actor,
        "auth.refresh_reuse",
        status="rejected",
        entity_refs={"auth_session_id": session.id, "user_id": session.user_id},
    )


def _end(session_id: UUID, reason: str) -> int:
    return rows_changed(
        "update auth_sessions set ended_at = now(), ended_reason = :reason where tenant_id ="
        " :tenant_id and id = :id and ended_at is null",
        id=session_id,
        reason=reason,
    )


def _new_refresh_token(session: AuthSession) -> str:
    token = new_token(tenancy.current_tenant(db.session))
    db.session.add(
        RefreshToken(
            session_id=session.id, token_hash=secret_digest(token), expires_at=session.expires_at
        )
    )
    db.session.flush()
    return token


def _revoke_refresh_token(refresh_token: str) -> None:
    found = people.find_refresh_token(refresh_token)
    if found is None:
        return
    tenant_id, token_id = found
    tenancy.bind(db.session(), tenant_id)
    if not rows_changed(
        "update refresh_tokens set revoked_at = now() where tenant_id = :tenant_id and id = :id and"
        " revoked_at is null",
        id=token_id,
    ):
        return
    token = db.session.get_one(RefreshToken, (tenant_id, token_id))
    session = db.session.get_one(AuthSession, (tenant_id, token.session_id))
    actor = _person_or_system(tenant_id, session.user_id)
    audit.record(
        actor,
        "auth.signed_out",
        entity_refs={"auth_session_id": session.id},
        inputs={"token": "refresh"},
    )


def _credential_in(identity: Identity, access_token: str | None) -> Credential | None:
    if access_token is None:
        return None
    try:
        return identity.tokens.read(access_token)
    except Unauthorized:
        return None


def _person_or_system(tenant_id: UUID, user_id: UUID) -> Actor:
    """Return the user as the actor of an event, or else the system.

    The actor is the system if the user or the agency is not active.
    """
    try:
        return people.get_actor(user_id).via(Channel.API)
    except Unauthorized:
        return system_actor(tenant_id)


def _subject(user: User, session: AuthSession) -> Subject:
    return Subject(user.tenant_id, user.id, session.id, user.role, user.email)
