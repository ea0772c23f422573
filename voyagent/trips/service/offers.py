"""Deletion of offers; they are kept after expiry so that a late caller is told so."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.trips.models import SupplierOffer, SupplierResponse

KEPT_FOR = timedelta(hours=1)
"""Time for which an expired offer is kept."""


def sweep() -> None:
    """Delete the bound agency's offers that expired an hour ago, and old answers."""
    now = clock.now()
    db.session.execute(delete(SupplierResponse).where(SupplierResponse.expires_at <= now))
    db.session.execute(delete(SupplierOffer).where(SupplierOffer.expires_at < now - KEPT_FOR))
