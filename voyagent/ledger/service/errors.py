"""What the books refuse, and why."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid


class EntryTooShort(Invalid):
    """Fewer than two lines: money comes from somewhere and goes somewhere."""

    code = "journal_entry_too_short"
    message = N_("A journal entry needs at least two lines.")


class EntryUnbalanced(Invalid):
    """Debits and credits differ in one of the entry's currencies; another currency never makes up
    for it.
    """

    code = "journal_entry_unbalanced"
    message = N_("Debits and credits of a journal entry must be equal in each currency.")


class EntryWithoutNarration(Invalid):
    """Nothing says what the entry is about."""

    code = "journal_entry_without_narration"
    message = N_("Say in a few words what this journal entry is about.")


class InvalidBookDate(Invalid):
    """A day outside 1900 to 2200, or a reversal before the entry that it reverses."""

    code = "invalid_date"
    message = N_("That day cannot be a book date.")


class PeriodLocked(Conflict):
    """The book date lies in a closed month, or in one before it."""

    code = "period_locked"
    message = N_(
        "The books of that month are closed. Choose a later day, or have an administrator open the"
        " month again."
    )


class MonthNotOver(Conflict):
    """The month runs still, or has not begun, where the agency is."""

    code = "month_not_over"
    message = N_("That month is not over yet. It can be closed from the first day of the next one.")


class MonthAlreadyClosed(Conflict):
    """The month is closed, by itself or with a later one."""

    code = "month_already_closed"
    message = N_("That month is closed already.")


class EarlierMonthOpen(Conflict):
    """A month before it has entries and is open."""

    code = "earlier_month_open"
    message = N_("An earlier month is still open. Months are closed one after the other.")


class MonthNotClosed(Conflict):
    """The month is open."""

    code = "month_not_closed"
    message = N_("That month is open.")


class LaterMonthClosed(Conflict):
    """A later month is closed, and closes all before it."""

    code = "later_month_closed"
    message = N_("A later month is closed. Open the latest one first.")


class ReasonRequired(Invalid):
    """A month is not opened again without a word why."""

    code = "reason_required"
    message = N_("Say in a few words why the month is opened again.")


class AccountInactive(Conflict):
    """The account is archived and takes no new postings."""

    code = "account_inactive"
    message = N_("That account is archived. Choose another one, or restore it first.")


class EntryAlreadyReversed(Conflict):
    """An entry is reversed once."""

    code = "journal_entry_already_reversed"
    message = N_("This journal entry has been reversed already.")


class AccountIsControl(Conflict):
    """The account equals the sum of open documents, such as trade receivables; nothing is posted to
    it by hand.
    """

    code = "account_is_control"
    message = N_(
        "Receivables, payables and advances follow their documents. Enter an invoice, a bill or a"
        " payment instead, or choose another account."
    )


class AccountCodeTaken(Conflict):
    """Another account of the chart has the code."""

    code = "account_code_taken"
    message = N_("Another account has that code. Choose one that is free.")


class AccountPosted(Conflict):
    """Something was posted to the account; another type or side would turn round what earlier
    reports have said.
    """

    code = "account_posted"
    message = N_("Something was posted to this account, so its type and normal side stay.")


class AccountServesProgram(Conflict):
    """The program itself posts to the account, such as trade receivables; it stays what it is, and
    open.
    """

    code = "account_serves_program"
    message = N_(
        "Invoices, payments and taxes are posted to this account by the program. It keeps its type"
        " and cannot be archived; its code and name are yours."
    )


class AccountHasBalance(Conflict):
    """Something stands on the account in one of its currencies."""

    code = "account_has_balance"
    message = N_(
        "Something still stands on this account, earlier financial years included. Post it to"
        " another account first, and archive this one then."
    )


class EntryTooLong(Invalid):
    """More lines than an entry by hand may have."""

    code = "journal_entry_too_long"
    message = N_("A journal entry has at most 200 lines.")


class EntryOfDocument(Conflict):
    """A document posted the entry; reversing the entry alone would part the books from the
    document.
    """

    code = "journal_entry_of_document"
    message = N_("A document posted this entry. Undo it at the document, and the books follow.")
