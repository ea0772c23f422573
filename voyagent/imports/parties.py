"""Files of customers and suppliers: a row is what the API takes to note one, by the same names."""

from __future__ import annotations

from voyagent.kernel.actor import Actor
from voyagent.parties import service
from voyagent.parties.schemas import PartyIn

COLUMNS = tuple(PartyIn.model_fields)
NEEDED = ("name",)
PLACES = service.PLACES


def take(actor: Actor, cells: dict[str, str]) -> None:
    """Note a customer or supplier; `yes` and `no` say what it is. Raises ValidationError, and what `parties.service.create` raises."""
    service.create(actor, **PartyIn.model_validate(cells, strict=False).said())
