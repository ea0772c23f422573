"""Rules of two-factor authentication: set up, replace, switch off, recovery codes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import quote

import pyotp

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.rules.credentials import Act
from voyagent.identity.service.confirming import confirm
from voyagent.identity.service.credentials import end_credentials, lives_on
from voyagent.identity.service.errors import (
    TotpAlreadyEnabled,
    TotpInvalid,
    TotpNotEnabled,
    TotpNotInitialized,
)
from voyagent.identity.service.proving import lock_actor
from voyagent.identity.service.second_factor import (
    SEED_CHARS,
    forget_setup,
    matching_step,
    new_recovery_codes,
    open_seed,
    seal_seed,
)
from voyagent.identity.service.values import Device, Identity
from voyagent.identity.service.verification import has_room_for_link, mail_verification
from voyagent.kernel import clock, limits
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.db import db, rows_changed

ISSUER = "Voyagent"
AT = "verify"
SETUP_WITHIN = timedelta(minutes=15)
"""Time within which a new secret must be confirmed by a code."""
Change = Literal["on", "off", "replaced"]
_EVENTS: dict[Change, str] = {
    "on": "auth.totp_enabled",
    "off": "auth.totp_disabled",
    "replaced": "auth.totp_replaced",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """A secret for an authenticator app, as text and for a QR code."""

    secret: str = field(repr=False)
    otpauth_url: str = field(repr=False)

    @property
    def in_groups(self) -> str:
        """Return the secret in groups of four characters, for typing."""
        return " ".join(re.findall(".{4}", self.secret))


def set_up_totp(
    identity: Identity,
    actor: Actor,
    *,
    device: Device,
    password: str | None = None,
    code: str | None = None,
) -> Setup:
    """Create and return a new secret, which takes effect when `verify_totp` succeeds.

    Until then an old secret works. The new secret can be verified within `SETUP_WITHIN`. A program
    needs a fresh token; an HTML page needs the password. To replace a secret, the password and a
    code are needed.

    Raises Forbidden, NotFresh, TotpAlreadyEnabled, and the errors of `confirm`.
    """
    actor.require("account.update")
    if password is None or actor.channel is not Channel.BROWSER:
        actor.require_step_up("account.change_factor")
    if password is not None:
        confirm(identity, actor, password=password, code=code, device=device)
    person = _held(actor)
    if person.totp_enabled and password is None:
        raise TotpAlreadyEnabled
    secret = pyotp.random_base32(SEED_CHARS)
    person.totp_pending_secret = seal_seed(identity.keyring, person.id, secret)
    person.totp_pending_until = clock.now() + SETUP_WITHIN
    audit.record(
        actor,
        "auth.totp_setup_started",
        entity_refs={"user_id": person.id},
        inputs={"replaces": person.totp_enabled},
    )
    return _setup(person.email, secret)


def pending_setup(identity: Identity, actor: Actor, sealed: bytes) -> Setup:
    """Return the secret of a user's unfinished set-up, for the page of the set-up.

    Raises SealBroken.
    """
    assert actor.user_id is not None
    return _setup(actor.email, open_seed(identity.keyring, actor.user_id, sealed))


def verify_totp(identity: Identity, actor: Actor, *, code: str, device: Device) -> Change | None:
    """Switch to the new secret after checking a code made from it.

    Recovery codes and API keys are not accepted. If two-factor authentication is on and there is no
    new secret that can be verified, the code is not checked, nothing changes and None is returned.
    The session of this request continues, the user's other sessions end, and API keys stay valid.
    If two-factor authentication was off and no mailed link has proven the user's address, a link is
    mailed to this address.

    Raises Forbidden, NotFresh, TooManyRequests, TotpNotInitialized, TotpInvalid.
    """
    _require_person(actor)
    with identity.limiter.admit(
        limits.REAUTHENTICATE,
        account=actor.email,
        address=device.ip,
        agency=actor.tenant_id,
    ) as attempt:
        person = _held(actor)
        sealed = _pending_secret(person)
        if sealed is None:
            attempt.succeeded()
            if person.totp_enabled:
                return None
            raise TotpNotInitialized
        step = matching_step(open_seed(identity.keyring, person.id, sealed), "".join(code.split()))
        if step is None:
            about = {"user_id": person.id}
            audit.record(
                actor,
                "auth.totp_failed",
                status="rejected",
                error=TotpInvalid.code,
                entity_refs=about,
                inputs={"at": AT, "reason": "wrong"},
            )
            raise TotpInvalid
        attempt.succeeded()
    change: Change = "replaced" if person.totp_enabled else "on"
    # The code counts as used. Used time steps of the old secret no longer matter, so a step of the
    # new secret may be earlier than they are.
    rows_changed(
        "update users set totp_secret = totp_pending_secret, totp_pending_secret = null,"
        " totp_pending_until = null, totp_enabled = true, totp_last_step = :step where tenant_id ="
        " :tenant_id and id = :user_id and totp_pending_secret is not null",
        user_id=person.id,
        step=step,
    )
    _mail_notice(identity, actor, person, change)
    if change == "on" and not person.email_proven and has_room_for_link(identity, person.email):
        mail_verification(identity, actor, user_id=person.id, email=person.email)
    return change


def switch_on(
    identity: Identity, actor: Actor, *, code: str, device: Device
) -> tuple[Change | None, list[str]]:
    """Verify a code of the new secret; create recovery codes if two-factor was off.

    The first value is None if there was no new secret to verify, and nothing changed. The second
    value has the new recovery codes, which are shown once; it is empty if two-factor was on before.
    Raises the errors of `verify_totp`, such as TotpInvalid for a wrong code.
    """
    change = verify_totp(identity, actor, code=code, device=device)
    return change, _new_codes(identity, actor, _held(actor)) if change == "on" else []


def drop_setup(actor: Actor) -> None:
    """Cancel an unfinished set-up; two-factor authentication stays as it was.

    Raises Forbidden, NotFresh.
    """
    _require_person(actor)
    _drop_setup(actor, _held(actor))


def disable_totp(
    identity: Identity, actor: Actor, *, password: str, code: str | None, device: Device
) -> None:
    """Switch two-factor authentication off and delete its secrets and recovery codes.

    The code is required only if two-factor authentication is on. Raises the errors of `confirm`.
    """
    confirm(identity, actor, password=password, code=code, device=device)
    person = _held(actor)
    if not person.totp_enabled:
        _drop_setup(actor, person)
        return
    _mail_notice(identity, actor, person, "off")


def make_recovery_codes(
    identity: Identity, actor: Actor, *, password: str, code: str | None, device: Device
) -> list[str]:
    """Replace all recovery codes of the actor, and return the ten new codes.

    The password and a code are needed; a program also needs a fresh token.

    Raises NotFresh, the errors of `confirm`, TotpNotEnabled.
    """
    actor.require("account.update")
    if actor.channel is not Channel.BROWSER:
        actor.require_step_up("account.change_factor")
    confirm(identity, actor, password=password, code=code, device=device)
    person = _held(actor)
    if not person.totp_enabled:
        raise TotpNotEnabled
    return _new_codes(identity, actor, person)


def _drop_setup(actor: Actor, person: User) -> None:
    if forget_setup(person.id):
        audit.record(actor, "auth.totp_setup_dropped", entity_refs={"user_id": person.id})


def _require_person(actor: Actor) -> None:
    """Refuse API keys, which may not change a person's sign-in."""
    actor.require("account.update")
    if actor.key_id is not None:
        actor.require_step_up("account.change_factor")


