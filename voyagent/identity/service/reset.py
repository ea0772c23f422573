"""A forgotten password: asking for a link, and choosing a new password by it."""

from __future__ import annotations

import base64
import json
import math

import structlog

from voyagent.audit import service as audit
from voyagent.identity import queries
from voyagent.identity.service import one_time
from voyagent.identity.service.choosing import refuse_common
from voyagent.identity.service.one_time import Holder, Purpose
from voyagent.identity.service.sessions import end_sessions
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel import limits, tenancy
from voyagent.kernel.actor import Channel, system_actor
from voyagent.kernel.db import db, pause
from voyagent.kernel.jobs import defer

PATH = "/reset-password"
MAIL_TASK = "identity.mail_reset"
SEAL = "reset_request"
log = structlog.get_logger(__name__)


def request_reset(identity: Identity, *, email: str, device: Device) -> str | None:
    """Have a link for a new password mailed to an address, where somebody has it (API contract,
    reset). Raises TooManyRequests, for everybody alike.

    A known and an unknown address look and take the same, since the address is looked up later, by
    a job; the queue holds it sealed. Gives back None, but the token where this installation shows
    tokens (`VOYAGENT_AUTH_DEBUG_TOKENS`, refused in production).
    """
    identity.limiter.admit(limits.RESET_MAIL, account=email, address=device.ip)
    if identity.settings.auth_debug_tokens and not identity.settings.is_production:
        return mail_reset(identity, email=email, channel=device.channel)
    asked = json.dumps({"email": email, "channel": device.channel.value}).encode()
    defer(MAIL_TASK, asked=base64.b64encode(identity.keyring.seal(SEAL, asked)).decode())
    return None


def open_request(identity: Identity, asked: str) -> tuple[str, Channel]:
    """What the queue holds of a request: the address, and the way by which it came.

    Raises SealBroken.
    """
    opened = json.loads(identity.keyring.open(SEAL, base64.b64decode(asked)))
    return opened["email"], Channel(opened["channel"])


def mail_reset(identity: Identity, *, email: str, channel: Channel) -> str | None:
    """Make a token for the active account of an address and mail its link; the token, or None where
    there is no such account.

    Nobody has shown who asks, so the event is the program's; that of an unknown address goes to the
    log only.
    """
    account = queries.find_account(email)
    if account is None:
        log.info("auth.reset_not_sent", reason="unknown_address", channel=channel.value)
        return None
    tenancy.bind(db.session(), account.tenant_id)
    token = one_time.issue(
        identity, user_id=account.user_id, email=email, purpose=Purpose.RESET_PASSWORD
    )
    minutes = math.ceil(one_time.lifetime_s(identity.settings, Purpose.RESET_PASSWORD) / 60)
    link = f"{identity.settings.public_url.rstrip('/')}{PATH}?token={token}"
    identity.outbox.send(
        to=email,
        kind="reset_password",
        locale=queries.get_actor(account.user_id).locale,
        link=link,
        minutes=minutes,
    )
    audit.record(
        system_actor(account.tenant_id).via(channel),
        "auth.reset_requested",
        entity_refs={"user_id": account.user_id},
        inputs={"email": email},
    )
    return token


def find_reset(identity: Identity, token: str, *, address: str = "") -> Holder | None:
    """Whose password a link would change, None for a dead one; nothing is changed.

    Raises TooManyRequests.
    """
    identity.limiter.admit(limits.ONE_TIME_TOKEN, address=address)
    return one_time.find(token, Purpose.RESET_PASSWORD)


def reset_password(identity: Identity, *, token: str, new_password: str, device: Device) -> str:
    """Choose a new password by a mailed token, once, and tell whose: it ends every session of the
    person, and every other such link.

    It signs nobody in, confirms no address and leaves the second factor as it is (ASVS 6.4.3). A
    password that is refused spends nothing. The person is told by mail, and her failed sign-ins are
    forgotten. Raises TooManyRequests, PasswordBlank, PasswordTooCommon, TokenInvalid.
    """
    identity.limiter.admit(limits.ONE_TIME_TOKEN, address=device.ip)
    refuse_common(new_password)
    holder = one_time.look_up(token, Purpose.RESET_PASSWORD)
    refuse_common(new_password, agency_name=holder.agency_name, email=holder.email)
    pause()
    password_hash = identity.passwords.hash(new_password)
    person = one_time.spend(holder)
    person.password_hash = password_hash
    actor = queries.get_actor(person.id).via(device.channel)
    end_sessions(person.id, reason="password_reset", by=actor)
    identity.outbox.send(to=person.email, kind="password_changed", locale=actor.locale)
    audit.record(actor, "auth.password_reset", entity_refs={"user_id": person.id})
    identity.limiter.forgive(person.email, address=device.ip)
    return person.email
