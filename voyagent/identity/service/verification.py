"""Rules for the confirmation of an e-mail address by a mailed link."""

from __future__ import annotations

import math
from dataclasses import dataclass
from uuid import UUID

import structlog

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.queries import people
from voyagent.identity.rules.credentials import Act
from voyagent.identity.service import one_time
from voyagent.identity.service.credentials import end_credentials
from voyagent.identity.service.errors import InvalidPassword, PasswordMissing
from voyagent.identity.service.one_time import Holder, Purpose
from voyagent.identity.service.proving import check_password, lock_actor, lock_owner
from voyagent.identity.service.trust import note_verified_agency
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel import limits, tenancy
from voyagent.kernel.actor import Actor, system_actor
from voyagent.kernel.db import db

PATH = "/verify-email"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """The person who opened a mailed link, as far as the browser identifies them.

    `user_id` and `session_id` identify the signed-in person and the session. `email` is the address
    of the account whose password was entered just now.
    """

    user_id: UUID | None = None
    session_id: UUID | None = None
    email: str | None = None


def send_verification_email(identity: Identity, actor: Actor, *, address: str = "") -> None:
    """Mail the actor a confirmation link, even if the e-mail address is confirmed.

    `address` is the IP address of the client. Raises Unauthorized, Forbidden, TooManyRequests.
    """
    actor.require("account.update")
    identity.limiter.admit(
        limits.VERIFICATION_MAIL, account=actor.email, address=address, agency=actor.tenant_id
    )
    person, actor = lock_actor(actor, "account.update")
    mail_verification(identity, actor, user_id=person.id, email=person.email)


def send_again(identity: Identity, *, email: str, device: Device) -> None:
    """Mail another confirmation link to a user with an unconfirmed e-mail address.

    The caller must have checked the password. Raises TooManyRequests.
    """
    identity.limiter.admit(limits.VERIFICATION_MAIL, account=email, address=device.ip)
    account = people.find_account(email)
    if account is None or account.email_verified:
        log.info("auth.verification_not_sent", reason="confirmed" if account else "unknown_address")
        return
    tenancy.bind(db.session(), account.tenant_id)
    if lock_owner(account.user_id, email) is None:
        log.info("auth.verification_not_sent", reason="changed")
        return
    actor = system_actor(account.tenant_id).via(device.channel)
    mail_verification(
        identity,
        actor,
        user_id=account.user_id,
        email=email,
        locale=people.get_actor(account.user_id).locale,
    )


def mail_verification(
    identity: Identity, actor: Actor, *, user_id: UUID, email: str, locale: str | None = None
) -> None:
    """Mail a confirmation link in the transaction of another service function.

    The caller must have locked the user (`proving.lock_actor`) or have just created the user.
    """
    token = one_time.issue(identity, user_id=user_id, email=email, purpose=Purpose.VERIFY_EMAIL)
    hours = math.ceil(one_time.lifetime_s(identity.settings, Purpose.VERIFY_EMAIL) / 3600)
    link = f"{identity.settings.public_url.rstrip('/')}{PATH}?token={token}"
    identity.outbox.send(
        to=email, kind="verify_email", locale=locale or actor.locale, link=link, hours=hours
    )
    audit.record(
        actor, "auth.verification_sent", entity_refs={"user_id": user_id}, inputs={"email": email}
    )


def has_room_for_link(identity: Identity, email: str) -> bool:
    """Count a confirmation link to an e-mail address; return False above the limit.

    Acts that mail a link as a side effect, such as a change of the e-mail address, call this
    function first. If the result is False, the act succeeds without the mail.
    """
    return identity.limiter.count(limits.VERIFICATION_MAIL, account=email).has_room


def find_verification(identity: Identity, token: str, *, address: str = "") -> Holder | None:
    """Return the owner of a confirmation link, or None if the link is invalid.

    Nothing is changed, because mail scanners open links too.

    Raises TooManyRequests.
    """
    identity.limiter.admit(limits.ONE_TIME_TOKEN, address=address)
    return one_time.find(token, Purpose.VERIFY_EMAIL)


def verify_email(identity: Identity, *, token: str, device: Device) -> str:
    """Confirm the e-mail address of a link and return the address, for a program.

    The API contract asks for the token alone, without a password. Sessions continue. The link works
    once. Raises TooManyRequests, TokenInvalid.
    """
    identity.limiter.admit(limits.ONE_TIME_TOKEN, address=device.ip)
    return _confirm(one_time.look_up(token, Purpose.VERIFY_EMAIL), device)


def verify_on_page(
    identity: Identity,
    *,
    token: str,
    password: str | None,
    known: Known,
    device: Device,
) -> str:
    """Confirm the e-mail address of a mailed link on a page, and return the address.

    The password is needed, because a stranger may have created the account with the address of
    somebody else. No password is needed if `known` is the owner of the account, or if the address
    is confirmed already. If this is the
    first address that the agency confirms, all sessions of the user end except `known.session_id`.
    If the password is refused, the link still works.

    Raises TooManyRequests, TokenInvalid, PasswordMissing, PasswordsBusy, InvalidPassword.
    """
    with identity.limiter.admit(limits.ONE_TIME_TOKEN, address=device.ip):
        holder = one_time.look_up(token, Purpose.VERIFY_EMAIL)
        if needs_password(holder, known):
            _prove(identity, holder, password, device)
    return _confirm(holder, device, keep=known.session_id, is_page=True)


def needs_password(holder: Holder, known: Known) -> bool:
    """Return True if the page of a confirmation link must ask for the password."""
    return (
        not holder.is_confirmed
        and holder.user_id != known.user_id
        and (holder.email != known.email)
    )


def _prove(identity: Identity, holder: Holder, password: str | None, device: Device) -> None:
    if not password:
        raise PasswordMissing
    key = (tenancy.current_tenant(db.session), holder.user_id)
    stored = db.session.get_one(User, key).password_hash
    with identity.limiter.admit(
        limits.REAUTHENTICATE, account=holder.email, address=device.ip, agency=key[0]
    ) as attempt:
        person, is_right = check_password(
            identity, key[0], holder.user_id, stored=stored, password=password
        )
        if not is_right:
            audit.record(
                people.get_actor(person.id).via(device.channel),
                "auth.reauthentication_failed",
                status="rejected",
                error=InvalidPassword.code,
                entity_refs={"user_id": person.id},
            )
            raise InvalidPassword
        attempt.succeeded()


def _confirm(
    holder: Holder, device: Device, *, keep: UUID | None = None, is_page: bool = False
) -> str:
    person = one_time.spend(holder)
    person.email_verified = person.email_proven = True
    person.email_moved = False
    is_first = note_verified_agency()
    actor = people.get_actor(person.id).via(device.channel)
    act = Act.FIRST_ADDRESS_CONFIRMED if is_first and is_page else Act.ADDRESS_CONFIRMED
    end_credentials(act, person.id, by=actor, keep=keep)
    audit.record(
        actor,
        "auth.email_verified",
        entity_refs={"user_id": person.id},
        inputs={"email": person.email},
    )
    return person.email


def person_of(actor: Actor) -> UUID:
    """Return the id of an actor who is a person.

    The actor must not be a job. The caller makes sure of that by requiring a permission that no job
    has.
    """
    assert actor.user_id is not None, "the permission is a person's"
    return actor.user_id
