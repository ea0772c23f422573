"""Establish the base amounts of an agency: fill earlier lines, then require them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.queries import base_amounts, closed_months
from voyagent.ledger.queries.base_amounts import BaseState
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.rules import DIFFERENCES, EXCHANGE, RETAINED, next_month, year_began
from voyagent.ledger.service.chart import account_of
from voyagent.ledger.service.entries import post_difference
from voyagent.ledger.service.errors import (
    BaseCurrencyDiffers,
    BaseNotEstablished,
    ExchangeNotZero,
)
from voyagent.ledger.service.months import LAST_DAY, stop_posting
from voyagent.ledger.service.translation import documents, translate_next
from voyagent.settings.queries import get_settings
from voyagent.settings.service.tenant_settings import BaseCurrencyFixed, fix_base_currency

LINES_MAX = 5_000
"""Number of earlier lines in the base currency that one call fills."""
ENTRIES_MAX = 5_000
"""Number of earlier entries that one call translates."""
SOURCE = "base_amounts"
"""Source type of the corrections; they cannot be reversed by hand."""
FILL = text("select app.fill_base(:currency, :most)")
# In the state `ready`, the deferred trigger would refuse a correction of the currency exchange
# account at commit. This statement runs the trigger before the state changes.
_PROVE = text("set constraints journal_entries_checked immediate")


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of the base amount of an account.

    `base` is the debit less the credit of the account with the key `purpose`, and `against` the key
    of the other account: exchange differences, or retained earnings for earlier financial years.
    """

    purpose: str
    currency: str
    base: Money
    against: str
    day: date


def establish_base(actor: Actor, currency: str) -> BaseState:
    """Fill missing base amounts of the agency's lines, or finish if none is missing.

    One call fills at most LINES_MAX lines in the base currency, or translates at most ENTRIES_MAX
    entries with other currencies. Repeat the call, each time in a transaction of its own, until the
    returned state is ready (`is_ready`). The work may be interrupted between two calls. The last
    call gives documents and payments their base amounts, and posts the corrections
    (`due_corrections`). Nobody else can post during the last call.

    Once the state is ready, every posting must have an amount in the base currency, and the base
    currency cannot change any more. `currency` must be the base currency: a caller who expects
    another one gets an error before it is too late to change it.

    Raises Forbidden, NotFresh, BaseCurrencyFixed, BaseCurrencyDiffers, ExchangeNotZero. Raises
    RateMissing if an entry needs a rate that is not known, and BaseNotEstablished if lines have
    amounts in an earlier base currency.
    """
    actor.require_authority("ledger.post")
    actor.require_step_up("ledger.establish_base")
    get_settings(lock=True)
    check(currency)
    values = {"currency": currency, "most": LINES_MAX}
    if not db.session.scalar(FILL, values) and not translate_next(currency, ENTRIES_MAX):
        # Nobody posts from here on, so that the checks stay true. No balance is locked yet.
        stop_posting()
        if not check(currency).missing:
            _finish(actor, currency)
    return base_amounts.read_base_state(SessionReader(db.session))


def check(currency: str) -> BaseState:
    """Return the state of the base amounts, if they can be established.

    Raises BaseCurrencyFixed if they are established already, and BaseCurrencyDiffers if `currency`
    is not the base currency.
    """
    state = base_amounts.read_base_state(SessionReader(db.session))
    if state.is_ready:
        raise BaseCurrencyFixed
    if currency != state.currency:
        raise BaseCurrencyDiffers
    return state


def _finish(actor: Actor, currency: str) -> None:
    reader = SessionReader(db.session)
    if base_amounts.has_foreign_base(reader):
        raise BaseNotEstablished([currency])
    documents().fill(currency)
    corrections = due_corrections(actor, currency)
    _post(actor, corrections)
    if reader.read(base_amounts.balance_in_base_statement())[0]:
        raise ExchangeNotZero
    db.session.execute(_PROVE)
    fix_base_currency(currency)
    audit.record(
        actor,
        "books.base_established",
        inputs={"currency": currency},
        outputs={
            "corrections": [
                {
                    "account": one.purpose,
                    "currency": one.currency,
                    "base_amount": one.base.wire,
                    "against": one.against,
                }
                for one in corrections
            ]
        },
    )


