"""Rules of the user's own account: name, e-mail address and password."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.queries import people
from voyagent.identity.rules.credentials import Act
from voyagent.identity.service.choosing import refuse_common
from voyagent.identity.service.confirming import confirm
from voyagent.identity.service.credentials import end_credentials, lives_on
from voyagent.identity.service.errors import AddressTaken
from voyagent.identity.service.invites import revoke_invites_to
from voyagent.identity.service.proving import lock_actor
from voyagent.identity.service.values import Device, Identity
from voyagent.identity.service.verification import has_room_for_link, mail_verification
from voyagent.kernel import limits
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db


class ProfileChange(NamedTuple):
    """A changed profile, and whether its new e-mail address must be confirmed."""

    user_id: UUID
    must_verify: bool


def update_profile(
    identity: Identity,
    actor: Actor,
    *,
    full_name: str | None = None,
    email: str | None = None,
    device: Device,
) -> ProfileChange:
    """Change the actor's own name, e-mail address or both.

    None leaves a field unchanged. A new address needs a fresh actor. The new address applies at
    once, and a link to confirm the address is mailed, unless too many were mailed. The old address
    is notified, and the links in earlier mails to the old address stop working. Open invitations to
    the old or the new address are revoked, and the actor's other sessions end. `email` must be in
    lower case.

    Raises Unauthorized, Forbidden, NotFresh, TooManyRequests, AddressTaken.
    """
    actor.require("account.update")
    person, actor = lock_actor(actor, "account.update")
    moves = email is not None and email != person.email
    if moves:
        actor.require_step_up("account.change_address")
        identity.limiter.admit(
            limits.CHANGE_ADDRESS,
            account=person.email,
            address=device.ip,
            agency=actor.tenant_id,
        )
    changed = [
        {"field": field, "before": before, "after": after}
        for field, before, after in (
            ("full_name", person.display_name, full_name),
            ("email", person.email, email),
        )
        if after is not None and after != before
    ]
    if full_name is not None:
        person.display_name = full_name
    if email is not None and moves:
        _move(identity, actor, person, email)
    if changed:
        audit.record(
            actor, "profile.changed", entity_refs={"user_id": person.id}, inputs={"fields": changed}
        )
    return ProfileChange(person.id, moves)


def change_password(
    identity: Identity,
    actor: Actor,
    *,
    current_password: str,
    new_password: str,
    code: str | None = None,
    device: Device,
) -> UUID:
    """Change the actor's own password, and return the user's id.

    The current password is needed, and a code if two-factor is on. All other sessions end, links to
    reset the password stop working, and the user is notified by mail.

    Raises Unauthorized, Forbidden, PasswordBlank, PasswordTooCommon, TooManyRequests,
    PasswordsBusy, InvalidPassword, TotpRefused.
    """
    actor.require("account.update")
    refuse_common(new_password, agency_name=actor.tenant_name, email=actor.email)
    confirmed = confirm(identity, actor, password=current_password, code=code, device=device)
    person, actor = lock_actor(confirmed, "account.update")
    # The only hash computed while a database connection is in use: before this point, somebody who
    # does not know the current password could make the server compute it.
    person.password_hash = identity.passwords.hash(new_password)
    end_credentials(Act.PASSWORD_CHANGED, person.id, by=actor, keep=actor.session_id)
    identity.outbox.send(
        to=person.email,
        kind="password_changed",
        locale=actor.locale,
        others=0,
        suspended=0,
        second_factor_off=False,
        **lives_on(person.id),
    )
    audit.record(actor, "auth.password_changed", entity_refs={"user_id": person.id})
    return person.id


def _move(identity: Identity, actor: Actor, person: User, email: str) -> None:
    """Change the e-mail address of a user whose row is locked.

    Raises AddressTaken.
    """
    if people.email_taken(email):
        raise AddressTaken
    before, person.email = person.email, email
    person.email_verified = person.email_proven = False
    person.email_moved = not identity.settings.auth_skip_email_verification
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_users_email" in str(error.orig):
            raise AddressTaken from None
        raise
    revoke_invites_to(actor, before, email)
    end_credentials(Act.ADDRESS_CHANGED, person.id, by=actor, keep=actor.session_id)
    living = lives_on(person.id)
    if has_room_for_link(identity, email):
        mail_verification(identity, actor, user_id=person.id, email=email)
    identity.outbox.send(
        to=before, kind="address_changed", locale=actor.locale, address=email, **living
    )
