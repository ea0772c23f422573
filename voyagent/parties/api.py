"""JSON API of customers and suppliers."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.parties import queries
from voyagent.parties.queries import PartyNotFound
from voyagent.parties.schemas import (
    PartyCreatedOut,
    PartyIn,
    PartyListOut,
    PartyOut,
    PartyPatch,
    PartyQuery,
)
from voyagent.parties.service import parties as service

api = ApiBlueprint("parties", __name__, tag="Parties", guard=Guard.BEARER)
VALUE_ERRORS = (
    service.PartyNameRequired,
    service.PartyKindRequired,
    service.UnknownCountry,
    service.UnknownState,
    service.InvalidTaxNumber,
    service.StateIsNotOfNumber,
    service.InvalidPan,
    service.PanIsNotOfNumber,
    service.PartyNameTaken,
    service.ExternalIdTaken,
)


@api.get("/parties", answer=PartyListOut, permission="party.read", errors=(InvalidCursor,))
def list_parties(reader: Reader, query: PartyQuery) -> Body[PartyListOut]:
    """List customers and suppliers by name.

    A party must match all filters. An empty filter is ignored.
    """
    return PartyListOut.of(
        queries.list_parties(reader, query.search(), limit=query.limit, cursor=query.place())
    )


@api.post(
    "/parties",
    answer=PartyCreatedOut,
    status=201,
    permission="party.create",
    errors=VALUE_ERRORS,
)
def create_party(actor: Actor, body: PartyIn) -> Body[PartyCreatedOut]:
    """Add a customer or supplier.

    The name must be unique in the agency, ignoring case. `similar` names other parties with the
    same tax number, PAN, phone number or e-mail address, or with nearly the same name.
    """
    row = queries.row_of(service.create(actor, **body.changes(actor.currency)))
    return PartyCreatedOut.of(row | {"similar": queries.similar(row)})


@api.get("/parties/<party_id>", answer=PartyOut, permission="party.read", missing=PartyNotFound)
def get_party(reader: Reader, party_id: UUID) -> Body[PartyOut]:
    """Read a customer or supplier."""
    return PartyOut.of(queries.read_party(reader, party_id))


@api.patch(
    "/parties/<party_id>",
    answer=PartyOut,
    permission="party.update",
    missing=PartyNotFound,
    errors=(*VALUE_ERRORS, service.PartyInBooks),
)
def update_party(actor: Actor, party_id: UUID, body: PartyPatch) -> Body[PartyOut]:
    """Change a customer or supplier, or archive it with `is_archived`.

    A member that is absent stays unchanged; null clears a member. If the country changes and no
    state is sent, the state is cleared.
    """
    return PartyOut.of(
        queries.row_of(service.update(actor, party_id, body.changes(actor.currency)))
    )
