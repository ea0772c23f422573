"""Capabilities of bills."""

from voyagent.billing.bills.capabilities import find_bills, receive_bill

CAPABILITIES = (
    find_bills.CAPABILITY,
    receive_bill.CAPABILITY,
)
