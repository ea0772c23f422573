"""Rules of invitations: a mailed link that works once, within seven days."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.identity.models import Invite, User
from voyagent.identity.queries import people
from voyagent.identity.rules.tokens import new_token, secret_digest
from voyagent.identity.service.accounts import add_person
from voyagent.identity.service.choosing import refuse_common
from voyagent.identity.service.errors import (
    AlreadyInTeam,
    EmailAlreadyRegistered,
    InvalidStatus,
    InviteAlreadyExists,
    InviteExpired,
    InviteNoLongerPending,
    InviteNotFound,
    InviteNotPending,
)
from voyagent.identity.service.proving import lock_actor
from voyagent.identity.service.sessions import open_session
from voyagent.identity.service.trust import require_verified_agency
from voyagent.identity.service.values import Device, Identity, SignedInPerson
from voyagent.kernel import clock, limits, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db, pause, rows_changed
from voyagent.kernel.ids import new_id

INVITE_DAYS = 7
STATUSES = frozenset({"pending", "accepted", "revoked", "expired"})


def invite(
    identity: Identity, actor: Actor, *, email: str, role: str, address: str = ""
) -> tuple[UUID, str]:
    """Create an invitation, mail its link, and return its id and its link.

    An agency has at most one open invitation for an e-mail address. The invitation is created even
    if the e-mail address already has an account. No later call can return the link. `address` is
    the IP address of the client.

    Raises Unauthorized, Forbidden, NotFresh, AgencyNotVerified, TooManyRequests,
    InviteAlreadyExists.
    """
    actor.require("invite.create")
    _person, actor = lock_actor(actor, "invite.create")
    require_verified_agency()
    actor.require_step_up("invite.create")
    identity.limiter.admit(
        limits.INVITE_MAIL, account=email, address=address, agency=actor.tenant_id
    )
    rows_changed(
        "update invites set status = 'expired' where tenant_id = :tenant_id and email = :email and"
        " status = 'pending' and expires_at <= now()",
        email=email,
    )
    token = new_token(tenancy.current_tenant(db.session))
    made = Invite(
        id=new_id(),
        invited_by_user_id=actor.user_id,
        email=email,
        role=role,
        token_hash=secret_digest(token),
        expires_at=clock.now() + timedelta(days=INVITE_DAYS),
    )
    db.session.add(made)
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_invites_pending" in str(error.orig):
            raise InviteAlreadyExists from None
        raise
    link = f"{identity.settings.public_url.rstrip('/')}/accept-invite?token={token}"
    inviter = actor.full_name or actor.email
    identity.outbox.send(
        to=email,
        kind="invitation",
        locale=actor.locale,
        link=link,
        inviter=inviter,
        role=role,
        days=INVITE_DAYS,
    )
    audit.record(
        actor,
        "invite.created",
        entity_refs={"invite_id": made.id},
        inputs={"email": email, "role": role},
    )
    return made.id, link


def invite_newcomer(
    identity: Identity, actor: Actor, *, email: str, role: str, address: str = ""
) -> tuple[UUID, str]:
    """Create an invitation from an HTML page, unless the person is in the team.

    `email` is the e-mail address to invite, and `address` the IP address of the client. Returns the
    id and the link of the invitation. Raises AlreadyInTeam, and the errors of `invite`.
    """
    actor.require_step_up("invite.create")
    if (
        db.session.scalar(select(User.id).where(User.email == email, User.is_active.is_(True)))
        is not None
    ):
        raise AlreadyInTeam
    return invite(identity, actor, email=email, role=role, address=address)


def revoke_invites_to(actor: Actor, *emails: str) -> None:
    """Revoke the agency's open invitations to some e-mail addresses.

    Otherwise a later owner of such an address could join the agency with the old link.
    """
    statement = (
        select(Invite)
        .where(
            Invite.email.in_(emails), Invite.status == "pending", Invite.expires_at > clock.now()
        )
        .order_by(Invite.id)
    )
    for found in db.session.scalars(statement.with_for_update()):
        found.status, found.revoked_at = "revoked", clock.now()
        audit.record(
            actor,
            "invite.revoked",
            entity_refs={"invite_id": found.id},
            inputs={"email": found.email, "role": found.role},
        )


def revoke_invite(actor: Actor, invite_id: UUID) -> None:
    """Revoke an open invitation.

    Raises Forbidden, InviteNotFound, InviteNoLongerPending.
    """
    actor.require("invite.revoke")
    found = db.session.get(Invite, (tenancy.current_tenant(db.session), invite_id))
    if found is None:
        raise InviteNotFound
    changed = rows_changed(
        "update invites set status = 'revoked', revoked_at = now() where tenant_id = :tenant_id and"
        " id = :id and status = 'pending' and expires_at > now()",
        id=invite_id,
    )
    if not changed:
        raise InviteNoLongerPending
    audit.record(
        actor,
        "invite.revoked",
        entity_refs={"invite_id": invite_id},
        inputs={"email": found.email, "role": found.role},
    )


def invite_filter(status: str | None) -> str | None:
    """Return the status by which invitations are to be filtered, after checking it.

    None means no filter. Raises InvalidStatus.
    """
    if status is not None and status not in STATUSES:
        raise InvalidStatus
    return status


def look_up_invite(identity: Identity, token: str, *, address: str = "") -> Row:
    """Return an invitation for the page that the invitation's link opens.

    The row has the e-mail address, the role, the name of the agency, the inviter and the time of
    expiry.

    `address` is the IP address of the client. Raises TooManyRequests, InviteNotFound,
    InviteNotPending, InviteExpired.
    """
    identity.limiter.admit(limits.INVITE_LOOKUP, address=address)
    return _open_invite(token)


def accept_invite(
    identity: Identity, *, token: str, password: str, full_name: str, device: Device
) -> SignedInPerson:
    """Create a user in the inviting agency and sign this user in.

    The user has the role of the invitation. The e-mail address counts as confirmed, but not as
    proven (`User.email_proven`). After a refusal the token still works.

    Raises TooManyRequests, InviteNotFound, InviteNotPending, InviteExpired, PasswordBlank,
    PasswordTooCommon, EmailAlreadyRegistered, PasswordsBusy.
    """
    with identity.limiter.admit(limits.ACCEPT_INVITE, address=device.ip):
        invited = _open_invite(token)
        refuse_common(password, agency_name=invited["tenant_name"], email=invited["email"])
        if people.email_taken(invited["email"]):
            raise EmailAlreadyRegistered
        pause()
        password_hash = identity.passwords.hash(password)
    spent = rows_changed(
        "update invites set status = 'accepted', accepted_at = now() where tenant_id = :tenant_id"
        " and id = :id and status = 'pending' and expires_at > now()",
        id=invited["id"],
    )
    if not spent:
        raise InviteNotPending
    user = add_person(
        identity,
        email=invited["email"],
        password_hash=password_hash,
        full_name=full_name,
        role=invited["role"],
        verified=True,
        invited_by=invited["invited_by_user_id"],
    )
    signed_in = open_session(identity, user, device)
    audit.record(
        signed_in.actor,
        "invite.accepted",
        entity_refs={"invite_id": invited["id"], "user_id": user.id},
        inputs={"role": invited["role"]},
    )
    return signed_in


def _open_invite(token: str) -> Row:
    found = people.find_invite(token)
    if found is None:
        raise InviteNotFound
    tenant_id, invite_id = found
    tenancy.bind(db.session(), tenant_id)
    row = people.get_invite_for_holder(invite_id)
    if not row.pop("tenant_is_active"):
        raise InviteNotFound
    if row["status"] == "expired":
        raise InviteExpired
    if row["status"] != "pending":
        raise InviteNotPending
    return row
