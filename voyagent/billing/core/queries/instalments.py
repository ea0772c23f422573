"""Instalments of a document, with the open amount of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from voyagent.billing.core.queries.documents import open_minor_of
from voyagent.kernel.database.read_pool import Row


@dataclass(frozen=True, slots=True)
class Instalment:
    """An instalment of a document, with its open amount.

    `place` is the number of the instalment, from 1. Amounts are in minor units of the document's
    currency. The open amount is zero for drafts, paid and void documents.
    """

    place: int
    due_date: date
    amount_minor: int
    open_minor: int


def instalments_of(row: Row) -> list[Instalment]:
    """Return a document's instalments by due date, or an empty list.

    `row` is a row of an invoice or bill. Payments and credits settle the earliest instalment first.
    """
    instalments, settled = [], row["total_minor"] - open_minor_of(row)
    for place, (due, minor) in enumerate(
        zip(row.get("instalment_dues") or (), row.get("instalment_minors") or (), strict=True),
        start=1,
    ):
        taken = min(settled, minor)
        settled -= taken
        instalments.append(Instalment(place, due, minor, minor - taken))
    return instalments
