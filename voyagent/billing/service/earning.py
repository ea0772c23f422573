"""When a line becomes revenue, and on which account: what is sold as principal and given later
waits as deferred income until the day of service.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from voyagent.billing.queries import DEFERRED, RECOGNITION, recognised
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.ledger import service as ledger

SALES = {"principal": "revenue_services", "agent": "held_for_suppliers", "fee": "revenue_fees"}
"""The account that a line stands on by how it is sold: what is passed on as agent is no revenue."""
COMMISSION = "revenue_commission"
"""The account of what an agent keeps of that."""

_RECOGNISES = {"invoice": "invoice.issue", "credit_note": "invoice.credit"}
"""The permission by which a type of document books on days of service."""
_TAKES_BACK = {"invoice": "invoice.void", "credit_note": "invoice.credit"}
"""The permission by which that is reversed."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What is booked on a day of service: the account by its purpose, 1 for debit or -1 for credit,
    and the amount.
    """

    day: date
    sides: list[tuple[str, int, Money]]

    @property
    def amount(self) -> Money:
        """What is booked on each of its sides."""
        return self.sides[0][2]


def deferred(lines: Iterable[Any], day: date) -> frozenset[int]:
    """The lines, by number, that are not earned on the evening of a day: sold as principal, and
    given after it.
    """
    return frozenset(
        line.line_no
        for line in lines
        if line.sold_as == "principal" and line.service_date is not None and line.service_date > day
    )


def recognitions(
    lines: Iterable[Any], waiting: Collection[int], currency: str, *, is_credit: bool = False
) -> list[Recognition]:
    """What becomes revenue of the lines that wait, a booking for each day of service; of a credit,
    what does not become revenue after all.
    """
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
    """Post what is booked on the days of service of a document, once for each day; it is of the
    document's trip. Raises ApprovalRequired, and what `ledger.post` raises.
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
    """Reverse what a document has booked on days of service, each on that day, or on the one given
    where that is later. Raises ApprovalRequired, and what `ledger.reverse` raises.
    """
    actor.require_authority(_TAKES_BACK[source[0]])
    for entry_id, booked_on in recognised(*source):
        ledger.reverse(actor, entry_id, reason=reason, entry_date=max(day, booked_on))
