"""Deferred revenue and prepaid cost, which are recognised on later days.

The method of the agency's recognition policy determines these days: the first or the last day of
the service, or the last service day in each month (`rules.parts_of`). The docstrings here call each
of them a service date. The revenue of invoice lines sold as principal, in the agency's own name, is
deferred, and the commission on sales as agent if the policy says so. The cost that is prepaid is
that of bill lines which are the agency's own cost (`input_taxes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries.costs import parts_of_line
from voyagent.billing.core.queries.policies import Methods, methods_on
from voyagent.billing.core.queries.recognitions import DEFERRED, PURPOSES, WAITING, recognised
from voyagent.billing.core.rules import Parts, later_parts
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
"""Key of the account of deferred revenue that is kept when a sale is cancelled."""
_RECOGNISES = {
    "invoice": "invoice.issue",
    "credit_note": "invoice.credit",
    "bill": "bill.receive",
    "supplier_credit": "bill.credit",
}
"""Permission to recognise revenue or cost, by type of document."""
_TAKES_BACK = _RECOGNISES | {"invoice": "invoice.void", "bill": "bill.void"}
"""Permission to reverse recognised revenue or cost, by type of document."""


EARNED = {"principal": SALES["principal"], "agent": COMMISSION}
"""Key of the account of the revenue that a line defers, by the value of `sold_as`."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The journal lines that recognise revenue or cost on a service date.

    Each item of `sides` is a journal line: key of the account, 1 for debit or -1 for credit, and
    amount. The account on which the amount waits has one journal line.
    """

    day: date
    sides: list[tuple[str, int, Money]]

    @property
    def amount(self) -> Money:
        """The recognised amount."""
        debits = [amount for _account, sign, amount in self.sides if sign > 0]
        return sum(debits[1:], debits[0])


def deferred(
    lines: Iterable[InvoiceLine], day: date, methods: Methods | None = None
) -> dict[int, dict[date, int]]:
    """Return the deferred revenue of the lines of an invoice on its issue date.

    The keys are line numbers; the values are the parts after `day` in minor units, by day.
    `methods` are for lines of a draft, which have no method yet (`methods_of_draft`).
    """
    found = {}
    for line in lines:
        method = line.recognition
        if method is None and methods is not None:
            method = methods.of_sale(line.sold_as, line.service_date)
        if later := later_parts(parts_of_line(line, method), day):
            found[line.line_no] = later
    return found


def methods_of_draft(invoice: Invoice, lines: Iterable[InvoiceLine]) -> Methods | None:
    """Return the methods of the issue date of a draft, or None if no line needs one.

    The result is also None if the invoice is already posted.
    """
    if invoice.entry_id is not None:
        return None
    needs = any(line.service_date and line.recognition is None for line in lines)
    return methods_on(invoice.issue_date) if needs else None


def keep_methods(invoice: Invoice, lines: Iterable[InvoiceLine]) -> None:
    """Store the methods with which the lines of a draft are posted."""
    methods = methods_of_draft(invoice, lines)
    if methods is not None:
        for line in lines:
            line.recognition = methods.of_sale(line.sold_as, line.service_date)


def recognitions(
    lines: Iterable[InvoiceLine | CreditedLine],
    waiting: Mapping[int, Parts],
    currency: str,
    *,
    is_credit: bool = False,
) -> list[Recognition]:
    """Return a recognition for each day with deferred revenue.

    `waiting` has the deferred revenue by line number, as `deferred` returns it. Set `is_credit` for
    the lines of a credit note; the debit and the credit are then swapped.
    """
    dated = (
        (day, EARNED[line.sold_as], minor)
        for line in lines
        for day, minor in waiting.get(line.line_no, {}).items()
    )
    return by_day(dated, DEFERRED, currency, is_credit=is_credit)


def by_day(
    dated: Iterable[tuple[date, str, int]], waits_on: str, currency: str, *, is_credit: bool = False
) -> list[Recognition]:
    """Return a recognition for each day, with the sums of its amounts in minor units.

    Each item of `dated` has a day, the key of the account of revenue or cost, and an amount.
    `waits_on` is the key of the account on which the amounts wait. Revenue is credited and cost is
    debited; with `is_credit` it is the other way round.
    """
    sums: dict[date, dict[str, int]] = {}
    for day, account, minor in dated:
        of_day = sums.setdefault(day, {})
        of_day[account] = of_day.get(account, 0) + minor
    sign = (1 if waits_on == DEFERRED else -1) * (-1 if is_credit else 1)
    found = []
    for day, of_day in sorted(sums.items()):
        waiting = (waits_on, sign, Money(sum(of_day.values()), currency))
        earned = [(account, -sign, Money(minor, currency)) for account, minor in of_day.items()]
        if waiting[2]:
            found.append(Recognition(day, [waiting, *earned] if sign > 0 else [*earned, waiting]))
    return found


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
    entries have its exchange rate and its trip. `posted` is the entry of the source: its base
    amount on the account of deferred revenue or prepaid cost is divided over the service dates.
    Raises ApprovalRequired, and the errors of `entries.post`.
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
            lines=entries.lines_of(one.sides, memo=memo, bases=_bases_of(one, account, base)),
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


def _bases_of(one: Recognition, waits_on: str, base: Money | None) -> list[Money] | list[None]:
    """Return the base amount of each journal line of a recognition."""
    if base is None:
        return [None] * len(one.sides)
    earned = [amount.amount_minor for account, _sign, amount in one.sides if account != waits_on]
    shares = iter(base.split(earned))
    return [base if account == waits_on else next(shares) for account, _sign, _amount in one.sides]
