"""Enter exchange rates."""

from __future__ import annotations

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.rates import InvalidRate, Quote, plain_rate
from voyagent.rates import queries
from voyagent.rates.errors import RateInFuture, RateOfOtherBooks, RateOutOfRange, SameCurrency
from voyagent.rates.models import StoredRate
from voyagent.rates.rules import Kind


def enter_rate(actor: Actor, quote: Quote, *, kind: Kind = "reference") -> Row:
    """Store an exchange rate as quoted, and return its row.

    One of the two currencies must be the currency of the books. A rate of the same pair, kind and
    day stays stored, but from now on the new one counts.

    Raises Forbidden, SameCurrency, RateOfOtherBooks, RateInFuture, RateOutOfRange, UnknownCurrency.
    """
    actor.require("ledger.enter_rate")
    if quote.base == quote.quote:
        raise SameCurrency
    if queries.read_base_currency(SessionReader(db.session)) not in (quote.base, quote.quote):
        raise RateOfOtherBooks
    if quote.on > clock.today(actor.timezone):
        raise RateInFuture
    try:
        quote.changing(quote.base)
    except InvalidRate:
        raise RateOutOfRange from None
    rate = StoredRate(
        id=new_id(),
        base=quote.base,
        quote=quote.quote,
        kind=kind,
        rate=quote.rate,
        rate_on=quote.on,
        source=quote.source,
        created_by_user_id=actor.user_id,
        created_at=clock.now(),
    )
    db.session.add(rate)
    db.session.flush()
    audit.record(
        actor,
        "exchange_rate.entered",
        entity_refs={"exchange_rate_id": rate.id},
        inputs={
            "base": quote.base,
            "quote": quote.quote,
            "kind": kind,
            "rate": plain_rate(quote.rate),
            "on": quote.on,
            "source": quote.source,
        },
    )
    columns = {column.name: getattr(rate, column.name) for column in StoredRate.__table__.c}
    return columns | {"created_by": actor.full_name or None}
