"""Acceptance of trips: proposed, accepted, declined or cancelled."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, case, select

from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned
from voyagent.trips.models import Trip

Acceptance = Literal["proposed", "accepted", "declined", "cancelled"]
Decision = Literal["accepted", "declined", "cancelled"]


def acceptance_of(trips: FromClause = Trip.__table__) -> ColumnElement[Any]:
    """Return a column with the acceptance of each trip of a table of trips.

    A trip is accepted while a person or a fact has accepted it. Otherwise it has the decision of a
    person. Without one, it is declined while another trip of its enquiry is accepted, and else
    proposed.
    """
    rival = Trip.__table__.alias("rival")
    is_beaten = (
        select(rival.c.id)
        .where(
            owned(rival),
            rival.c.enquiry_id == trips.c.enquiry_id,
            rival.c.id != trips.c.id,
            rival.c.accepted_at.is_not(None),
        )
        .correlate(trips)
        .exists()
    )
    return case(
        (trips.c.accepted_at.is_not(None), "accepted"),
        (trips.c.decision.is_not(None), trips.c.decision),
        (is_beaten, "declined"),
        else_="proposed",
    )


def get_acceptance(trip_id: UUID) -> Acceptance:
    """Return the acceptance of a trip that exists."""
    statement = select(acceptance_of().label("acceptance")).where(
        owned(Trip), Trip.__table__.c.id == trip_id
    )
    ((row,),) = SessionReader(db.session).read(statement)
    found: Acceptance = row["acceptance"]
    return found


def has_accepted_rival(trip: Trip) -> bool:
    """Return True if another trip of the trip's enquiry is accepted."""
    if trip.enquiry_id is None:
        return False
    rival = select(Trip.id).where(
        Trip.enquiry_id == trip.enquiry_id, Trip.id != trip.id, Trip.accepted_at.is_not(None)
    )
    return db.session.scalar(rival.limit(1)) is not None
