"""All stored sums of an agency."""

from __future__ import annotations

from voyagent.approvals import queries as approvals
from voyagent.billing.core.queries import roll_ups as billing
from voyagent.billing.core.queries.of_trips import of_trips
from voyagent.enquiries.queries import counts
from voyagent.ledger.queries.roll_ups import balances
from voyagent.ledger.queries.trip_earnings import earnings

ROLL_UPS = (
    *balances(),
    earnings(of_trips()),
    *billing.ROLL_UPS,
    *counts.ROLL_UPS,
    *approvals.ROLL_UPS,
)
"""Every table of sums that triggers maintain."""
