"""Establish the base amounts of an agency: fill earlier lines, then require them."""

from __future__ import annotations

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.ledger.queries import base_amounts
from voyagent.ledger.queries.base_amounts import BaseState
from voyagent.ledger.service.errors import (
    BaseCurrencyDiffers,
    BaseNotEstablished,
    ExchangeNotZero,
)
from voyagent.ledger.service.months import stop_posting
from voyagent.settings.queries import get_settings
from voyagent.settings.service.tenant_settings import BaseCurrencyFixed, fix_base_currency

LINES_MAX = 5_000
"""Number of earlier lines that one call fills."""
_FILL = text("select app.fill_base(:currency, :most)")


def establish_base(actor: Actor, currency: str) -> BaseState:
    """Fill the next lines without a base amount, or finish if there are none.

    One call fills at most LINES_MAX lines. Call the function again, each time in a transaction of
    its own, until the answer is ready; it may be stopped in between. From then on every posting has
    an amount in the base currency, which cannot change any more. `currency` is the base currency,
    and must be given so that nobody fixes a wrong one. Agencies with postings in other currencies
    are refused.

    Raises Forbidden, NotFresh, BaseCurrencyFixed, BaseCurrencyDiffers, BaseNotEstablished,
    ExchangeNotZero.
    """
    actor.require_step_up("ledger.establish_base")
    get_settings(lock=True)
    _check(currency)
    values = {"currency": currency, "most": LINES_MAX}
    if not db.session.scalar(_FILL, values):
        # Nobody posts from here on, so that the checks stay true. No balance is locked yet.
        stop_posting()
        if not _check(currency).lines:
            _finish(actor, currency)
    return base_amounts.read_base_state(SessionReader(db.session))


def _check(currency: str) -> BaseState:
    """Return the state if the base amounts in this currency can be established."""
    state = base_amounts.read_base_state(SessionReader(db.session))
    if state.is_ready:
        raise BaseCurrencyFixed
    if currency != state.currency:
        raise BaseCurrencyDiffers
    if state.foreign:
        raise BaseNotEstablished([one.currency for one in state.foreign])
    return state


def _finish(actor: Actor, currency: str) -> None:
    reader = SessionReader(db.session)
    if base_amounts.has_foreign_base(reader):
        raise BaseNotEstablished([currency])
    if reader.read(base_amounts.exchange_statement())[0]:
        raise ExchangeNotZero
    fix_base_currency(currency)
    audit.record(actor, "books.base_established", inputs={"currency": currency})
