"""Create the customers and suppliers that the demo's documents name."""

from __future__ import annotations

import csv
from pathlib import Path

from voyagent.demo.service import documents, enquiries
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.parties.service import parties

_SIDE = {"invoice": "is_customer", "bill": "is_supplier"}


def create_parties(accountant: Actor) -> int:
    """Create the customers and suppliers of the documents; return their number.

    The terms of a customer or supplier are those of its last document in `documents.csv`.
    """
    reached = {line["customer"]: line for line in _lines(enquiries.SOURCE)}
    known: dict[str, parties.PartyChanges] = {}
    for line in _lines(documents.SOURCE):
        party = known.setdefault(line["party"], {"name": line["party"]})
        party |= {_SIDE[line["kind"]]: True, "terms_days": int(line["terms_days"])}  # type: ignore[misc]
    for name, party in known.items():
        parties.create(accountant, **party | _contact(reached.get(name, {})))
    return len(known)


def _contact(line: Row) -> parties.PartyChanges:
    return {"email": line.get("email") or None, "phone": line.get("phone") or None}


def _lines(source: Path) -> list[Row]:
    with source.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
