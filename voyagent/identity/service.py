"""The rules of coming in: signing an agency up, signing in and out, and the single use of refresh tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from voyagent.audit import service as audit
from voyagent.identity import queries
from voyagent.identity.models import AuthSession, RefreshToken, Tenant, User
from voyagent.identity.passwords import Passwords
from voyagent.identity.permissions import Role
from voyagent.identity.tokens import AccessTokens, Subject, new_secret, secret_digest
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor, Channel, Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import Conflict, N_, Unauthorized
from voyagent.kernel.ids import new_id
from voyagent.settings.models import TenantSettings

USER_AGENT_MAX, IP_MAX = 255, 64


class EmailAlreadyRegistered(Conflict):
    """Some agency has the address already; the API contract tells so, throttled."""

    code = "email_already_registered"
    message = N_("This address has an account already. Sign in, or use another address.")


class InvalidCredentials(Unauthorized):
    """Unknown address or wrong password, which are the same to the caller."""

    code = "invalid_credentials"
    message = N_("Address or password is wrong.")
    keeps_work = True


class EmailNotVerified(Unauthorized):
    """The password is right and the address has not been confirmed."""

    code = "email_not_verified"
    message = N_("Please confirm your address first: open the link that we sent you.")


class InvalidRefreshToken(Unauthorized):
    """Unknown, spent, revoked or expired; what a reuse ends stays ended."""

    code = "invalid_refresh_token"
    keeps_work = True


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in comes from, for the list of one's sessions."""

    channel: Channel
    user_agent: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """A person with a new session; `refresh_token` is empty for a browser, whose session is its cookie."""

    actor: Actor
    credential: Credential
    access_token: str
    refresh_token: str
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Identity:
    """What the rules need of the installation: parameters, hasher, signer."""

    settings: Settings
    passwords: Passwords
    tokens: AccessTokens


NewAgencyHook = Callable[[Actor], None]
_new_agency_hooks: list[NewAgencyHook] = []


def on_new_agency(hook: NewAgencyHook) -> NewAgencyHook:
    """Register what a higher room prepares for a new agency in the same transaction, such as its chart of accounts."""
    _new_agency_hooks.append(hook)
    return hook


def sign_up(identity: Identity, *, email: str, password: str, full_name: str, agency_name: str, device: Device, is_demo: bool = False) -> SignedInPerson:
    """Make an agency and its first person, an administrator, in one transaction, and sign her in. Raises EmailAlreadyRegistered."""
    password_hash = identity.passwords.hash(password)
    if queries.email_taken(email):
        raise EmailAlreadyRegistered
    tenant = Tenant(id=new_id(), display_name=agency_name, is_demo=is_demo)
    tenancy.bind(db.session(), tenant.id)
    db.session.add(tenant)
    db.session.flush()
    db.session.add(TenantSettings())
    audit.open_chain(tenant.id)
    user = add_person(identity, email=email, password_hash=password_hash, full_name=full_name, role=Role.AGENCY_ADMIN, verified=False)
    actor = queries.get_actor(user.id, tenant_name=agency_name).via(device.channel)
    audit.record(actor, "agency.signed_up", entity_refs={"tenant_id": tenant.id, "user_id": user.id})
    for hook in _new_agency_hooks:
        hook(actor)
    return open_session(identity, user, device)


