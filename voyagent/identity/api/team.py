"""JSON API of invitations."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity.forms.request import device, identity
from voyagent.identity.queries import people
from voyagent.identity.schemas.entry import (
    CreateInviteRequest,
    CreateInviteResponse,
    InviteAnswer,
    InviteList,
    InviteQuery,
)
from voyagent.identity.service import invites
from voyagent.identity.service.errors import (
    AgencyNotVerified,
    InvalidStatus,
    InviteAlreadyExists,
    InviteNoLongerPending,
    InviteNotFound,
)
from voyagent.kernel.actor import Actor, Channel, NotFresh
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

team = ApiBlueprint("identity", __name__, tag="Team", guard=Guard.BEARER)


@team.post(
    "/auth/invites",
    status=201,
    answer=CreateInviteResponse,
    permission="invite.create",
    errors=(NotFresh, AgencyNotVerified, TooManyRequests, InviteAlreadyExists),
    secret_answer=True,
)
def create_invite(actor: Actor, body: CreateInviteRequest) -> Body[CreateInviteResponse]:
    """Invite a colleague by mail.

    The link to join is in the mail and in this response, and in no later response. The access token
    must be fresh, or the API key must have the scope `team`.
    """
    invite_id, link = invites.invite(
        identity(), actor, email=body.email, role=body.role, address=device(Channel.API).ip
    )
    return CreateInviteResponse.of({"invite": people.get_invite(invite_id), "invite_link": link})


@team.get(
    "/auth/invites",
    answer=InviteList,
    permission="invite.read",
    errors=(InvalidStatus, InvalidCursor),
)
def list_invites(reader: RequestReader, query: InviteQuery) -> Body[InviteList]:
    """List the agency's invitations, newest first.

    With `limit`, the response is one page. Without `limit`, the response has all invitations.
    """
    status = invites.invite_filter(query.status)
    rows, cursor = people.list_invites(
        reader, status=status, limit=query.limit, cursor=query.place()
    )
    return InviteList.of({"items": rows, "next_cursor": cursor})


@team.post(
    "/auth/invites/<invite_id>/revoke",
    answer=InviteAnswer,
    permission="invite.revoke",
    missing=InviteNotFound,
    errors=(InviteNoLongerPending,),
)
def revoke_invite(actor: Actor, invite_id: UUID) -> Body[InviteAnswer]:
    """Revoke an open invitation."""
    invites.revoke_invite(actor, invite_id)
    return InviteAnswer.of({"invite": people.get_invite(invite_id)})
