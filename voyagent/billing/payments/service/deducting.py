"""Tax that the payer deducts from a payment and deposits for the payee (TDS)."""

from __future__ import annotations

from dataclasses import dataclass

from voyagent.billing.core.service.charges import UsualShare
from voyagent.billing.payments.errors import TdsWithoutSection
from voyagent.kernel.errors import N_
from voyagent.kernel.money import MixedCurrencies, Money

SECTION_PATTERN = r"^[0-9A-Z][0-9A-Z()-]{0,15}$"
CERTIFICATE_MAX = 64
TDS_ACCOUNTS = {"in": "tds_receivable", "out": "tds_payable"}
"""Purposes of the accounts of deducted tax, by direction of the payment."""
TDS_SHARE = UsualShare(
    30, N_("The tax deducted is %(kept)s of %(whole)s; up to %(percent)s %% is usual.")
)
"""The highest rate of the Income-tax Act for payments of an ordinary business, without surcharge.

It is 30 %; a payee without PAN has 20 % (section 206AA). It is of the amount before GST.
"""


@dataclass(frozen=True, slots=True)
class Tds:
    """Tax deducted from a payment: amount, section of the law, certificate.

    The document is settled for the money and the tax together.
    """

    amount: Money | None = None
    section: str | None = None
    certificate: str | None = None

    @property
    def minor(self) -> int:
        """Return the amount in minor units, zero if nothing was deducted."""
        return 0 if self.amount is None else self.amount.amount_minor


NO_TDS = Tds()


def check_tds(tds: Tds, currency: str) -> None:
    """Check the tax deducted from a payment in a currency.

    Raises InvalidAmount, MixedCurrencies if the tax is in another currency, and TdsWithoutSection
    if only the amount or only the section is given.
    """
    if tds.amount is not None and tds.amount.within(0).currency != currency:
        raise MixedCurrencies
    if bool(tds.minor) != bool(tds.section) or (tds.certificate and not tds.section):
        raise TdsWithoutSection