def add_person(identity: Identity, *, email: str, password_hash: str, full_name: str, role: str, verified: bool) -> User:
    """Add a person to the bound agency; two requests for one address leave one. Raises EmailAlreadyRegistered."""
    user = User(
        id=new_id(),
        email=email,
        display_name=full_name,
        role=role,
        password_hash=password_hash,
        email_verified=verified or identity.settings.auth_skip_email_verification,
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_users_email" in str(error.orig):
            raise EmailAlreadyRegistered from None
        raise
    return user


def sign_in(identity: Identity, *, email: str, password: str, device: Device) -> SignedInPerson:
    """Open a session for an address and its password. Raises InvalidCredentials, then EmailNotVerified, in that order.

    An unknown address takes as long as a known one. A failure is written to the audit of the agency of the address.
    """
    account = queries.find_account(email)
    good = identity.passwords.verify(account.password_hash if account else None, password)
    if account is None:
        raise InvalidCredentials
    tenancy.bind(db.session(), account.tenant_id)
    actor = queries.get_actor(account.user_id).via(device.channel)
    if not good:
        audit.record(actor, "auth.sign_in_failed", status="rejected", error=InvalidCredentials.code)
        raise InvalidCredentials
    if not account.email_verified and not identity.settings.auth_skip_email_verification:
        raise EmailNotVerified
    user = db.session.get_one(User, (account.tenant_id, account.user_id))
    if identity.passwords.is_stale(user.password_hash):
        user.password_hash = identity.passwords.hash(password)
    user.last_login_at = clock.now()
    audit.record(actor, "auth.signed_in", entity_refs={"user_id": user.id})
    return open_session(identity, user, device)


def open_session(identity: Identity, user: User, device: Device) -> SignedInPerson:
    """A new session of a person; it lives a refresh lifetime from now, and rotation does not lengthen it."""
    session = AuthSession(
        id=new_id(),
        user_id=user.id,
        channel="browser" if device.channel is Channel.BROWSER else "api",
        user_agent=device.user_agent[:USER_AGENT_MAX],
        ip=device.ip[:IP_MAX],
        expires_at=clock.now() + timedelta(seconds=identity.settings.auth_refresh_ttl_seconds),
    )
    db.session.add(session)
    db.session.flush()
    refresh_token = "" if device.channel is Channel.BROWSER else _new_refresh_token(session)
    access_token = "" if device.channel is Channel.BROWSER else identity.tokens.issue(_subject(user, session), fresh=True)
    return SignedInPerson(
        actor=queries.get_actor(user.id).via(device.channel),
        credential=Credential(user.tenant_id, user.id, session.id, channel=device.channel),
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in_s=identity.tokens.lifetime_s,
    )


def refresh(identity: Identity, refresh_token: str) -> tuple[str, str]:
    """Trade a refresh token for a new access and refresh token, once. Raises InvalidRefreshToken.

    One statement spends it, so that of parallel callers one wins. A loser whose transaction had begun before is an honest twin and leaves the family alone; a
    token presented after it was spent is a theft, and the whole session ends (RFC 9700, 4.14.2).
    """
    found = queries.find_refresh_token(secret_digest(refresh_token))
    if found is None:
        raise InvalidRefreshToken
    tenant_id, token_id = found
    tenancy.bind(db.session(), tenant_id)
    spent = rows_changed(
        "update refresh_tokens set spent_at = clock_timestamp()"
        " where tenant_id = :tenant_id and id = :id and spent_at is null and revoked_at is null and expires_at > now()",
        tenant_id=tenant_id,
        id=token_id,
    )
    token = db.session.get_one(RefreshToken, (tenant_id, token_id), populate_existing=True)
    session = db.session.get_one(AuthSession, (tenant_id, token.session_id))
    if not spent:
        _judge_reuse(token, session)
        raise InvalidRefreshToken
    user = db.session.get_one(User, (tenant_id, session.user_id))
    tenant = db.session.get_one(Tenant, tenant_id)
    if session.ended_at is not None or session.expires_at <= clock.now() or not user.is_active or not tenant.is_active:
        raise InvalidRefreshToken
    return identity.tokens.issue(_subject(user, session), fresh=False), _new_refresh_token(session)


def sign_out_program(identity: Identity, *, access_token: str | None, refresh_token: str | None) -> None:
    """End the access token that is presented and the refresh token that is handed in; anything unknown is no error, and a repeat changes nothing."""
    if refresh_token:
        _revoke_refresh_token(refresh_token)
    if access_token is None:
        return
    try:
        claims = identity.tokens.claims(access_token)
        credential = identity.tokens.read(access_token)
    except Unauthorized:
        return
    if db.session().info.get(tenancy.TENANT) not in {None, credential.tenant_id}:
        db.session.commit()
        db.session.remove()
    tenancy.bind(db.session(), credential.tenant_id)
    db.session.execute(
        text(
            "insert into revoked_tokens (tenant_id, token_id, expires_at)"
            " select :tenant_id, :token_id, to_timestamp(:expires_at) where exists (select 1 from tenants) on conflict do nothing"
        ),
        {"tenant_id": credential.tenant_id, "token_id": credential.token_id, "expires_at": claims["exp"]},
    )
    _record_sign_out(credential)


def end_session(actor: Actor, *, reason: str = "signed_out") -> None:
    """End the actor's own session whole, as the browser's sign-out does."""
    if actor.session_id is None:
        return
    _end(actor.session_id, reason)
    audit.record(actor, "auth.signed_out", entity_refs={"session_id": actor.session_id})


def _judge_reuse(token: RefreshToken, session: AuthSession) -> None:
    began = db.session.scalar(text("select now()"))
    if token.spent_at is None or began is None or token.spent_at >= began or session.ended_at is not None:
        return
    _end(session.id, "refresh_reuse")
    actor = queries.get_actor(session.user_id).via(Channel.API)
    audit.record(actor, "auth.refresh_reuse", status="rejected", entity_refs={"session_id": session.id})


def _end(session_id: object, reason: str) -> None:
    rows_changed(
        "update auth_sessions set ended_at = now(), ended_reason = :reason"
        " where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid) and id = :id and ended_at is null",
        id=session_id,
        reason=reason,
    )


def _new_refresh_token(session: AuthSession) -> str:
    secret = new_secret()
    db.session.add(RefreshToken(session_id=session.id, token_hash=secret_digest(secret), expires_at=session.expires_at))
    db.session.flush()
    return secret


def _revoke_refresh_token(refresh_token: str) -> None:
    found = queries.find_refresh_token(secret_digest(refresh_token))
    if found is None:
        return
    tenant_id, token_id = found
    tenancy.bind(db.session(), tenant_id)
    rows_changed(
        "update refresh_tokens set revoked_at = now() where tenant_id = :tenant_id and id = :id and revoked_at is null", tenant_id=tenant_id, id=token_id
    )


def _record_sign_out(credential: Credential) -> None:
    try:
        actor = queries.get_actor(credential.user_id).via(Channel.API)
    except Unauthorized:
        return
    audit.record(actor, "auth.signed_out", entity_refs={"session_id": credential.session_id})


def _subject(user: User, session: AuthSession) -> Subject:
    return Subject(user.tenant_id, user.id, session.id, user.role, user.email)
