"""JSON API of exchange rates."""

from __future__ import annotations

from dataclasses import asdict

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.rates import queries, service
from voyagent.rates.errors import (
    RateInFuture,
    RateMissing,
    RateOfOtherBooks,
    RateOutOfRange,
    SameCurrency,
)
from voyagent.rates.schemas import (
    ExchangeRateIn,
    ExchangeRateList,
    ExchangeRateOut,
    ExchangeRatesQuery,
    FindRateQuery,
    FoundRateOut,
)

api = ApiBlueprint("rates", __name__, tag="Books", guard=Guard.BEARER)


@api.get(
    "/exchange-rates",
    answer=ExchangeRateList,
    permission="ledger.read",
    errors=(InvalidCursor,),
)
def list_exchange_rates(reader: Reader, query: ExchangeRatesQuery) -> Body[ExchangeRateList]:
    """List exchange rates, newest day first.

    Of several rates of a pair, kind and day, the first one in the list counts. It was entered last.
    """
    return ExchangeRateList.of(
        queries.list_rates(reader, query.search(), limit=query.limit, cursor=query.place())
    )


@api.post(
    "/exchange-rates",
    answer=ExchangeRateOut,
    status=201,
    permission="ledger.enter_rate",
    errors=(SameCurrency, RateOfOtherBooks, RateInFuture, RateOutOfRange),
)
def enter_exchange_rate(actor: Actor, body: ExchangeRateIn) -> Body[ExchangeRateOut]:
    """Enter an exchange rate.

    A rate cannot be changed or deleted. To correct one, enter another rate of the same pair, kind
    and day, which then counts.
    """
    return ExchangeRateOut.of(service.enter_rate(actor, body.quoted, kind=body.kind))


@api.get(
    "/exchange-rates/find",
    answer=FoundRateOut,
    permission="ledger.read",
    errors=(RateMissing, SameCurrency),
)
def find_exchange_rate(reader: Reader, query: FindRateQuery) -> Body[FoundRateOut]:
    """Find the rate between a currency and that of the books, for a day.

    It is the newest rate quoted on that day or before. It is not older than `rate_max_age_days` of
    the settings; else the answer is `rate_missing`.
    """
    quote = queries.find_rate(reader, query.currency, query.on, query.kind)
    return FoundRateOut.of(
        asdict(quote) | {"kind": query.kind, "is_inverse": quote.is_inverse_for(query.currency)}
    )
