"""Capabilities that list the amounts that customers owe and that the agency owes."""

from voyagent.billing.ageing.capabilities import list_payables, list_receivables

CAPABILITIES = (
    list_receivables.CAPABILITY,
    list_payables.CAPABILITY,
)
