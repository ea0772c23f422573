"""Errors that are raised when an account, journal entry or month is not found."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class AccountNotFound(NotFound):
    """The agency's chart of accounts has no such account."""

    code = "account_not_found"
    message = N_("We could not find that account in your chart of accounts.")


class AccountAmbiguous(Conflict):
    """The search text is part of several account names."""

    code = "account_ambiguous"
    message = N_("Several accounts match this name. Enter the account’s code.")


class EntryNotFound(NotFound):
    """The agency has no such journal entry."""

    code = "journal_entry_not_found"
    message = N_("We could not find that journal entry.")


class MonthNotFound(NotFound):
    """The text is not a month such as `2026-03` between 1900 and 2200."""

    code = "month_not_found"
    message = N_("Enter a valid month.")
