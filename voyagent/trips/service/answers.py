"""What suppliers have answered, kept for the agency for some minutes: the same question is not
asked twice (API contract, section 17).

Answers are rows behind the tenant's wall like the offers that they name: what one agency is
offered, no other sees, and no second store has to be up for it.
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
KEPT_FOR: dict[What, timedelta] = {
    "flights": timedelta(seconds=300),
    "hotels": timedelta(seconds=300),
    "rate": timedelta(seconds=120),
}


def asked(
    what: What,
    kind: type[Given],
    supplier: str,
    question: object,
    ask: Callable[[], Iterable[Given]],
) -> OutboundCall[list[Offered[Given]]]:
    """What is offered: as it was told a moment ago, else what the supplier says now, which is kept."""
    words = question if isinstance(question, str) else as_payload(question)
    name = digest({"what": what, "supplier": supplier, "question": words})
    told = _told(name, kind)
    if told is not None:
        return known(told)

    def keep(found: Iterable[Given]) -> list[Offered[Given]]:
        offered: list[Offered[Given]] = keep_offers(kind, found)
        now = clock.now()
        expires_at = min([now + KEPT_FOR[what], *(one.offer.valid_until for one in offered)])
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
    """Ask anew from now on: whoever takes one of what was offered changes what there is, and one
    that is sold out is not to be offered again.
    """
    db.session.execute(delete(SupplierResponse).where(SupplierResponse.what.in_(what)))


def _told(name: str, kind: type[Given]) -> list[Offered[Given]] | None:
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
