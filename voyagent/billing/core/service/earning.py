"""Deferred revenue and prepaid cost, which are recognised on the day of service.

Only the revenue of invoice lines sold as principal, in the agency's own name, is deferred. The cost
that is prepaid is that of bill lines which are the agency's own cost (`input_taxes`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries.recognitions import DEFERRED, PURPOSES, WAITING, recognised
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
KEPT = "revenue_cancellation"
"""Key of the account of what the agency keeps of a cancelled sale before its service date."""
_RECOGNISES = {
    "invoice": "invoice.issue",
    "credit_note": "invoice.credit",
    "bill": "bill.receive",
    "supplier_credit": "bill.credit",
}
"""Permission to recognise revenue or cost, by type of document."""
_TAKES_BACK = _RECOGNISES | {"invoice": "invoice.void", "bill": "bill.void"}
"""Permission to reverse recognised revenue or cost, by type of document."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The journal lines that recognise revenue or cost on a service date.

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
    dated = (
        (line.service_date, line.amount_minor)
        for line in lines
        if line.service_date is not None and line.line_no in waiting
    )
    accounts = (SALES["principal"], DEFERRED) if is_credit else (DEFERRED, SALES["principal"])
    return by_day(dated, *accounts, currency)


def by_day(
    dated: Iterable[tuple[date, int]], debited: str, credited: str, currency: str
) -> list[Recognition]:
    """Return a recognition for each date, with the sum of its amounts in minor units.

    `debited` and `credited` are keys of accounts.
    """
    sums: dict[date, int] = {}
    for day, minor in dated:
        sums[day] = sums.get(day, 0) + minor
    return [
        Recognition(day, [(debited, 1, amount), (credited, -1, amount)])
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
    document: Invoice | Bill,
    posted: Posted,
) -> None:
    """Post the entries that recognise revenue or cost, one for each service date.

    `source` is the type of the document (a key of `WAITING`) and its id. `memo` is the text of the
    journal lines. `document` is the source itself or the document that the source credits; the
    entries have its exchange rate and its trip. `posted` is the entry of the source: what waits of
    it in the base currency is divided over the service dates. Raises ApprovalRequired, and the
    errors of `entries.post`.
    """
    actor.require_authority(_RECOGNISES[source[0]])
    days, account = list(found), WAITING[source[0]]
    base_minor = posted.base_minor(account)
    bases: list[Money] | list[None] = (
        [None] * len(days)
        if base_minor is None or not days
        else Money(abs(base_minor), actor.currency).split([one.amount.amount_minor for one in days])
    )
    for one, base in zip(days, bases, strict=True):
        entries.post(
            actor,
            source_type=source[0],
            source_id=source[1],
            purpose=f"{PURPOSES[account]} {one.day.isoformat()}",
            narration=f"{narration}, on the day of service",
            lines=entries.lines_of(one.sides, memo=memo, bases=[base, base]),
            entry_date=one.day,
            trip_id=document.trip_id,
            **booked_at(document),
        )


def take_back(actor: Actor, source: tuple[str, UUID], *, reason: str, day: date) -> None:
    """Reverse the entries that recognise a document's revenue or cost.

    Each reversal has the date of the entry that it reverses, or `day` if `day` is later. Raises
    ApprovalRequired, and the errors of `entries.reverse`.
    """
    actor.require_authority(_TAKES_BACK[source[0]])
    for entry_id, booked_on in recognised(*source):
        entries.reverse(actor, entry_id, reason=reason, entry_date=max(day, booked_on))
