"""Request and response schemas of the base currency and its amounts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from voyagent.kernel.fields import Closed
from voyagent.kernel.serializers import AnswerOf
from voyagent.ledger.queries.base_amounts import BaseState, CurrencyLines


class EstablishBaseRequest(Closed):
    """The base currency to establish.

    It must be the agency's base currency. Otherwise the request is refused, because the base
    currency cannot be changed afterwards.
    """

    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class CurrencyLinesOut(AnswerOf[CurrencyLines]):
    """Another currency with postings, and its lines without base amounts.

    `first_day` and `last_day` are the first and last book date of these lines, or null if there are
    none.
    """

    currency: str
    lines: int
    first_day: date | None
    last_day: date | None


class BaseCurrencyOut(AnswerOf[BaseState]):
    """The base currency, and which postings have no amount in it.

    `lines` is the number of lines in the base currency that have no base amount yet. `foreign`
    has every other currency with postings; its lines are translated at exchange rates.
    `state` is `ready` when every posting has its base amount.
    """

    currency: str
    state: Literal["asked", "ready"]
    lines: int
    foreign: list[CurrencyLinesOut]