def _pending_secret(person: User) -> bytes | None:
    until = person.totp_pending_until
    return person.totp_pending_secret if until is not None and clock.now() < until else None


def _held(actor: Actor) -> User:
    return lock_actor(actor, "account.update")[0]


def _new_codes(identity: Identity, actor: Actor, person: User) -> list[str]:
    codes = new_recovery_codes(identity.keyring, person)
    audit.record(
        actor,
        "auth.recovery_codes_made",
        entity_refs={"user_id": person.id},
        outputs={"codes": len(codes)},
    )
    identity.outbox.send(to=person.email, kind="recovery_codes_changed", locale=actor.locale)
    return codes


def _mail_notice(identity: Identity, actor: Actor, person: User, change: Change) -> None:
    """Record the audit event of a change, end credentials, and notify the user."""
    db.session.flush()
    audit.record(actor, _EVENTS[change], entity_refs={"user_id": person.id})
    act = Act.SECOND_FACTOR_OFF if change == "off" else Act.SECOND_FACTOR_CHANGED
    end_credentials(act, person.id, by=actor, keep=actor.session_id)
    identity.outbox.send(
        to=person.email,
        kind="two_factor_changed",
        locale=actor.locale,
        change=change,
        **lives_on(person.id),
    )


def _setup(email: str, secret: str) -> Setup:
    # The `otpauth` URI that authenticator apps read; `@` in the address is not escaped.
    return Setup(
        secret, f"otpauth://totp/{ISSUER}:{quote(email, safe='@')}?secret={secret}&issuer={ISSUER}"
    )
