"""Errors of bank accounts."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable


class BankAccountNotFound(NotFound):
    """The agency has no such bank account."""

    code = "bank_account_not_found"
    message = N_("We could not find that bank account.")


class BankAccountClosed(Conflict):
    """The bank account is closed."""

    code = "bank_account_closed"
    message = N_("This bank account is closed. Choose another one.")


class BankAccountIsDefault(Conflict):
    """The bank account is the default, so it can neither be closed nor lose this role."""

    code = "bank_account_is_default"
    message = N_(
        "Payments use this account unless another one is chosen. Make another account of this kind"
        " the default first."
    )


class BankAccountNeeded(Conflict):
    """The account of the chart is one to which the system posts, so it stays open."""

    code = "bank_account_needed"
    message = N_("This account stays open, because the system posts to its account in the chart.")


class LedgerAccountUnfit(Conflict):
    """The account in the chart cannot hold the money of a new bank account."""

    code = "ledger_account_unfit"
    message = N_(
        "Choose an active account that is not yet a bank account and to which the system does not"
        " post. It must be an asset, or for a card a liability."
    )


class CardNumberTooLong(Unprocessable):
    """The number of a card has more than its last four digits."""

    code = "card_number_too_long"
    message = N_("Enter only the last four digits of a card.")


class TooManyBankAccounts(Conflict):
    """The agency has BANK_ACCOUNTS_MAX bank accounts."""

    code = "too_many_bank_accounts"
    message = N_("An agency has at most 200 bank accounts.")
