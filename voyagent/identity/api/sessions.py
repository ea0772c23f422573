"""JSON API of the caller's own sessions."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity.queries import people
from voyagent.identity.schemas.entry import AuthSessionList
from voyagent.identity.service import own_sessions
from voyagent.identity.service.errors import SignInNotFound
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.serializers import Body

sessions = ApiBlueprint("sessions", __name__, tag="Your account", guard=Guard.BEARER)


@sessions.get("/auth/sessions", answer=AuthSessionList, permission="account.read")
def list_auth_sessions(reader: RequestReader) -> Body[AuthSessionList]:
    """List the caller's sessions in browsers and programs, the 200 most recently used.

    API keys have no session; list them with the operations for API keys.
    """
    rows = people.list_sessions(reader, reader.person_id)
    present = reader.authenticate().session_id
    return AuthSessionList.of({"items": [{**row, "current": row["id"] == present} for row in rows]})


@sessions.delete("/auth/sessions", status=204, permission="account.update")
def end_auth_sessions(actor: Actor) -> None:
    """End all of the caller's sessions and revoke their tokens.

    The current session ends too. API keys stay valid.
    """
    own_sessions.end_own_sessions(actor, keep_this=False)


@sessions.delete(
    "/auth/sessions/<auth_session_id>",
    status=204,
    permission="account.update",
    missing=SignInNotFound,
)
def end_auth_session(actor: Actor, auth_session_id: UUID) -> None:
    """End one of the caller's sessions and revoke its access and refresh tokens.

    Ending an ended session changes nothing.
    """
    own_sessions.end_own_session(actor, auth_session_id)
