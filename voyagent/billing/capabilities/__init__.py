"""What can be done with invoices, bills, payments and balances."""

from voyagent.billing.capabilities import (
    fetch_bsp_statement,
    find_bills,
    list_ledger_accounts,
    list_payables,
    list_receivables,
    pay_bill,
    post_journal_entry,
    read_account_balance,
    receive_bill,
    reconcile_bsp,
    record_receipt,
    trial_balance,
)

CAPABILITIES = (
    list_receivables.CAPABILITY,
    record_receipt.CAPABILITY,
    list_payables.CAPABILITY,
    find_bills.CAPABILITY,
    receive_bill.CAPABILITY,
    pay_bill.CAPABILITY,
    list_ledger_accounts.CAPABILITY,
    read_account_balance.CAPABILITY,
    trial_balance.CAPABILITY,
    post_journal_entry.CAPABILITY,
    fetch_bsp_statement.CAPABILITY,
    reconcile_bsp.CAPABILITY,
)
