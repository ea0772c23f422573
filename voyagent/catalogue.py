"""The list of all capabilities, collected from the packages."""

from __future__ import annotations

from typing import Any

from voyagent.billing.ageing import capabilities as ageing
from voyagent.billing.bills import capabilities as bills
from voyagent.billing.core import capabilities as books
from voyagent.billing.invoices import capabilities as invoices
from voyagent.billing.payments import capabilities as payments
from voyagent.billing.write_offs import capabilities as write_offs
from voyagent.capabilities.capability import Capability
from voyagent.enquiries import capabilities as enquiries
from voyagent.trips import capabilities as trips

CAPABILITIES: tuple[Capability[Any], ...] = (
    *enquiries.CAPABILITIES,
    *trips.CAPABILITIES,
    *ageing.CAPABILITIES,
    *payments.CAPABILITIES,
    *bills.CAPABILITIES,
    *books.CAPABILITIES,
    *invoices.CAPABILITIES,
    *write_offs.CAPABILITIES,
)
