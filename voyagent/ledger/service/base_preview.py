"""Preview of the base amounts of earlier entries.

The lines are translated in a savepoint that is rolled back, so the preview is what establishing the
base amounts would do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.queries import translation as queries
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.rules import year_began
from voyagent.ledger.service.base_amounts import FILL, Correction, check, due_corrections
from voyagent.ledger.service.months import stop_posting
from voyagent.ledger.service.translation import RatesMissing, documents, translate_next
from voyagent.settings.queries import get_settings

LINES_MAX = 20_000
"""Most earlier lines for which there is a preview, because nobody can post meanwhile."""
UNRATED_MAX = 100
YEARS_MAX = 5


@dataclass(frozen=True, slots=True)
class YearEnd:
    """The trial balance in the base currency at the end of a day.

    `accounts` are pairs of an account (code and name) and its balance, debit less credit.
    """

    day: date
    accounts: list[tuple[Row, Money]]


@dataclass(frozen=True, slots=True)
class BasePreview:
    """The effect of establishing the base amounts.

    `missing` has each currency and day whose rate is needed and not known, earliest day first. If
    there are such days, `rates`, `years` and `corrections` are empty. Else `rates` has the rates of
    all converted lines, as `queries.rates_statement` selects them, `years` the trial balances of
    today and of the last ends of financial years, and `corrections` the corrections that would be
    posted. `unrated` has the first foreign documents without a rate, and `unrated_count` is the
    number of all. If `is_too_large` is true, there are more than LINES_MAX lines without base
    amounts, and all lists are empty.
    """

    currency: str
    is_too_large: bool = False
    missing: Sequence[tuple[str, date]] = ()
    rates: Sequence[Row] = ()
    unrated: Sequence[Row] = ()
    unrated_count: int = 0
    years: Sequence[YearEnd] = ()
    corrections: Sequence[Correction] = ()


def preview_base(actor: Actor, currency: str) -> BasePreview:
    """Return the effect of establishing the base amounts; change nothing.

    Nobody else can post meanwhile. Raises Forbidden, BaseCurrencyFixed, BaseCurrencyDiffers.
    """
    actor.require("ledger.establish_base")
    if check(currency).missing > LINES_MAX:
        return BasePreview(currency, is_too_large=True)
    reader = SessionReader(db.session)
    unrated, unrated_count = documents().unrated(reader, UNRATED_MAX)
    found = BasePreview(currency, unrated=unrated, unrated_count=unrated_count)
    with _undone():
        stop_posting()
        db.session.scalar(FILL, {"currency": currency, "most": LINES_MAX})
        try:
            translate_next(currency, LINES_MAX)
        except RatesMissing as error:
            return replace(found, missing=error.all)
        documents().fill(currency)
        return replace(
            found,
            rates=reader.read(queries.rates_statement())[0],
            years=[_year_end(reader, day, currency) for day in _ends(actor, reader)],
            corrections=due_corrections(actor, currency),
        )


@contextmanager
def _undone() -> Iterator[None]:
    """Roll back what the block does, and release its locks."""
    savepoint = db.session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def _ends(actor: Actor, reader: Reader) -> list[date]:
    """Return today and the last ends of financial years with postings."""
    today = clock.today(actor.timezone)
    ((row,),) = reader.read(queries.first_month_statement())
    days, month = [today], get_settings().financial_year_start_month
    while len(days) < YEARS_MAX and row["month"] is not None:
        day = year_began(days[-1], month) - timedelta(days=1)
        if day < row["month"]:
            break
        days.append(day)
    return days


def _year_end(reader: Reader, day: date, currency: str) -> YearEnd:
    found = []
    for _code, same in groupby(trial_balance_rows(reader, day), key=lambda row: row["code"]):
        first, *more = same
        minor = sum(row["base_debit_minor"] - row["base_credit_minor"] for row in (first, *more))
        if minor:
            found.append((first, Money(minor, currency)))
    return YearEnd(day, found)
