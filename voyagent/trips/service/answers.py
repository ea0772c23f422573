"""Cache supplier responses for some minutes, so that equal queries are sent once.

Each agency has its own cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import delete, select

from voyagent.drivers.suppliers.payloads import as_payload, from_payload
from voyagent.kernel import clock
from voyagent.kernel.canonical import digest
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.outbound import OutboundCall, known
from voyagent.trips.models import SupplierOffer, SupplierResponse
from voyagent.trips.service.supplies import NAMES, Given, Offered, keep_offers

What = Literal["flights", "hotels", "rate"]
CACHED_FOR: dict[What, timedelta] = {
    "flights": timedelta(seconds=300),
    "hotels": timedelta(seconds=300),
    "rate": timedelta(seconds=120),
}


def cached_or_asked(
    what: What,
    kind: type[Given],
    supplier: str,
    question: object,
    ask: Callable[[], Iterable[Given]],
) -> OutboundCall[list[Offered[Given]]]:
    """Return the cached offers, or query the supplier and cache its response.

    `what` is the kind of query, `kind` the class of the offers, `question` the parameters of the
    query, and `ask` the call to the supplier.
    """
    words = question if isinstance(question, str) else as_payload(question)
    name = digest({"what": what, "supplier": supplier, "question": words})
    cached = _cached_offers(name, kind)
    if cached is not None:
        return known(cached)

    def keep(found: Iterable[Given]) -> list[Offered[Given]]:
        offered: list[Offered[Given]] = keep_offers(kind, found)
        now = clock.now()
        expires_at = min([now + CACHED_FOR[what], *(one.offer.valid_until for one in offered)])
        answer = SupplierResponse(
            id=new_id(),
            what=what,
            question=name,
            offer_ids=[one.id for one in offered],
            created_at=now,
            expires_at=expires_at,
        )
        db.session.add(answer)
        db.session.flush()
        return offered

    return OutboundCall(keep, ask)


def forget(*what: What) -> None:
    """Delete cached responses of these kinds, because a booking changes availability."""
    db.session.execute(delete(SupplierResponse).where(SupplierResponse.what.in_(what)))


def _cached_offers(name: str, kind: type[Given]) -> list[Offered[Given]] | None:
    fresh = select(SupplierResponse).where(
        SupplierResponse.question == name, SupplierResponse.expires_at > clock.now()
    )
    answer = db.session.scalar(
        fresh.order_by(SupplierResponse.created_at.desc(), SupplierResponse.id.desc()).limit(1)
    )
    if answer is None:
        return None
    rows = db.session.scalars(
        select(SupplierOffer).where(
            SupplierOffer.id.in_(answer.offer_ids), SupplierOffer.kind == NAMES[kind]
        )
    )
    found: dict[Any, SupplierOffer] = {row.id: row for row in rows}
    return [
        Offered(offer_id, from_payload(kind, found[offer_id].payload))
        for offer_id in answer.offer_ids
    ]
