"""Charges of banks and payment gateways, with the tax on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from voyagent.audit.service import recording as audit
from voyagent.billing.core.errors import ChargeTaxAboveRate, DeductionAboveUsual
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.service import input_taxes
from voyagent.billing.core.service.pricing import confirmed
from voyagent.kernel.errors import N_
from voyagent.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as it is entered: the fee before tax, and the tax on it.

    `taxes` has the tax by component, such as `igst`. The amounts are decimal texts. `reason`
    confirms unusual amounts.
    """

    fee: str | None = None
    taxes: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


NO_CHARGE = Charge()


class UsualShare(NamedTuple):
    """The highest usual share of a deduction, in percent.

    `basis` is a sentence about a higher share. It has placeholders for the deduction, the whole
    amount and the percentage.
    """

    percent: int
    basis: str


CHARGE_SHARE = UsualShare(
    10, N_("The charge is %(kept)s of %(whole)s; up to %(percent)s %% is usual.")
)
"""Gateways and card companies keep up to 4 % with tax. A wire of a small sum costs more."""


@dataclass(frozen=True, slots=True)
class ChargedAmounts:
    """The amounts of a charge, all in one currency.

    `why` is the reason if the amounts are unusual and were confirmed.
    """

    fee: Money
    taxes: Mapping[str, Money]
    why: str | None = None

    @property
    def tax(self) -> Money:
        """Return the sum of the taxes."""
        return sum(self.taxes.values(), Money(0, self.fee.currency))

    @property
    def total(self) -> Money:
        """Return the fee and the taxes."""
        return self.fee + self.tax

    @property
    def taxes_minor(self) -> dict[str, int] | None:
        """Return the taxes that are not zero in minor units, or None if there are none."""
        return {one: tax.amount_minor for one, tax in self.taxes.items() if tax} or None

    @property
    def sides(self) -> list[tuple[str, int, Money]]:
        """Return the debits of the charge: purpose of the account, 1 (debit), amount."""
        debits = [
            ("bank_charges", self.fee),
            *((input_taxes.INPUT[component], amount) for component, amount in self.taxes.items()),
        ]
        return [(purpose, 1, amount) for purpose, amount in debits if amount]


def charge_of(payment: Payment) -> ChargedAmounts:
    """Return what the bank or gateway kept of a payment."""
    taxes = payment.charge_tax or {}
    return ChargedAmounts(
        Money(payment.charge_minor - sum(taxes.values()), payment.currency),
        {component: Money(minor, payment.currency) for component, minor in taxes.items()},
    )


def read_charge(charge: Charge, currency: str, on: date) -> ChargedAmounts:
    """Return the amounts of a charge in a currency on a day.

    A tax above the highest rate of the day must be confirmed by the reason of the charge.

    Raises InvalidAmount, ChargeTaxAboveRate, TextTooLong, and the errors of `input_taxes.check`.
    """
    input_taxes.check(Bill(issue_date=on, currency=currency), charge.taxes)
    found = _parsed(charge, currency)
    percent = input_taxes.highest_percent(on) if found.tax else None
    highest = input_taxes.highest_if_above(found.tax, found.fee, percent)
    if highest is None:
        return found
    return replace(found, why=confirmed(ChargeTaxAboveRate(found.tax, highest), charge.reason))


def confirm_share(kept: Money, whole: Money, usual: UsualShare, reason: str | None) -> str | None:
    """Return the reason of a deduction above its usual share of an amount, else None.

    A deduction settles a document as money does. Above the usual share it may be a debt that is
    forgiven, which otherwise needs approval as a write-off. `whole` includes the deduction.

    Raises DeductionAboveUsual, TextTooLong.
    """
    if kept.amount_minor * 100 <= whole.amount_minor * usual.percent:
        return None
    return confirmed(DeductionAboveUsual(usual.basis, kept, whole, usual.percent), reason)


def reason_kept(why: str | None) -> dict[str, audit.Fact]:
    """Return the personal part of an audit event: the reason `why`, if there is one."""
    return {"deduction_reason": why} if why else {}


def entered_total(charge: Charge, currency: str) -> Money:
    """Return fee and taxes of an unchecked charge. Raises InvalidAmount."""
    return _parsed(charge, currency).total


def _parsed(charge: Charge, currency: str) -> ChargedAmounts:
    return ChargedAmounts(
        Money.parse(charge.fee or "0", currency).within(0),
        {
            component: Money.parse(amount, currency).within(0)
            for component, amount in charge.taxes.items()
        },
    )
