"""Rules of the password reset: request a link, and set the new password."""

from __future__ import annotations

import base64
import json
import math
from typing import NamedTuple

import structlog

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.queries import people
from voyagent.identity.rules.credentials import Act
from voyagent.identity.rules.permissions import Role
from voyagent.identity.service import one_time
from voyagent.identity.service.choosing import refuse_common
from voyagent.identity.service.credentials import end_credentials, lives_on
from voyagent.identity.service.one_time import Holder, Purpose
from voyagent.identity.service.proving import lock_owner
from voyagent.identity.service.suspending import suspend_invited
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel import limits, tenancy
from voyagent.kernel.actor import Actor, Channel, system_actor
from voyagent.kernel.db import db, pause
from voyagent.kernel.jobs import defer
from voyagent.settings.service import tenant_settings as settings

PATH = "/reset-password"
MAIL_TASK = "identity.mail_reset"
SEAL = "reset_request"
log = structlog.get_logger(__name__)


def request_reset(identity: Identity, *, email: str, device: Device) -> str | None:
    """Mail a reset link if the e-mail address has an account.

    In production, the response and its duration do not depend on whether the account exists.
    Returns None, or the token if the installation shows tokens (`VOYAGENT_AUTH_DEBUG_TOKENS`).

    Raises TooManyRequests for e-mail addresses with and without an account.
    """
    identity.limiter.admit(limits.RESET_MAIL, account=email, address=device.ip)
    if identity.settings.auth_debug_tokens and not identity.settings.is_production:
        return mail_reset(identity, email=email, channel=device.channel)
    content = json.dumps({"email": email, "channel": device.channel.value}).encode()
    defer(MAIL_TASK, asked=base64.b64encode(identity.keyring.seal(SEAL, content)).decode())
    return None


def open_request(identity: Identity, sealed: str) -> tuple[str, Channel]:
    """Decrypt a queued reset request; return its e-mail address and its channel.

    The channel says whether the request came from a browser or a program. Raises SealBroken.
    """
    opened = json.loads(identity.keyring.open(SEAL, base64.b64decode(sealed)))
    return opened["email"], Channel(opened["channel"])


def mail_reset(identity: Identity, *, email: str, channel: Channel) -> str | None:
    """Create and mail a reset token for the active account of an e-mail address.

    `channel` is recorded in the audit log. Returns the token, or None if no account has the
    e-mail address.
    """
    account = people.find_account(email)
    if account is None:
        log.info("auth.reset_not_sent", reason="unknown_address", channel=channel.value)
        return None
    tenancy.bind(db.session(), account.tenant_id)
    if lock_owner(account.user_id, email) is None:
        log.info("auth.reset_not_sent", reason="changed", channel=channel.value)
        return None
    token = one_time.issue(
        identity, user_id=account.user_id, email=email, purpose=Purpose.RESET_PASSWORD
    )
    minutes = math.ceil(one_time.lifetime_s(identity.settings, Purpose.RESET_PASSWORD) / 60)
    link = f"{identity.settings.public_url.rstrip('/')}{PATH}?token={token}"
    identity.outbox.send(
        to=email,
        kind="reset_password",
        locale=people.get_actor(account.user_id).locale,
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
    """Return the owner of a reset link, or None if the link is invalid.

    The link stays unused. `address` is the IP address of the client.

    Raises TooManyRequests.
    """
    identity.limiter.admit(limits.ONE_TIME_TOKEN, address=address)
    return one_time.find(token, Purpose.RESET_PASSWORD)


class Reset(NamedTuple):
    """Result of a reset of the password.

    `others` and `suspended` are 0 unless the reset was the first proof of the address. `others` is
    the number of other people who have access to the agency. `suspended` is the number of people
    whom the reset suspended.
    """

    email: str
    others: int = 0
    suspended: int = 0


def reset_password(identity: Identity, *, token: str, new_password: str, device: Device) -> Reset:
    """Set a new password with a mailed token.

    The token works once; if the new password is refused, the token still works. All sessions of the
    user and all other reset links end. Two-factor authentication stays as it is (ASVS 6.4.3).
    Nobody is signed in, and the address does not become confirmed. The user is notified by mail.

    If the address was not proven before (`User.email_proven`), the reset proves the address. A
    stranger may have made the account, so API keys, sent invitations and two-factor authentication
    end too. If the user is an administrator and the account had another e-mail address before,
    everybody whom the account invited, directly or through others, is suspended. If the user is an
    administrator and no administrator had a proven address, the settings in `settings.GUARDED` get
    their default values.

    Raises TooManyRequests, PasswordBlank, PasswordTooCommon, TokenInvalid, PasswordsBusy.
    """
    with identity.limiter.admit(limits.ONE_TIME_TOKEN, address=device.ip):
        refuse_common(new_password)
        holder = one_time.look_up(token, Purpose.RESET_PASSWORD)
        refuse_common(new_password, agency_name=holder.agency_name, email=holder.email)
        pause()
        password_hash = identity.passwords.hash(new_password)
    person = one_time.spend(holder)
    person.password_hash = password_hash
    actor = people.get_actor(person.id).via(device.channel)
    done, had_second_factor = Reset(person.email), person.totp_enabled
    if person.email_proven:
        end_credentials(Act.PASSWORD_RESET, person.id, by=actor)
    else:
        done = _take_over(identity, actor, person)
    identity.outbox.send(
        to=person.email,
        kind="password_changed",
        locale=actor.locale,
        others=done.others,
        suspended=done.suspended,
        second_factor_off=had_second_factor and not person.totp_enabled,
        **lives_on(person.id),
    )
    audit.record(actor, "auth.password_reset", entity_refs={"user_id": person.id})
    identity.limiter.forgive(person.email, address=device.ip)
    return done


def _take_over(identity: Identity, actor: Actor, person: User) -> Reset:
    """End all access that a stranger may have prepared before the address was proven."""
    end_credentials(Act.PASSWORD_RESET_UNPROVEN, person.id, by=actor)
    is_administrator = person.role == Role.AGENCY_ADMIN
    # Only an administrator can restore access, and no lower role may end that of administrators.
    suspends = is_administrator and person.email_moved
    suspended = suspend_invited(identity, actor, person.id) if suspends else 0
    if is_administrator and not people.has_proven_administrator():
        settings.restore_guarded(actor)
    person.email_proven, person.email_moved = True, False
    return Reset(person.email, people.other_active_people([person.id], frozenset(Role)), suspended)
