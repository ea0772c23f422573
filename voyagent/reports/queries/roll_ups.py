"""All stored sums of an agency."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from voyagent.approvals import queries as approvals
from voyagent.billing.core.queries import roll_ups as billing
from voyagent.billing.core.queries.of_trips import of_trips
from voyagent.enquiries.queries import counts
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.database.roll_ups import Difference, differences
from voyagent.kernel.db import db, snapshot
from voyagent.ledger.queries.roll_ups import balances
from voyagent.ledger.queries.trip_earnings import earnings

TRIPS = earnings(of_trips())
DUES = billing.AGEING[0]
ROLL_UPS = (
    *balances(),
    TRIPS,
    *billing.ROLL_UPS,
    *counts.ROLL_UPS,
    *approvals.ROLL_UPS,
)
"""Every table of sums that triggers maintain; a test compares it with the triggers."""


def find_differences(tenant_id: UUID) -> list[Difference]:
    """Return the differences of all stored sums of an agency, read from one snapshot.

    Like `db.snapshot`, the call rolls back uncommitted work of the session.
    """
    with snapshot(tenant_id) as connection:
        connection.execute(text("set local statement_timeout = 0"))
        return differences(SessionReader(db.session), ROLL_UPS)
