"""JSON API of the caller's own sessions and other credentials."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity.queries import credentials, people
from voyagent.identity.rules.credentials import ENDED_BY_OWNER, Kind
from voyagent.identity.schemas.entry import AuthSessionList, CredentialList
from voyagent.identity.service import credentials as service, own_sessions
from voyagent.identity.service.errors import CredentialKindNotFound, SignInNotFound
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.serializers import Body

_END = {
    **{kind: f"DELETE /api/auth/credentials/{kind.value}" for kind in ENDED_BY_OWNER},
    Kind.SECOND_FACTOR: "POST /api/auth/totp/disable",
    Kind.RECOVERY_CODE: "POST /api/auth/totp/disable",
}
sessions = ApiBlueprint("sessions", __name__, tag="Your account", guard=Guard.BEARER)


@sessions.get("/auth/sessions", answer=AuthSessionList, permission="account.read")
def list_auth_sessions(reader: RequestReader) -> Body[AuthSessionList]:
    """List the caller's 200 most recently used sessions, in browsers and programs.

    API keys have no session and are not listed.
    """
    rows = people.list_sessions(reader, reader.person_id)
    present = reader.authenticate().session_id
    return AuthSessionList.of({"items": [{**row, "current": row["id"] == present} for row in rows]})


@sessions.get("/auth/credentials", answer=CredentialList, permission="account.read")
def list_credentials(reader: RequestReader) -> Body[CredentialList]:
    """List the kinds of credential that give access as the caller.

    `live` is the number of working credentials of the kind. `end` is the operation that ends these
    credentials. API keys and sent invitations stay valid after a change of the password.
    """
    living = credentials.living(reader, reader.person_id)
    return CredentialList.of(
        {
            "items": [
                {"kind": kind.value, "live": number, "end": _END.get(kind) if number else None}
                for kind, number in living.items()
            ]
        }
    )


@sessions.delete(
    "/auth/credentials/<credential_kind>",
    status=204,
    permission="account.update",
    missing=CredentialKindNotFound,
)
def end_credentials(actor: Actor, credential_kind: str) -> None:
    """End all of the caller's credentials of a kind.

    The session of this request continues. The kinds are `session`, `api_key`, `invitation`,
    `reset_link` and `confirmation_link`.
    """
    service.end_own(actor, credential_kind)


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
