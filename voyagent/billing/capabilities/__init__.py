"""What can be done with invoices, bills, payments and balances."""

from voyagent.billing.capabilities import list_receivables, record_receipt

CAPABILITIES = (list_receivables.CAPABILITY, record_receipt.CAPABILITY)
