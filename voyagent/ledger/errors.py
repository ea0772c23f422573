"""Errors of ledger look-ups."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class AccountNotFound(NotFound):
    """The agency's chart has no such account."""

    code = "account_not_found"
    message = N_("We could not find that account in your chart of accounts.")


class AccountAmbiguous(Conflict):
    """Several account names contain the text."""

    code = "account_ambiguous"
    message = N_("Several accounts match this name. Enter the account’s code.")


class EntryNotFound(NotFound):
    """The agency has no such journal entry."""

    code = "journal_entry_not_found"
    message = N_("We could not find that journal entry.")


class MonthNotFound(NotFound):
    """The text is no month such as `2026-03`, from 1900 to 2200."""

    code = "month_not_found"
    message = N_("Enter a valid month.")
