"""JSON API of the agency's users: roles, sessions and removal."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity.forms.request import identity
from voyagent.identity.queries import people
from voyagent.identity.schemas.entry import ChangeRoleRequest, Team, TeamMember
from voyagent.identity.service import team
from voyagent.identity.service.errors import EmailAlreadyRegistered, LastAdministrator
from voyagent.kernel.actor import Actor, NotFresh, ScopeNotNamed
from voyagent.kernel.database.read_pool import RequestReader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.serializers import Body

members = ApiBlueprint("members", __name__, tag="Team", guard=Guard.BEARER)


@members.get("/team", answer=Team, permission="team.read")
def list_team(reader: RequestReader) -> Body[Team]:
    """List the users of the agency, ordered by name.

    `suspended` lists users without access. These users were invited through an account that was
    later taken over with a password reset. Removed users are not listed; their names remain in the
    records that they created.
    """
    everybody = people.list_people(reader)
    return Team.of(
        {
            "items": [person for person in everybody if person["is_active"]],
            "suspended": [person for person in everybody if person["suspended_at"]],
        }
    )


@members.patch(
    "/team/<user_id>",
    answer=TeamMember,
    permission="team.change_role",
    missing=people.PersonNotFound,
    errors=(NotFresh, LastAdministrator, EmailAlreadyRegistered),
)
def change_role(actor: Actor, user_id: UUID, body: ChangeRoleRequest) -> Body[TeamMember]:
    """Change a user's role; a suspended user then has access again.

    Access tokens and API keys stay valid, and the new role applies from the next request. The role
    of the last administrator cannot be changed. The access token must be fresh, or the API key must
    have the scope `team`.
    """
    team.change_role(identity(), actor, user_id, role=body.role)
    return TeamMember.of(people.get_person(SessionReader(db.session), user_id))


@members.delete(
    "/team/<user_id>",
    status=204,
    permission="team.remove",
    missing=people.PersonNotFound,
    errors=(NotFresh, LastAdministrator),
)
def remove_from_team(actor: Actor, user_id: UUID) -> None:
    """Remove a user from the agency.

    All sessions and API keys of the user stop working with the next request. Open invitations that
    the user sent are revoked. The e-mail address can be invited again. The last administrator
    cannot be removed. The access token must be fresh, or the API key must have the scope `team`.
    """
    team.remove_person(identity(), actor, user_id)


@members.delete(
    "/team/<user_id>/sessions",
    status=204,
    permission="team.manage",
    missing=people.PersonNotFound,
    errors=(ScopeNotNamed,),
)
def sign_person_out(actor: Actor, user_id: UUID) -> None:
    """End all sessions of a user.

    The user can sign in again, and API keys stay valid. An API key must have the scope `team`.
    """
    team.sign_person_out(actor, user_id)
