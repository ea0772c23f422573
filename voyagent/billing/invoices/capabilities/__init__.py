"""Capabilities of invoices."""

from voyagent.billing.invoices.capabilities import (
    create_invoice,
    draft_invoice,
    find_invoices,
    issue_invoice,
    show_taxes,
)

CAPABILITIES = (
    find_invoices.CAPABILITY,
    draft_invoice.CAPABILITY,
    issue_invoice.CAPABILITY,
    create_invoice.CAPABILITY,
    show_taxes.CAPABILITY,
)
