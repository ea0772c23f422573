"""Asking somebody who is signed in for the password again, and for a code where her second factor is on."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from voyagent.audit import service as audit
from voyagent.identity.models import User
from voyagent.identity.service.errors import InvalidPassword, TotpRefused
from voyagent.identity.service.second_factor import check_code, lock_person
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel import limits, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, pause
from voyagent.kernel.errors import Unauthorized

AT = "reauthenticate"


def confirm(identity: Identity, actor: Actor, *, password: str, code: str | None, device: Device) -> Actor:
    """The same person, fresh: she has given her password, and where her second factor is on a code (API contract, step up; ASVS 7.5.1).

    Call this before the act writes anything: it gives the connection back while the password is hashed, and its refusals keep their work, the audit's events.
    The password comes first, so that a wrong one burns no code; the code is spent with the act and not without it. Her row is held from here on.
    Raises Forbidden, TooManyRequests (counted with the sign-ins of her address), InvalidPassword, TotpRefused.
    """
    actor.require("account.update")
    user_id, stored = _known(actor)
    pause()
    with identity.limiter.admit(limits.REAUTHENTICATE, account=actor.email, address=device.ip) as attempt:
        is_right = identity.passwords.verify(stored, password)
        person = lock_person(user_id)
        if not is_right or person.password_hash != stored:  # changed meanwhile: what was right is not any more
            about = {"user_id": user_id}
            audit.record(actor, "auth.reauthentication_failed", status="rejected", error=InvalidPassword.code, entity_refs=about)
            raise InvalidPassword
        if person.totp_enabled:
            check_code(identity, actor, person, code or "", refusal=TotpRefused, at=AT)
        attempt.succeeded()
    return replace(actor, fresh=True)


def _known(actor: Actor) -> tuple[UUID, str]:
    """The person behind an actor and her password's hash. Raises Unauthorized where there is none any more."""
    person = db.session.get(User, (tenancy.current_tenant(db.session), actor.user_id)) if actor.user_id else None
    if person is None:
        raise Unauthorized
    return person.id, person.password_hash
