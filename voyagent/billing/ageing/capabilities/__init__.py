"""Capabilities of open balances."""

from voyagent.billing.ageing.capabilities import list_payables, list_receivables

CAPABILITIES = (
    list_receivables.CAPABILITY,
    list_payables.CAPABILITY,
)
