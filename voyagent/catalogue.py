"""All capabilities of the program."""

from __future__ import annotations

from typing import Any

from voyagent.billing import capabilities as billing
from voyagent.capabilities.capability import Capability
from voyagent.enquiries import capabilities as enquiries
from voyagent.trips import capabilities as trips

CAPABILITIES: tuple[Capability[Any], ...] = (
    *enquiries.CAPABILITIES,
    *trips.CAPABILITIES,
    *billing.CAPABILITIES,
)
