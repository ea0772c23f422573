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
    """Fill missing base amounts of the agency's lines, or finish if none is missing.

    One call fills at most LINES_MAX lines. Repeat the call, each time in a transaction of its own,
    until the returned state is ready (`is_ready`). The work may be interrupted between two calls.
    Once the state is ready, every posting must have an amount in the base currency, and the base
    currency cannot change any more. `currency` must be the base currency: a caller who expects
    another one gets an error before it is too late to change it.

    Raises Forbidden, NotFresh, BaseCurrencyFixed, BaseCurrencyDiffers, ExchangeNotZero. Raises
    BaseNotEstablished if the agency has postings in other currencies.
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
    """Return the state of the base amounts, or raise an error if they cannot be fixed."""
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
