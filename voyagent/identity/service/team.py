"""Rules for administrators about other users: role, sessions and removal.

An agency always has at least one administrator.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.queries import people as people_queries
from voyagent.identity.queries.people import PersonNotFound
from voyagent.identity.rules.credentials import Act, Kind
from voyagent.identity.rules.permissions import roles_that_may
from voyagent.identity.service.credentials import end_credentials, lives_on
from voyagent.identity.service.errors import LastAdministrator
from voyagent.identity.service.suspending import reinstate
from voyagent.identity.service.values import Identity
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.reauthentication import authenticate_again, release_key
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden

MANAGE = "team.manage"


class RoleChange(NamedTuple):
    """Result of `change_role`.

    `is_new` is true if the user had another role before. `is_back` is true if the user was
    suspended and has access again.
    """

    full_name: str
    is_new: bool = False
    is_back: bool = False


def change_role(identity: Identity, actor: Actor, user_id: UUID, *, role: str) -> RoleChange:
    """Change a user's role from the next request on.

    A suspended user has access again, with the new role. Access tokens and API keys stay valid.
    Open invitations that the user sent are revoked if the new role may not invite. A change of the
    role is mailed to the user. Administrators may give up their own role.

    Raises Unauthorized, Forbidden, NotFresh, PersonNotFound, LastAdministrator, and
    EmailAlreadyRegistered if another account has the address of a suspended user.
    """
    actor.require_step_up("team.change_role")
    person = _lock(actor, user_id)
    before, is_back = person.role, person.suspended_at is not None
    if is_back:
        reinstate(identity, actor, person)
    if before == role:
        return RoleChange(person.display_name, is_back=is_back)
    if role not in roles_that_may(MANAGE):
        _refuse_for_the_last(person)
    person.role, person.updated_at = role, clock.now()
    audit.record(
        actor,
        "person.role_changed",
        entity_refs={"user_id": user_id},
        inputs={"before": before, "after": role},
    )
    may_invite = role in roles_that_may("invite.create")
    end_credentials(Act.ROLE_CHANGED if may_invite else Act.MAY_NO_LONGER_INVITE, user_id, by=actor)
    identity.outbox.send(
        to=person.email, kind="role_changed", locale=actor.locale, role=role, **lives_on(user_id)
    )
    return RoleChange(person.display_name, is_new=True, is_back=is_back)


def remove_person(identity: Identity, actor: Actor, user_id: UUID) -> str:
    """Remove an active or suspended user from the agency and return the user's name.

    All credentials of the user end, and invitations sent by or to the user are revoked. The e-mail
    address can be invited again, which creates a new user. The removed user is notified by mail.

    Raises Unauthorized, Forbidden, NotFresh, PersonNotFound, LastAdministrator.
    """
    actor.require_step_up("team.remove")
    person = _lock(actor, user_id)
    _refuse_for_the_last(person)
    person.is_active, person.removed_at, person.updated_at = False, clock.now(), clock.now()
    person.suspended_at = None
    counts = end_credentials(Act.REMOVED, user_id, by=actor)
    ended = {"sessions": counts[Kind.SESSION], "invitations": counts[Kind.INVITATION]}
    audit.record(
        actor,
        "person.removed",
        entity_refs={"user_id": user_id},
        inputs={"email": person.email, "role": person.role},
        outputs=ended,
    )
    identity.outbox.send(to=person.email, kind="removed_from_agency", locale=actor.locale)
    return person.display_name


def sign_person_out(actor: Actor, user_id: UUID) -> int:
    """End all sessions of a user and return their number (ASVS 7.4.5).

    An API key needs the scope `team`.

    Raises Forbidden, ScopeNotNamed, PersonNotFound.
    """
    actor.require_named(MANAGE)
    if (
        db.session.scalar(select(User.id).where(User.id == user_id, User.is_active.is_(True)))
        is None
    ):
        raise PersonNotFound
    return end_credentials(Act.SIGNED_OUT, user_id, by=actor)[Kind.SESSION]


def _lock(actor: Actor, user_id: UUID) -> User:
    """Return an active or suspended user, and lock this user and all administrators.

    Rows are always locked in the same order, so two administrators who remove each other cause no
    deadlock. Raises Unauthorized, Forbidden, PersonNotFound.
    """
    release_key(actor)
    locked = db.session.scalars(
        select(User)
        .where(
            or_(
                User.is_active & User.role.in_(roles_that_may(MANAGE)),
                (User.id == user_id) & (User.is_active | User.suspended_at.is_not(None)),
            )
        )
        .order_by(User.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    people = {person.id: person for person in locked if person.is_active or person.suspended_at}
    if actor.user_id not in people or people[actor.user_id].role not in roles_that_may(MANAGE):
        raise Forbidden
    authenticate_again(actor).require(MANAGE)
    if user_id not in people:
        raise PersonNotFound
    return people[user_id]


def _refuse_for_the_last(person: User) -> None:
    if person.role in roles_that_may(MANAGE) and not people_queries.other_active_people(
        [person.id], roles_that_may(MANAGE)
    ):
        raise LastAdministrator
