"""Errors of the ledger."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class AccountNotFound(NotFound):
    """No such account in the agency's chart."""

    code = "account_not_found"
    message = N_("We could not find that account in your chart of accounts.")


class AccountAmbiguous(Conflict):
    """Several accounts have the words in their names."""

    code = "account_ambiguous"
    message = N_("Several accounts have that in their name. Say the account's code.")


class EntryNotFound(NotFound):
    """No such journal entry in the agency."""

    code = "journal_entry_not_found"
    message = N_("We could not find that journal entry.")


class MonthNotFound(NotFound):
    """Not a month such as `2026-03`, from 1900 to 2200."""

    code = "month_not_found"
    message = N_("That is not a month of the books.")
