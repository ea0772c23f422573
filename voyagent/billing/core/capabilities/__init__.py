"""Capabilities of the ledger, and code that billing capabilities share."""

from voyagent.billing.core.capabilities import (
    fetch_bsp_statement,
    list_ledger_accounts,
    post_journal_entry,
    read_account_balance,
    reconcile_bsp,
    trial_balance,
)

CAPABILITIES = (
    list_ledger_accounts.CAPABILITY,
    read_account_balance.CAPABILITY,
    trial_balance.CAPABILITY,
    post_journal_entry.CAPABILITY,
    fetch_bsp_statement.CAPABILITY,
    reconcile_bsp.CAPABILITY,
)
