"""Instalments: a document due on several days; payments settle the earliest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from voyagent.billing.core.errors import (
    InstalmentsDoNotAddUp,
    InvalidInstalmentAmount,
    InvalidInstalmentDates,
    InvalidInstalments,
)
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.ledger.service import LAST_DAY

INSTALMENTS_MIN, INSTALMENTS_MAX = 2, 36


class InstalmentItem(TypedDict):
    """An instalment; the amount is a decimal in the document's currency."""

    due_date: date
    amount: str | Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """Instalments in order: day and minor units; empty for a single due date."""

    dues: tuple[date, ...] = ()
    minors: tuple[int, ...] = ()

    def columns(self) -> dict[str, Any]:
        """Return the document's columns, with the first due date."""
        if not self.dues:
            return {"instalment_dues": None, "instalment_minors": None}
        return {
            "instalment_dues": list(self.dues),
            "instalment_minors": list(self.minors),
            "due_date": self.dues[0],
        }


def plan_of(document: Invoice | Bill) -> Plan:
    """Return the instalments of a document."""
    return Plan(tuple(document.instalment_dues or ()), tuple(document.instalment_minors or ()))


def read(
    items: Sequence[InstalmentItem] | None,
    currency: str,
    issue_date: date,
    due_date: date | None = None,
) -> Plan:
    """Read 2 to 36 instalments, or none; a named due date is that of the first.

    Raises InvalidInstalments, InvalidInstalmentDates, InvalidInstalmentAmount; UnknownCurrency.
    """
    if not items:
        return Plan()
    plan = Plan(
        tuple(item["due_date"] for item in items),
        tuple(_minor(item["amount"], currency) for item in items),
    )
    if not INSTALMENTS_MIN <= len(items) <= INSTALMENTS_MAX or min(plan.minors) <= 0:
        raise InvalidInstalments
    check_days(plan, issue_date)
    if due_date not in (None, plan.dues[0]):
        raise InvalidInstalmentDates
    return plan


def check_days(plan: Plan, issue_date: date) -> None:
    """Check that days rise and do not precede the issue. Raises InvalidInstalmentDates."""
    if plan.dues and not (
        issue_date <= plan.dues[0]
        and plan.dues[-1] <= LAST_DAY
        and list(plan.dues) == sorted(set(plan.dues))
    ):
        raise InvalidInstalmentDates


def in_currency(plan: Plan, known: str, wanted: str) -> Plan:
    """Return the same figures in another currency; extra decimals are refused.

    Raises InvalidInstalmentAmount.
    """
    return Plan(
        plan.dues, tuple(_minor(Money(minor, known).decimal, wanted) for minor in plan.minors)
    )


def check_sum(document: Invoice | Bill) -> None:
    """Check that instalments equal the total with taxes. Raises InstalmentsDoNotAddUp."""
    if (
        document.instalment_minors is not None
        and sum(document.instalment_minors) != document.total_minor
    ):
        raise InstalmentsDoNotAddUp


def _minor(amount: str | Decimal, currency: str) -> int:
    try:
        return Money.parse(amount, currency).amount_minor
    except InvalidAmount:
        raise InvalidInstalmentAmount from None