def due_corrections(actor: Actor, currency: str) -> list[Correction]:
    """Return the corrections of accounts of documents in the base currency.

    In each foreign currency, the base amount of an account becomes the sum of the base amounts of
    its open documents or payments. It becomes zero if nothing is open, also on the accounts of
    deferred income, prepaid costs and opening balances. The base amount of the currency exchange
    account becomes zero over all currencies. The corrections are dated on the first open day. The
    part of a difference that existed at the end of the previous financial year is posted against
    retained earnings, and the rest against exchange differences.

    An account whose balance in its own currency differs from its documents is not corrected.
    """
    reader = SessionReader(db.session)
    day = first_open_day(actor)
    year_end = year_began(day, get_settings().financial_year_start_month) - timedelta(days=1)
    exchanged = _largest_exchanged(trial_balance_rows(reader, LAST_DAY), currency)
    due, earlier = (
        _differences(reader, currency, until, exchanged) for until in (LAST_DAY, year_end)
    )
    return [
        Correction(purpose, foreign, Money(minor, currency), against, day)
        for (purpose, foreign), whole in sorted(due.items())
        for minor, against in (
            (earlier.get((purpose, foreign), 0), RETAINED),
            (whole - earlier.get((purpose, foreign), 0), DIFFERENCES),
        )
        if minor
    ]


def first_open_day(actor: Actor) -> date:
    """Return the first day of this financial year whose month is not closed."""
    closed = closed_months.last_closed_month()
    today = clock.today(actor.timezone)
    began = year_began(today, get_settings().financial_year_start_month)
    return began if closed is None else max(began, next_month(closed))


def _post(actor: Actor, corrections: Iterable[Correction]) -> None:
    for one in corrections:
        post_difference(
            actor,
            account_of(actor, one.purpose),
            account_of(actor, one.against),
            one.base,
            currency=one.currency,
            source_type=SOURCE,
            source_id=new_id(),
            narration=f"Base amounts of earlier entries, {one.currency}",
            entry_date=one.day,
        )


def _largest_exchanged(rows: Iterable[Row], currency: str) -> str | None:
    """Return the foreign currency with the most on the account of exchange."""
    sizes = {
        row["currency"]: abs(row["base_debit_minor"] - row["base_credit_minor"])
        for row in rows
        if row["purpose"] == EXCHANGE and row["currency"] != currency
    }
    return min(sizes, key=lambda one: (-sizes[one], one), default=None)


def _differences(
    reader: Reader, currency: str, until: date, exchanged: str | None
) -> dict[tuple[str, str], int]:
    """Return the due debit less credit by purpose of the account and currency.

    Amounts are in minor units of the base currency, at the end of the day `until`. The amount of
    the currency exchange account, over all currencies, is under the currency `exchanged`. It is
    left out if `exchanged` is None.
    """
    carried = documents().carried(reader, until)
    rows = trial_balance_rows(reader, until)
    found: dict[tuple[str, str], int] = {}
    exchanged_minor = 0
    for row in rows:
        place = (row["purpose"], row["currency"])
        base_minor = row["base_debit_minor"] - row["base_credit_minor"]
        if row["purpose"] == EXCHANGE:
            exchanged_minor += base_minor
        elif row["purpose"] in documents().accounts and row["currency"] != currency:
            open_minor, carried_minor = carried.get(place, (0, 0))
            if open_minor == row["debit_minor"] - row["credit_minor"]:
                found[place] = carried_minor - base_minor
    if exchanged is not None:
        found[EXCHANGE, exchanged] = -exchanged_minor
    return found
