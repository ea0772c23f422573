"""Exchange rate of a document in the preview of a capability."""

from __future__ import annotations

from flask_babel import gettext

from voyagent.approvals.service.effects import FactShown
from voyagent.capabilities.cards import day
from voyagent.kernel.rates import Quote, plain_rate


def rate_facts(quote: Quote | None) -> list[FactShown]:
    """Return a booked rate with its source and date; empty without a rate."""
    if quote is None:
        return []
    words = gettext(
        "1 %(base)s = %(rate)s %(quote)s, %(source)s, %(day)s",
        base=quote.base,
        rate=plain_rate(quote.rate),
        quote=quote.quote,
        source=quote.source,
        day=day(quote.on),
    )
    return [FactShown(label=gettext("Exchange rate"), value=words)]
