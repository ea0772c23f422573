"""Capabilities of payments."""

from voyagent.billing.payments.capabilities import pay_bill, record_receipt

CAPABILITIES = (
    record_receipt.CAPABILITY,
    pay_bill.CAPABILITY,
)
