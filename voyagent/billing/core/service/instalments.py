"""Instalments of a document that is due on several dates.

Payments and credits settle the earliest instalment first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypedDict

from voyagent.billing.core.errors import (
    InstalmentsDoNotAddUp,
    InvalidInstalmentAmount,
    InvalidInstalmentDates,
    InvalidInstalments,
)
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.ledger.service.months import LAST_DAY

INSTALMENTS_MIN, INSTALMENTS_MAX = 2, 36


class InstalmentItem(TypedDict):
    """An instalment as input; `amount` is a decimal in the document's currency."""

    due_date: date
    amount: str | Decimal


class DueColumns(TypedDict, total=False):
    """Column values of the due dates of a document, as in `InInstalments`."""

    instalment_dues: list[date] | None
    instalment_minors: list[int] | None
    due_date: date | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The due dates of instalments, and their amounts in minor units.

    `dues` and `minors` have the same length; both are empty if there are no instalments.
    """

    dues: tuple[date, ...] = ()
    minors: tuple[int, ...] = ()

    def columns(self) -> DueColumns:
        """Return the column values of the instalments.

        If there are instalments, the value of `due_date` is the due date of the first instalment.
        """
        if not self.dues:
            return {"instalment_dues": None, "instalment_minors": None}
        return {
            "instalment_dues": list(self.dues),
            "instalment_minors": list(self.minors),
            "due_date": self.dues[0],
        }


def plan_of(document: Invoice | Bill) -> Plan:
    """Return the instalments that a document has."""
    return Plan(tuple(document.instalment_dues or ()), tuple(document.instalment_minors or ()))


def read(
    items: Sequence[InstalmentItem] | None,
    currency: str,
    issue_date: date,
    due_date: date | None = None,
) -> Plan:
    """Check instalments and return them as a plan.

    The plan is empty if `items` is empty or None. `due_date` must be None or the due date of the
    first instalment. Raises InvalidInstalments, InvalidInstalmentDates, InvalidInstalmentAmount,
    UnknownCurrency.
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
    """Check that the due dates increase, and the first is not before the issue date.

    The last due date must not be after 2200.

    Raises InvalidInstalmentDates.
    """
    if plan.dues and not (
        issue_date <= plan.dues[0]
        and plan.dues[-1] <= LAST_DAY
        and list(plan.dues) == sorted(set(plan.dues))
    ):
        raise InvalidInstalmentDates


def in_currency(plan: Plan, known: str, wanted: str) -> Plan:
    """Return a plan in another currency; USD 100.00 becomes INR 100.00.

    `known` is the present currency, `wanted` the new one. Raises InvalidInstalmentAmount if an
    amount has more decimals than the new currency.
    """
    return Plan(
        plan.dues, tuple(_minor(Money(minor, known).decimal, wanted) for minor in plan.minors)
    )


def check_sum(document: Invoice | Bill) -> None:
    """Check that the instalments add up to the document's total, taxes included.

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
