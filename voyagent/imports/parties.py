"""Files of customers and suppliers: a row is what the API takes to note one, by the same names."""

from __future__ import annotations

from datetime import date

from voyagent.kernel.actor import Actor
from voyagent.parties import service
from voyagent.parties.schemas import PartyIn

NEEDED = ("name",)
COLUMNS = (
    "name",
    "is_customer",
    "is_supplier",
    *(name for name in PartyIn.model_fields if name not in ("name", "is_customer", "is_supplier")),
)
PLACES = service.PLACES


class Taker:
    """Takes a file of customers and suppliers."""

    def __init__(self, actor: Actor, _on: date | None) -> None:
        self._actor = actor

    def take(self, cells: dict[str, str]) -> None:
        """Note a customer or supplier; `yes` and `no` say what it is.

        Raises ValidationError, and what `parties.service.create` raises.
        """
        service.create(self._actor, **PartyIn.model_validate(cells, strict=False).said())

    def finish(self) -> None:
        """Nothing is left to do once each row was taken."""
