"""Errors that posting, reversing, closing months and changing accounts raise."""

from __future__ import annotations

from collections.abc import Sequence

from voyagent.kernel.errors import N_, Conflict, Invalid, StructuredConflict, Unprocessable


class EntryTooShort(Invalid):
    """The entry has fewer than two lines."""

    code = "journal_entry_too_short"
    message = N_("A journal entry needs at least two lines.")


class EntryUnbalanced(Invalid):
    """Debits and credits of the entry differ in at least one currency."""

    code = "journal_entry_unbalanced"
    message = N_("Debits and credits of a journal entry must be equal in each currency.")


class EntryUnbalancedInBase(Invalid):
    """Debits and credits differ in the base currency.

    Or the base amounts on the currency exchange account do not add up to zero.
    """

    code = "journal_entry_unbalanced_in_base"
    message = N_(
        "Debits and credits of a journal entry must be equal in the currency of your books too, and"
        " a currency exchange needs both of its currencies."
    )


class TooManyCurrencies(Invalid):
    """The entry exchanges more than two currencies."""

    code = "too_many_currencies"
    message = N_("A journal entry can exchange two currencies. Enter one entry for each exchange.")


class EntryWithoutNarration(Invalid):
    """The entry has no narration."""

    code = "journal_entry_without_narration"
    message = N_("Enter a narration for this journal entry.")


class InvalidBookDate(Invalid):
    """The book date is not allowed.

    Its year is not 1900 to 2200, or a reversal would be dated before the entry that it reverses.
    """

    code = "invalid_date"
    message = N_("This date can’t be used as a book date.")


class PeriodLocked(Conflict):
    """The month of the book date is closed."""

    code = "period_locked"
    message = N_(
        "This month is closed. Choose a later date, or ask an administrator to reopen the month."
    )


class MonthNotOver(Conflict):
    """The month is not yet over in the agency's time zone."""

    code = "month_not_over"
    message = N_("This month has not ended. It can be closed from the first day of the next month.")


class MonthStillRuns(MonthNotOver):
    """The month is not yet over, so its month-end entries cannot be posted."""

    message = N_("This month has not ended. Do this from the first day of the next month.")


class NotRevalued(Conflict):
    """Foreign balances are not at the closing rates, and no reason was given.

    With the permission `ledger.close_unrevalued`, a request can give the reason in its member
    `unrevalued_reason`.
    """

    code = "not_revalued"
    message = N_(
        "Foreign balances are not at the closing rates of this month. Revalue them first. An"
        " administrator can close the month without it, with a reason."
    )


class MonthAlreadyClosed(Conflict):
    """The month is closed already."""

    code = "month_already_closed"
    message = N_("This month is already closed.")


class EarlierMonthOpen(Conflict):
    """An earlier month that has journal entries is still open."""

    code = "earlier_month_open"
    message = N_("An earlier month is still open. Close that month first.")


class MonthNotClosed(Conflict):
    """The month is not closed, so it cannot be reopened."""

    code = "month_not_closed"
    message = N_("This month is already open.")


class LaterMonthClosed(Conflict):
    """A later month is closed too; only the latest closed month can be reopened."""

    code = "later_month_closed"
    message = N_("A later month is closed. Reopen the latest closed month first.")


class ReasonRequired(Invalid):
    """Reopening a month requires a reason."""

    code = "reason_required"
    message = N_("Enter a reason for reopening the month.")


class AccountInactive(Conflict):
    """The account is archived and takes no postings."""

    code = "account_inactive"
    message = N_("This account is archived. Choose another account, or restore it first.")


class EntryAlreadyReversed(Conflict):
    """The entry has already been reversed."""

    code = "journal_entry_already_reversed"
    message = N_("This journal entry is already reversed.")


class AccountIsControl(Conflict):
    """The account is a control account, which takes no manual journal entries."""

    code = "account_is_control"
    message = N_(
        "Receivables, payables and advances are posted by their documents. Enter an invoice, a"
        " bill or a payment instead, or choose another account."
    )


class AccountCurrency(Conflict):
    """The bank account of the account in the chart has another currency."""

    code = "account_currency"
    message = N_("This account has another currency. Choose one in the currency of the amount.")


class AccountCodeTaken(Conflict):
    """Another account has this code."""

    code = "account_code_taken"
    message = N_("Another account has this code. Choose another code.")


class AccountPosted(Conflict):
    """The account has postings, so its type and normal side cannot change.

    Such a change would alter past reports.
    """

    code = "account_posted"
    message = N_("This account has postings, so its type and normal balance can’t change.")


class AccountServesProgram(Conflict):
    """The application posts to the account, so only its code and name can change."""

    code = "account_serves_program"
    message = N_(
        "The system posts invoices, payments and taxes to this account, so its type can’t change"
        " and it can’t be archived. You can change its code and name."
    )


class AccountHasBalance(Conflict):
    """The account has a balance, so it cannot be archived."""

    code = "account_has_balance"
    message = N_(
        "This account still has a balance, including earlier financial years. Move the balance to"
        " another account first, then archive it."
    )


class EntryTooLong(Invalid):
    """The entry has more lines than allowed."""

    code = "journal_entry_too_long"
    message = N_("A journal entry has at most 200 lines.")


class EntryOfDocument(Conflict):
    """The entry is not a manual one, so it cannot be reversed by itself.

    A document or an act, such as a revaluation, has posted it.
    """

    code = "journal_entry_of_document"
    message = N_("This entry belongs to a document. Reverse or void the document instead.")


class BaseCurrencyDiffers(Unprocessable):
    """The currency is not the base currency of the agency."""

    code = "base_currency_differs"
    message = N_(
        "This is not the currency of your books. Choose the currency in the settings first."
    )


class BaseNotEstablished(StructuredConflict):
    """Lines need a base amount that is not known."""

    code = "base_not_established"
    message = N_(
        "There are postings in other currencies. Their amounts in the currency of your books are"
        " not known."
    )

    def __init__(self, currencies: Sequence[str]) -> None:
        names = ", ".join(currencies)
        super().__init__({"code": self.code, "currencies": names})
        self.further = (N_("It is about %(currencies)s."), {"currencies": names})


class ExchangeOfEarlierEntry(Conflict):
    """The entry has only the base currency of an exchange.

    The other currency is in another entry, and both are of an earlier release.
    """

    code = "exchange_of_earlier_entry"
    message = N_(
        "This entry has only one side of a currency exchange, from before your books had one"
        " currency. Post a journal entry against exchange differences instead."
    )


class ExchangeNotZero(Conflict):
    """The currency exchange account is not zero, though only one currency was posted."""

    code = "exchange_not_zero"
    message = N_(
        "The account for currency exchange has a balance. Move it to another account with a journal"
        " entry first."
    )
