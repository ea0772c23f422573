"""Offers and answers of suppliers: good for a few minutes, kept a little longer so that a late
caller is told that hers is over.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.trips.models import SupplierOffer, SupplierResponse

KEPT_FOR = timedelta(hours=1)
"""How long an expired offer still stands."""


def sweep() -> None:
    """Forget the offers of the bound agency that have been over for an hour, and the answers that
    may not be told again.
    """
    now = clock.now()
    db.session.execute(delete(SupplierResponse).where(SupplierResponse.expires_at <= now))
    db.session.execute(delete(SupplierOffer).where(SupplierOffer.expires_at < now - KEPT_FOR))
