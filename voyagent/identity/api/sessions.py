"""JSON API of the own sessions."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity import queries, service
from voyagent.identity.devices import describe
from voyagent.identity.schemas import AuthSessionList
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row
from voyagent.kernel.fields import wire_instant

sessions = ApiBlueprint("sessions", __name__, tag="Your account", guard=Guard.BEARER)


@sessions.get("/auth/sessions", answer=AuthSessionList, permission="account.read")
def list_auth_sessions(reader: RequestReader) -> Row:
    """List the own sessions, in browsers and programs: the 200 most recently used.

    API keys are no sessions and have their own list.
    """
    rows = queries.list_sessions(reader, reader.person_id)
    return {"items": [_session(row, reader.authenticate().session_id) for row in rows]}


@sessions.delete("/auth/sessions", status=204, permission="account.update")
def end_auth_sessions(actor: Actor) -> None:
    """End all own sessions, this one included, with their tokens.

    API keys stay valid.
    """
    service.end_own_sessions(actor, keep_this=False)


@sessions.delete(
    "/auth/sessions/<auth_session_id>",
    status=204,
    permission="account.update",
    missing=service.SignInNotFound,
)
def end_auth_session(actor: Actor, auth_session_id: UUID) -> None:
    """End one own session, with its access and refresh tokens.

    A repeat changes nothing.
    """
    service.end_own_session(actor, auth_session_id)


def _session(row: Row, present: UUID | None) -> Row:
    words = describe(row["user_agent"])
    named = " · ".join(part for part in (words.browser or words.program, words.system) if part)
    instants = {
        name: wire_instant(row[name]) for name in ("created_at", "last_seen_at", "expires_at")
    }
    return {**row, **instants, "device": named, "current": row["id"] == present}
