"""Field of forms that tells customers or suppliers with one name apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField

from voyagent.http.forms import Schema, SchemaForm
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.ids import parse_id
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.parties import queries as parties
from voyagent.parties.forms import told
from voyagent.parties.service.parties import PartyAmbiguous


class PartyFields(SchemaForm[Schema]):
    """The part of a form in which the user chooses among parties with one name.

    `party_id` has choices, and is shown, only if several parties have the entered name. A choice
    that does not have this name any more is ignored.
    """

    party: ClassVar[str]
    """The name of the field that contains the customer or the supplier."""

    party_id = SelectField(_l("Which one"), choices=[], validate_choice=False)

    def values(self) -> dict[str, Any]:
        """Return the entered values; `party_id` is left out if it is of another name."""
        values = super().values()
        if values.pop("party_id", None) and self.chosen_id is not None:
            values["party_id"] = str(self.chosen_id)
        return values

    def refuse(self, error: VoyagentError, **fields: str) -> None:
        """Show an error of the service; if the name is ambiguous, offer the parties."""
        super().refuse(error, **fields)
        if isinstance(error, PartyAmbiguous):
            self._offer(error.candidates)

    def offer_parties(self) -> None:
        """Offer the parties with the entered name, if one of several was chosen before."""
        if self.party_id.data and not self.party_id.choices:
            self._offer(self._found())

    @property
    def chosen_id(self) -> UUID | None:
        """The id of the chosen party, or None if it does not have the entered name."""
        chosen = self._chosen()
        return chosen["id"] if chosen else None

    @property
    def found_id(self) -> UUID | None:
        """The id of the chosen party, or of the only one with the entered name, or None."""
        if chosen_id := self.chosen_id:
            return chosen_id
        named = parties.find_named(self._name) if self._name else ()
        return named[0].id if len(named) == 1 else None

    @property
    def party_ref(self) -> PartyRef:
        """The chosen party, or the entered name."""
        chosen_id = self.chosen_id if self.party_id.data else None
        return chosen_id or str(self._fields[self.party].data or "")

    @property
    def _name(self) -> str:
        return " ".join(str(self._fields[self.party].data or "").replace("\x00", "").split())

    def _chosen(self) -> Row | None:
        party_id = parse_id(self.party_id.data or "")
        return parties.find_of_name(party_id, self._name) if party_id else None

    def _found(self) -> list[Row]:
        """Return the parties with the entered name, also the chosen one if it is merged."""
        named = parties.find_named(self._name) if self._name else ()
        rows = [parties.row_of(party) for party in named]
        chosen = self._chosen()
        return rows if chosen is None or chosen in rows else [*rows, chosen]

    def _offer(self, rows: Iterable[Row]) -> None:
        choices = [SelectChoice(str(row["id"]), f"{row['name']} · {told(row)}") for row in rows]
        if len(choices) > 1:
            self.party_id.choices = [SelectChoice("", ""), *choices]
