"""Instalments of a document row, with their open amounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from voyagent.billing.core.queries.documents import open_minor_of
from voyagent.kernel.database.read_pool import Row


@dataclass(frozen=True, slots=True)
class Instalment:
    """An instalment, counted from 1, in minor units of the document's currency.

    Drafts, paid and void documents have no open amount.
    """

    place: int
    due_date: date
    amount_minor: int
    open_minor: int


def instalments_of(row: Row) -> list[Instalment]:
    """Return the instalments of a document by due date; settlement takes the earliest first."""
    told, settled = [], row["total_minor"] - open_minor_of(row)
    for place, (due, minor) in enumerate(
        zip(row.get("instalment_dues") or (), row.get("instalment_minors") or (), strict=True),
        start=1,
    ):
        taken = min(settled, minor)
        settled -= taken
        told.append(Instalment(place, due, minor, minor - taken))
    return told
