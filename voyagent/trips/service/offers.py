"""Delete expired offers.

An expired offer is kept for an hour, so that a late booking gets the error OfferExpired. The offer
of a booked hotel is kept until the stay ends, because it has the terms of cancellation.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, exists

from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.trips.models import SupplierOffer, SupplierResponse, TripLine

CACHED_FOR = timedelta(hours=1)
"""Time for which an offer is kept after it has expired."""


def sweep() -> None:
    """Delete old offers and expired supplier responses of the current agency."""
    now = clock.now()
    is_booked = exists().where(
        TripLine.offer_id == SupplierOffer.id,
        TripLine.kind == "hotel",
        TripLine.status == "booked",
        TripLine.ends_on >= now.date() - timedelta(days=1),  # today is later in some time zones
    )
    db.session.execute(delete(SupplierResponse).where(SupplierResponse.expires_at <= now))
    db.session.execute(
        delete(SupplierOffer).where(SupplierOffer.expires_at < now - CACHED_FOR, ~is_booked)
    )
