"""Export everything that is held about a person."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.invoices.queries.documents import with_tax_numbers
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.keyring import Keyring
from voyagent.parties import queries as parties
from voyagent.privacy.queries import person
from voyagent.privacy.rules.register import HOLDINGS
from voyagent.trips.service import passports


def export(keyring: Keyring, actor: Actor, party_id: UUID, *, form: str) -> Row:
    """Return everything that is held about a person, by table, and record the export.

    Passport numbers and PANs are whole, because the person has a right to a copy. `form` is `json`
    or `pdf`. Keys of the result: party_id, name, made_at, held; `held` has the rows by table.

    Raises Forbidden, PartyNotFound.
    """
    actor.require("privacy.export")
    links = person.links_of(party_id)
    held: dict[str, list[Row]] = {}
    for holding in HOLDINGS:
        if rows := person.rows_of(links, holding):
            held[holding.table] = [_plain(keyring, row) for row in rows]
    opened = sum(1 for row in held.get("trip_passengers", []) if row.get("passport_number"))
    audit.record(
        actor,
        "privacy.exported",
        entity_refs={"party_id": party_id},
        inputs={"format": form},
        outputs={"rows": {table: len(rows) for table, rows in held.items()}, "passports": opened},
    )
    return {
        "party_id": party_id,
        "name": parties.get_party(party_id).name,
        "made_at": clock.now(),
        "held": held,
    }


def _plain(keyring: Keyring, row: Row) -> dict[str, Any]:
    """Return a row with decrypted values and without internal columns."""
    known = dict(row)
    if "passport_sealed" in known:
        sealed = known.pop("passport_sealed")
        known["passport_number"] = passports.opened(
            keyring, known.pop("id"), None if sealed is None else bytes(sealed)
        )
        known.pop("passport_last4")
    if "customer_pan_sealed" in known:
        known = with_tax_numbers(known)
    if "tax_number_sealed" in known:
        known = parties.with_tax_number(known)
    return {name: _wire(value) for name, value in known.items() if value not in (None, "")}


def _wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return wire_instant(value)
    if isinstance(value, UUID | date | Decimal):
        return str(value)
    return value
