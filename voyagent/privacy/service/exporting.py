"""Export everything that is held about a person."""

from __future__ import annotations

import json
import re
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
from voyagent.privacy.queries.person import Links
from voyagent.privacy.rules.register import HOLDINGS
from voyagent.trips.service import passports

_CONVERSATIONS = ("chat_messages", "chat_turns", "chat_events", "chat_turn_steps", "approvals")


def export(keyring: Keyring, actor: Actor, party_id: UUID, *, form: str) -> Row:
    """Return everything that is held about a person, by table, and record the export.

    Passport numbers and PANs are whole, because the person has a right to a copy. `form` is `json`
    or `pdf`. The other messages of a conversation may be about other people. Therefore only
    messages and results that name the person or one of the person's records are exported.

    Keys of the result: party_id, name, made_at, held, left_out. `held` has the rows by table, and
    `left_out` the number of rows that were left out, by table.

    Raises Forbidden, PartyNotFound.
    """
    actor.require("privacy.export")
    links = person.links_of(party_id)
    held: dict[str, list[Row]] = {}
    left_out: dict[str, int] = {}
    marks = _marks(links)
    for holding in HOLDINGS:
        rows = person.rows_of(links, holding)
        found = [_own(holding.table, row, links, marks) for row in rows]
        if kept := [_plain(keyring, row) for row in found if row is not None]:
            held[holding.table] = kept
        if len(kept) < len(rows):
            left_out[holding.table] = len(rows) - len(kept)
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
        "left_out": left_out,
    }


def _marks(links: Links) -> re.Pattern[str]:
    """Return the expression that finds the person's names, contacts and record ids."""
    records = (*links.enquiries, *links.trips, *links.passengers, links.party_id)
    ids = map(re.escape, (*links.documents, *map(str, records)))
    return re.compile("|".join((*person.patterns_of(links), *ids)), re.IGNORECASE)


def _own(table: str, row: Row, links: Links, marks: re.Pattern[str]) -> Row | None:
    """Return the part of a row that is about the person, or None if nothing is."""
    if table == "audit_private":
        return row if row["seq"] in links.own_events or _names(row, marks) else None
    if table == "chat_sessions":
        return row if _names(row["title"], marks) else {**row, "title": None}
    if table in _CONVERSATIONS:
        part: Row = _part(row, marks)
        return part if _names(row, marks) else None
    if table == "trip_lines":
        return _own_line(row, links, marks)
    return row


def _own_line(row: Row, links: Links, marks: re.Pattern[str]) -> Row:
    """Return a service; of another customer's trip only data that names the person."""
    line = {name: value for name, value in row.items() if name != "trip_id"}
    if _names(line["details"], marks):
        return {**line, "details": _part(line["details"], marks)}
    return {**line, "details": None} if row["trip_id"] in links.joined else line


def _part(value: Any, marks: re.Pattern[str]) -> Any:
    """Return a value without the elements of its lists that do not name the person."""
    if isinstance(value, dict):
        return {name: _part(one, marks) for name, one in value.items()}
    if isinstance(value, list):
        return [_part(one, marks) for one in value if _names(one, marks)]
    return value


def _names(value: Any, marks: re.Pattern[str]) -> bool:
    return marks.search(json.dumps(value, ensure_ascii=False, default=str)) is not None


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
