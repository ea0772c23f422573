"""Deferred revenue, which is recognised on the day of service.

Only the revenue of invoice lines sold as principal, in the agency's own name, is deferred.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries.recognitions import DEFERRED, RECOGNITION, recognised
from voyagent.billing.core.service.crediting import CreditedLine
from voyagent.billing.core.service.exchange import booked_at
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Posted

SALES = {"principal": "revenue_services", "agent": "held_for_suppliers", "fee": "revenue_fees"}
"""Key of the account to which an invoice line is posted, by the value of `sold_as`.

The amount of a line sold as agent is no revenue: the agency holds it for the supplier.
"""
COMMISSION = "revenue_commission"
"""Key of the account of the agency's commission."""
_RECOGNISES = {"invoice": "invoice.issue", "credit_note": "invoice.credit"}
"""Permission to recognise revenue, by type of document."""
_TAKES_BACK = {"invoice": "invoice.void", "credit_note": "invoice.credit"}
"""Permission to reverse recognised revenue, by type of document."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The journal lines that recognise revenue on a service date.

    Each item of `sides` is a journal line: key of the account, 1 for debit or -1 for credit, and
    amount.
    """

    day: date
    sides: list[tuple[str, int, Money]]

    @property
    def amount(self) -> Money:
        """The recognised amount."""
        return self.sides[0][2]


def deferred(lines: Iterable[InvoiceLine | CreditedLine], day: date) -> frozenset[int]:
    """Return the numbers of the lines whose revenue is deferred on a day.

    The revenue of a line is deferred if the line is sold as principal and has a service date after
    `day`.
    """
    return frozenset(
        line.line_no
        for line in lines
        if line.sold_as == "principal" and line.service_date is not None and line.service_date > day
    )


def recognitions(
    lines: Iterable[InvoiceLine | CreditedLine],
    waiting: Collection[int],
    currency: str,
    *,
    is_credit: bool = False,
) -> list[Recognition]:
    """Return a recognition for each service date of the deferred lines.

    `waiting` has the numbers of the deferred lines; other lines are ignored. Set `is_credit` for
    the lines of a credit note; the debit and the credit are then swapped.
    """
    sums: dict[date, int] = {}
    for line in lines:
        if line.service_date is not None and line.line_no in waiting:
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
    invoice: Invoice,
    posted: Posted,
) -> None:
    """Post the entries that recognise a document's revenue, one for each service date.

    `source` is the type of the document, `invoice` or `credit_note`, and its id. `memo` is the text
    of the journal lines. `invoice` is the source itself or the invoice of the credit note; the
    entries have its exchange rate and its trip. `posted` is the entry of the source: what it
    deferred in the base currency is divided over the service dates. Raises ApprovalRequired, and
    the errors of `entries.post`.
    """
    actor.require_authority(_RECOGNISES[source[0]])
    days = list(found)
    deferred_minor = posted.base_minor(DEFERRED)
    bases: list[Money] | list[None] = (
        [None] * len(days)
        if deferred_minor is None or not days
        else Money(abs(deferred_minor), actor.currency).split(
            [one.amount.amount_minor for one in days]
        )
    )
    for one, base in zip(days, bases, strict=True):
        entries.post(
            actor,
            source_type=source[0],
            source_id=source[1],
            purpose=f"{RECOGNITION} {one.day.isoformat()}",
            narration=f"{narration}, on the day of service",
            lines=entries.lines_of(one.sides, memo=memo, bases=[base, base]),
            entry_date=one.day,
            trip_id=invoice.trip_id,
            **booked_at(invoice),
        )


def take_back(actor: Actor, source: tuple[str, UUID], *, reason: str, day: date) -> None:
    """Reverse the entries that recognise a document's revenue.

    Each reversal has the date of the entry that it reverses, or `day` if `day` is later. Raises
    ApprovalRequired, and the errors of `entries.reverse`.
    """
    actor.require_authority(_TAKES_BACK[source[0]])
    for entry_id, booked_on in recognised(*source):
        entries.reverse(actor, entry_id, reason=reason, entry_date=max(day, booked_on))
