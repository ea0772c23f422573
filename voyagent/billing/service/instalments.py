"""The rules of instalments: what a document is over may be due on several days, each with its own
amount; what settles it settles the earliest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from voyagent.billing.models import Bill, Invoice
from voyagent.billing.service.errors import (
    InstalmentsDoNotAddUp,
    InvalidInstalmentAmount,
    InvalidInstalmentDates,
    InvalidInstalments,
)
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.ledger.service import LAST_DAY

INSTALMENTS_MIN, INSTALMENTS_MAX = 2, 36


class InstalmentItem(TypedDict):
    """An instalment as it is asked for; the amount is a plain decimal of the document's currency."""

    due_date: date
    amount: str | Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The instalments of a document in order: the day of each, and its amount in minor units; none
    where the document is due on one day.
    """

    dues: tuple[date, ...] = ()
    minors: tuple[int, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The columns of a document that keep it, with the day on which the first is due."""
        if not self.dues:
            return {"instalment_dues": None, "instalment_minors": None}
        return {
            "instalment_dues": list(self.dues),
            "instalment_minors": list(self.minors),
            "due_date": self.dues[0],
        }


def plan_of(document: Invoice | Bill) -> Plan:
    """The plan of a document."""
    return Plan(tuple(document.instalment_dues or ()), tuple(document.instalment_minors or ()))


def read(
    items: Sequence[InstalmentItem] | None,
    currency: str,
    issue_date: date,
    due_date: date | None = None,
) -> Plan:
    """The plan that is asked for, from 2 to 36 instalments, or none for none at all.

    A due date that is named beside it is that of the first.

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
    """Each instalment is due after the one before, the first not before the document is issued.

    Raises InvalidInstalmentDates.
    """
    if plan.dues and not (
        issue_date <= plan.dues[0]
        and plan.dues[-1] <= LAST_DAY
        and list(plan.dues) == sorted(set(plan.dues))
    ):
        raise InvalidInstalmentDates


def in_currency(plan: Plan, known: str, wanted: str) -> Plan:
    """The same figures in another currency; what it has no places for is refused, never rounded.

    Raises InvalidInstalmentAmount.
    """
    return Plan(
        plan.dues, tuple(_minor(Money(minor, known).decimal, wanted) for minor in plan.minors)
    )


def check_sum(document: Invoice | Bill) -> None:
    """Instalments come to what the document is over, taxes included.

    Raises InstalmentsDoNotAddUp.
    """
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
