"""Delete expired offers.

An expired offer is kept for a while, so that a late booking gets the error OfferExpired.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.trips.models import SupplierOffer, SupplierResponse

KEPT_FOR = timedelta(hours=1)
"""Time for which an offer is kept after it has expired."""


def sweep() -> None:
    """Delete the bound agency's offers that expired an hour ago, and expired responses."""
    now = clock.now()
    db.session.execute(delete(SupplierResponse).where(SupplierResponse.expires_at <= now))
    db.session.execute(delete(SupplierOffer).where(SupplierOffer.expires_at < now - KEPT_FOR))
