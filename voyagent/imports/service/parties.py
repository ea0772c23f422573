"""Import customers and suppliers, with the API's field names as columns."""

from __future__ import annotations

from datetime import date

from voyagent.kernel.actor import Actor
from voyagent.parties import queries as parties
from voyagent.parties.schemas import PartyIn
from voyagent.parties.service import parties as service

NEEDED = ("name",)
COLUMNS = (
    "name",
    "is_customer",
    "is_supplier",
    *(name for name in PartyIn.model_fields if name not in ("name", "is_customer", "is_supplier")),
)
ERROR_FIELDS = service.ERROR_FIELDS


class Taker:
    """Importer of customers and suppliers."""

    def __init__(self, actor: Actor, _on: date | None) -> None:
        self._actor = actor

    def take(self, cells: dict[str, str]) -> None:
        """Add a customer or supplier.

        The columns `is_customer` and `is_supplier` contain `yes` or `no`. Two parties with one
        name need an `external_id`. Raises ValidationError, PartyNameTaken, and the errors of
        `parties.create`.
        """
        changes = PartyIn.model_validate(cells, strict=False).changes(self._actor.currency)
        # A file that is imported again would otherwise add every party a second time.
        if not changes.get("external_id") and any(
            party.origin not in parties.AUTOMATIC for party in parties.find_named(changes["name"])
        ):
            raise service.PartyNameTaken
        service.create(self._actor, origin="import", **changes)

    def finish(self) -> None:
        """Do nothing, because each row is already imported."""
