"""The JSON door of one's own account."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity import queries
from voyagent.identity.api.answers import person
from voyagent.identity.schemas import PublicUser
from voyagent.kernel.reading import LaneReader, Row

account = ApiBlueprint("account", __name__, tag="Your account", guard=Guard.BEARER)


@account.get("/auth/me", answer=PublicUser)
def me(reader: LaneReader) -> Row:
    """Whom the token speaks for."""
    return person(reader.read(queries.public_user_statement(reader.person_id))[0][0])
