"""Ledger accounts that the form of a capability offers."""

from __future__ import annotations

from voyagent.capabilities.capability import Choice, Invocation
from voyagent.http.account_names import account_name
from voyagent.ledger.queries.accounts import read_chart


def active_accounts(call: Invocation, _text: str) -> list[Choice]:
    """Return the accounts that accept postings, ordered by code.

    The text that the user has entered is ignored: the form always offers all accounts.
    """
    return [
        Choice(str(row["id"]), f"{row['code']} {account_name(row['name'])}", row["code"])
        for row in read_chart(call.reader)
        if row["is_active"]
    ]
