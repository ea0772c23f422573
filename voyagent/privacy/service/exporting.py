"""Export everything that is held about a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
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
from voyagent.privacy.service.searches import searching
from voyagent.trips.service import passports

_CONVERSATIONS = ("chat_messages", "chat_turns", "chat_events", "chat_turn_steps", "approvals")
_ITEM = re.compile(r"[ \t]{0,20}(?:\d{1,4}[.)]|[-*•|])\s")
"""Beginning of a line of a list or table in a text; it may be about somebody else."""
_CHOSEN = (*_CONVERSATIONS, "chat_sessions", "trip_lines", "audit_private")
"""Tables whose rows may be about other people too."""


def export(keyring: Keyring, actor: Actor, party_id: UUID, *, form: str) -> Row:
    """Return everything that is held about a person, by table, and record the export.

    Passport numbers and PANs are whole, because the person has a right to a copy. `form` is `json`
    or `pdf`. Of a conversation, only the rows, such as messages, that name the person or a record
    of the person are exported.

    Keys of the result: party_id, name, made_at, held, left_out. `held` has the rows by table, and
    `left_out` the number of rows that were left out, by table.

    Raises Forbidden, PartyNotFound, SearchesBusy, SearchTimedOut.
    """
    actor.require("privacy.export")
    with searching(actor, "privacy.export"):
        return _export(keyring, actor, party_id, form)


def _export(keyring: Keyring, actor: Actor, party_id: UUID, form: str) -> Row:
    links = person.links_of(party_id)
    rows = {one.table: person.rows_of(links, one) for one in HOLDINGS}
    for row in rows["chat_events"]:
        row["data"] = json.loads(row["data"])
    texts = {text for table in _CHOSEN for row in rows[table] for text in _texts_in(row)}
    named = person.texts_about(links, texts)
    held: dict[str, list[Row]] = {}
    left_out: dict[str, int] = {}
    for table, found in rows.items():
        own = [_own(table, row, links, named) for row in found]
        if kept := [_plain(keyring, row) for row in own if row is not None]:
            held[table] = kept
        if len(kept) < len(found):
            left_out[table] = len(found) - len(kept)
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


def _own(table: str, row: Row, links: Links, named: frozenset[str]) -> Row | None:
    """Return the part of a row that is about the person, or None if nothing is."""
    if table == "audit_private":
        return row if row["seq"] in links.own_events or _text_of(row) in named else None
    if table == "chat_sessions":
        return row if _text_of(row["title"]) in named else {**row, "title": None}
    if table in _CONVERSATIONS:
        part: Row = _part(row, named, of_answer=row.get("role") != "user" and table != "chat_turns")
        return part if _text_of(row) in named else None
    if table == "trip_lines":
        return _own_line(row, links, named)
    return row


def _own_line(row: Row, links: Links, named: frozenset[str]) -> Row:
    """Return the part of a trip line that is about the person.

    If the details of the line name the person, elements of lists that do not name the person are
    left out. If the details do not name the person, they are None on a trip of another customer,
    and complete on a trip of the person.
    """
    line = {name: value for name, value in row.items() if name != "trip_id"}
    if _text_of(line["details"]) in named:
        return {**line, "details": _part(line["details"], named)}
    return {**line, "details": None} if row["trip_id"] in links.joined else line


def _part(value: Any, named: frozenset[str], *, of_answer: bool = False) -> Any:
    """Return a value without the elements of its lists that do not name the person.

    `named` has the texts that name the person. If `of_answer` is true, the value is output of the
    assistant: in its texts, `…` also replaces each line of a list or table that does not name the
    person.
    """
    if isinstance(value, dict):
        return {name: _part(one, named, of_answer=of_answer) for name, one in value.items()}
    if isinstance(value, list):
        return [_part(one, named, of_answer=of_answer) for one in value if _text_of(one) in named]
    if of_answer and isinstance(value, str):
        lines = [
            line if not _ITEM.match(line) or line in named else "…" for line in value.split("\n")
        ]
        return re.sub(r"(?:^…\n){2,}", "…\n", "\n".join(lines), flags=re.MULTILINE)
    return value


def _texts_in(row: Row) -> Iterator[str]:
    """Yield the texts of a row that are searched for the person.

    These are the whole row, each value, each element of a list, and each line of a list or table in
    a text.
    """
    yield _text_of(row)
    for value in row.values():
        yield _text_of(value)
        yield from _elements_in(value)


def _elements_in(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from map(_text_of, value)
    if isinstance(value, str):
        yield from filter(_ITEM.match, value.split("\n"))
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _elements_in(part)


def _text_of(value: Any) -> str:
    """Return all values of a nested JSON value as one text, without the keys.

    A quotation mark stands between two values, so that no name is found across two values.
    """
    if isinstance(value, dict):
        return '"'.join(map(_text_of, value.values()))
    if isinstance(value, list):
        return '"'.join(map(_text_of, value))
    return "" if value is None else str(value)


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
        known = parties.with_tax_numbers(known)
    if "number_sealed" in known:
        known = parties.with_number(known)
    return {name: _wire(value) for name, value in known.items() if value not in (None, "")}


def _wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return wire_instant(value)
    if isinstance(value, UUID | date | Decimal):
        return str(value)
    return value
