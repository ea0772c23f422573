"""Rules of the sign-in: a password, and a code if two-factor is on.

The sign-in has one or two steps: the code can be sent together with the password, or afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.queries import people
from voyagent.identity.service.errors import (
    EmailNotVerified,
    InvalidCredentials,
    SignInExpired,
    TotpInvalid,
    TotpNotEnabled,
    TotpRequired,
)
from voyagent.identity.service.proving import check_password, lock_person
from voyagent.identity.service.second_factor import check_code, reseal
from voyagent.identity.service.sessions import open_session
from voyagent.identity.service.values import Device, Identity, SignedInPerson
from voyagent.kernel import clock, limits, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, pause
from voyagent.kernel.errors import VoyagentError

CODE_WITHIN = timedelta(minutes=5)
AT = "sign_in"
_HALF = "half_sign_in"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HalfSignIn:
    """A sign-in whose password was correct and whose code is still missing.

    `password_print` is a fingerprint of the password's hash. If the password or the e-mail address
    changes, this sign-in can no longer be completed.
    """

    tenant_id: UUID
    user_id: UUID
    email: str
    password_print: str
    began_at: datetime

    @property
    def is_over(self) -> bool:
        """Return True if the time to enter the code is over."""
        return not timedelta(0) <= clock.now() - self.began_at <= CODE_WITHIN


def sign_in(identity: Identity, *, email: str, password: str, device: Device) -> SignedInPerson:
    """Open a session with e-mail address and password only.

    Raises the errors of `begin_sign_in`, and TotpRequired if two-factor authentication is on.
    """
    came = begin_sign_in(identity, email=email, password=password, device=device)
    if isinstance(came, HalfSignIn):
        raise TotpRequired
    return came


def begin_sign_in(
    identity: Identity, *, email: str, password: str, device: Device
) -> SignedInPerson | HalfSignIn:
    """Check e-mail address and password, and open a session.

    If two-factor authentication is on, a HalfSignIn is returned instead, to be completed with a
    code. An unknown e-mail address takes as long as a known one, with the same rate limits.

    Raises TooManyRequests, PasswordsBusy, InvalidCredentials, EmailNotVerified, in this order.
    """
    with identity.limiter.admit(limits.SIGN_IN, account=email, address=device.ip) as attempt:
        actor, person = _right_password(
            identity, email=email, password=password, device=device, attempt=attempt
        )
        attempt.succeeded()
    if not person.totp_enabled:
        return _come_in(identity, actor, person, device)
    audit.record(actor, "auth.totp_asked", entity_refs={"user_id": person.id})
    return HalfSignIn(person.tenant_id, person.id, email, _print(identity, person), clock.now())


def complete_sign_in(
    identity: Identity, half: HalfSignIn, *, code: str, device: Device
) -> SignedInPerson:
    """Open the session of a HalfSignIn with a two-factor code.

    Raises SignInExpired, TooManyRequests, Unauthorized, TotpInvalid.
    """
    if half.is_over:
        raise SignInExpired
    with identity.limiter.admit(limits.SIGN_IN, account=half.email, address=device.ip) as attempt:
        tenancy.bind(db.session(), half.tenant_id)
        actor = people.get_actor(half.user_id).via(device.channel)
        person = lock_person(half.user_id)
        if (person.email, _print(identity, person), person.totp_enabled) != (
            half.email,
            half.password_print,
            True,
        ):
            attempt.succeeded()
            raise SignInExpired
        _right_code(identity, actor, person, code)
        attempt.succeeded()
    return _come_in(identity, actor, person, device)


def sign_in_totp(
    identity: Identity, *, email: str, password: str, totp_code: str, device: Device
) -> SignedInPerson:
    """Open a session with e-mail address, password and two-factor code.

    If the password is wrong, the code is not used up.

    Raises TooManyRequests, PasswordsBusy, InvalidCredentials, EmailNotVerified, TotpNotEnabled,
    TotpInvalid, in this order.
    """
    with identity.limiter.admit(limits.SIGN_IN, account=email, address=device.ip) as attempt:
        actor, person = _right_password(
            identity, email=email, password=password, device=device, attempt=attempt
        )
        if not person.totp_enabled:
            attempt.succeeded()
            _note_failure(actor, TotpNotEnabled)
            raise TotpNotEnabled
        _right_code(identity, actor, person, totp_code)
        attempt.succeeded()
    return _come_in(identity, actor, person, device)


def _right_password(
    identity: Identity, *, email: str, password: str, device: Device, attempt: limits.Attempt
) -> tuple[Actor, User]:
    """Check the password; return the user as actor, and the locked row of the user.

    Raises InvalidCredentials, then EmailNotVerified.
    """
    account = people.find_account(email)
    if account is None:
        pause()
        identity.passwords.verify(None, password)
        log.info("auth.sign_in_failed", reason="unknown_address", channel=device.channel.value)
        raise _wrong(identity)
    person, is_right = check_password(
        identity,
        account.tenant_id,
        account.user_id,
        stored=account.password_hash,
        password=password,
    )
    actor = people.get_actor(account.user_id).via(device.channel)
    if not is_right:
        _note_failure(actor, InvalidCredentials)
        raise _wrong(identity)
    if not person.email_verified and not identity.settings.auth_skip_email_verification:
        attempt.succeeded()
        _note_failure(actor, EmailNotVerified)
        raise EmailNotVerified
    return actor, person


def _note_failure(actor: Actor, refusal: type[VoyagentError]) -> None:
    audit.record(
        actor,
        "auth.sign_in_failed",
        status="rejected",
        error=refusal.code,
        entity_refs={"user_id": actor.user_id},
    )


def _wrong(identity: Identity) -> InvalidCredentials:
    """Return the error for a wrong e-mail address or password.

    The error's `answer_at` delays the response, so that the response time does not reveal whether
    the address is known.
    """
    error = InvalidCredentials()
    # A failure for a known address has an audit event, so its response would take longer.
    error.answer_at = identity.passwords.refusal_at
    return error


def _right_code(identity: Identity, actor: Actor, person: User, code: str) -> None:
    check_code(identity, actor, person, code, refusal=TotpInvalid, at=AT)
    reseal(identity.keyring, person)


def _come_in(identity: Identity, actor: Actor, person: User, device: Device) -> SignedInPerson:
    audit.record(actor, "auth.signed_in", entity_refs={"user_id": person.id})
    return open_session(identity, person, device)


def _print(identity: Identity, person: User) -> str:
    return identity.keyring.digest(_HALF, person.password_hash).hex()
