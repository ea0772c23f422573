"""The means of a payment: its bank account, mode and instrument, such as a cheque."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.banking import queries as bank_queries, service as banking
from voyagent.billing.core.models.payments import CASH, OPENING_ACCOUNT, Payment
from voyagent.billing.core.service import pricing
from voyagent.billing.payments.errors import ModeUnfit
from voyagent.kernel.actor import Actor

NUMBER_MAX, BANK_MAX = 64, 128


@dataclass(frozen=True, slots=True)
class Means:
    """The way in which money is paid; the fields are columns of payments and refunds.

    `account` is `bank`, `cash`, or `opening_balances` for an imported advance. If there is a
    `bank_account_id`, it decides instead. `mode` is one of `billing.core.rules.MODES`. The
    instrument is a cheque or another paper: its number, its date and the bank that pays it.
    """

    account: str = "bank"
    bank_account_id: UUID | None = None
    mode: str | None = None
    instrument_no: str | None = None
    instrument_on: date | None = None
    instrument_bank: str | None = None


BY_BANK = Means()


def find_means(actor: Actor, means: Means, currency: str) -> Means:
    """Return the means of a payment with their bank account.

    `currency` is that of the payment. If `means` names no bank account, the result has the default
    for `account` and the currency, or None if there is no such default. Money that goes to or comes
    from cash has the mode `cash`.

    Raises BankAccountNotFound, BankAccountClosed, AccountCurrency, ModeUnfit, TextTooLong.
    """
    if means.account == OPENING_ACCOUNT:
        return means
    found = banking.find_account(actor, means.account, currency, means.bank_account_id)
    is_cash = (means.account if found is None else found.kind) == CASH
    if is_cash and means.mode not in (None, CASH):
        raise ModeUnfit
    return Means(
        account=CASH if is_cash else "bank",
        bank_account_id=None if found is None else found.id,
        mode=CASH if is_cash else means.mode,
        instrument_no=pricing.words(means.instrument_no, NUMBER_MAX),
        instrument_on=means.instrument_on,
        instrument_bank=pricing.words(means.instrument_bank, BANK_MAX),
    )


def ledger_account(paid: Means | Payment) -> UUID | str:
    """Return the account in the chart that holds the money.

    The result is the id of the bank account's account. Without a bank account it is a key: `bank`,
    `cash` or `opening_balances`.
    """
    if paid.bank_account_id is None:
        return paid.account
    return bank_queries.get_account(paid.bank_account_id).account_id
