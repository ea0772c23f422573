"""Page of the month-end revaluation, and its check before a month is closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.http.errors import sentence_of
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.http.template_filters import month_words
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Conflict
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote, plain_rate
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.queries import revaluations
from voyagent.ledger.queries.closing_checks import Check, register_checks
from voyagent.ledger.rules import next_month, parse_month
from voyagent.ledger.service import revaluations as revaluing
from voyagent.ledger.service.months import check_month_end, wire_month

pages = PageBlueprint("revaluations", __name__, guard=Guard.SIGNED_IN)


@pages.page(
    "/months/<month>/revaluation",
    methods=("GET", "POST"),
    permission="ledger.close",
    missing=MonthNotFound,
)
def revaluation(actor: Actor, month: str) -> Any:
    """Revalue a month: the first step shows what would be posted, the second posts it."""
    first = parse_month(month)
    if request.method == "POST":
        is_posted = bool(revaluing.revalue(actor, first))
        toast(
            _("%(month)s revalued.", month=month_words(first))
            if is_posted
            else _("All balances are at the closing rates. Nothing was posted.")
        )
        return see_other(url_for("revaluations.revaluation", month=month))
    reader = SessionReader(db.session)
    positions, refusal = None, None
    try:
        check_month_end(actor, first)
        positions = revaluing.preview_revaluation(reader, first)
    except Conflict as error:
        refusal = sentence_of(error)
    return render_template(
        "ledger/revaluation.html",
        month=month,
        name=month_words(first),
        positions=positions,
        last_day=revaluations.last_day(first),
        next_day=next_month(first),
        refusal=refusal,
        rate_words=_rate_words,
        runs=[_shown(row) for row in revaluations.read_runs(reader, first).items],
    )


@register_checks
def check_revalued(reader: Reader, first: date, _last: date) -> list[Check]:
    """Return the check that the foreign balances of a month are revalued.

    The result is empty if there are no foreign balances, or if the base amounts are not
    established.
    """
    positions = revaluations.read_positions(reader, first)
    if not (positions.is_ready and positions.items):
        return []
    is_done = positions.is_revalued
    return [
        Check(
            is_done,
            (
                _("Foreign balances are at the closing rates.")
                if is_done
                else _("Foreign balances are not at the closing rates. Revalue them.")
            ),
            url_for("revaluations.revaluation", month=wire_month(first)),
        )
    ]


def _rate_words(quote: Quote) -> str:
    return f"1 {quote.base} = {plain_rate(quote.rate)} {quote.quote}"


def _shown(row: Row) -> Row:
    return row | {"difference": Money(row["difference_minor"], row["base_currency"])}
