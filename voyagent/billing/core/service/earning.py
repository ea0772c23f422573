"""Revenue recognition: principal sales with a later day of service are deferred income."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from voyagent.billing.core.queries.recognitions import DEFERRED, RECOGNITION, recognised
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.ledger import service as ledger

SALES = {"principal": "revenue_services", "agent": "held_for_suppliers", "fee": "revenue_fees"}
"""Account of a line by kind of sale; agency sales are no revenue."""
COMMISSION = "revenue_commission"
"""Account of an agent's commission."""
_RECOGNISES = {"invoice": "invoice.issue", "credit_note": "invoice.credit"}
"""Permission to post on days of service, by type of document."""
_TAKES_BACK = {"invoice": "invoice.void", "credit_note": "invoice.credit"}
"""Permission to reverse that."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """A booking on a day of service: purpose, 1 debit or -1 credit, amount."""

    day: date
    sides: list[tuple[str, int, Money]]

    @property
    def amount(self) -> Money:
        """The amount on each side."""
        return self.sides[0][2]


def deferred(lines: Iterable[Any], day: date) -> frozenset[int]:
    """Return the principal lines with a service after a day, by number."""
    return frozenset(
        line.line_no
        for line in lines
        if line.sold_as == "principal" and line.service_date is not None and line.service_date > day
    )


def recognitions(
    lines: Iterable[Any], waiting: Collection[int], currency: str, *, is_credit: bool = False
) -> list[Recognition]:
    """Return the bookings of waiting lines, one for each day of service; reversed for a credit."""
    sums: dict[date, int] = {}
    for line in lines:
        if line.line_no in waiting:
            sums[line.service_date] = sums.get(line.service_date, 0) + line.amount_minor
    accounts = (SALES["principal"], DEFERRED) if is_credit else (DEFERRED, SALES["principal"])
    return [
        Recognition(day, [(accounts[0], 1, amount), (accounts[1], -1, amount)])
        for day, minor in sorted(sums.items())
        if (amount := Money(minor, currency))
    ]


def recognise(
    actor: Actor,
    source: tuple[str, UUID],
    found: Iterable[Recognition],
    *,
    narration: str,
    memo: str,
    trip_id: UUID | None,
) -> None:
    """Post the bookings of a document's days of service, once for each day.

    Raises ApprovalRequired, and the errors of `ledger.post`.
    """
    actor.require_authority(_RECOGNISES[source[0]])
    for one in found:
        ledger.post(
            actor,
            source_type=source[0],
            source_id=source[1],
            purpose=f"{RECOGNITION} {one.day.isoformat()}",
            narration=f"{narration}, on the day of service",
            lines=ledger.lines_of(one.sides, memo=memo),
            entry_date=one.day,
            trip_id=trip_id,
        )


def take_back(actor: Actor, source: tuple[str, UUID], *, reason: str, day: date) -> None:
    """Reverse a document's bookings, each on its day or on the given later one.

    Raises ApprovalRequired, and the errors of `ledger.reverse`.
    """
    actor.require_authority(_TAKES_BACK[source[0]])
    for entry_id, booked_on in recognised(*source):
        ledger.reverse(actor, entry_id, reason=reason, entry_date=max(day, booked_on))
