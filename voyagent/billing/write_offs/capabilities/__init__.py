"""Capabilities of write-offs."""

from voyagent.billing.write_offs.capabilities import write_off_invoice

CAPABILITIES = (write_off_invoice.CAPABILITY,)
