"""What can be done with invoices, bills, payments and balances."""

from voyagent.billing.capabilities import (
    find_bills,
    list_payables,
    list_receivables,
    pay_bill,
    receive_bill,
    record_receipt,
)

CAPABILITIES = (
    list_receivables.CAPABILITY,
    record_receipt.CAPABILITY,
    list_payables.CAPABILITY,
    find_bills.CAPABILITY,
    receive_bill.CAPABILITY,
    pay_bill.CAPABILITY,
)
