"""HTML pages of the months: the list, closing a month and reopening one."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.http.template_filters import month_words, today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Conflict
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.forms.months import CLOSE_ERROR_FIELDS, ERROR_FIELDS, CloseForm, ReopenForm
from voyagent.ledger.queries import closed_months, revaluations
from voyagent.ledger.queries.closing_checks import run_checks
from voyagent.ledger.rules import parse_month
from voyagent.ledger.schemas.months import CloseMonthRequest
from voyagent.ledger.service import months as ledger_months
from voyagent.ledger.service.errors import NotRevalued

pages = PageBlueprint("ledger", __name__, guard=Guard.SIGNED_IN)


@pages.page("/months", permission="ledger.read")
def months(reader: RequestReader) -> Any:
    """Show the months, newest first, and the next one to close."""
    typed = request.args.get("before", "")
    try:
        before, is_invalid = (parse_month(typed) if typed else None), False
    except MonthNotFound:
        before, is_invalid = None, True
    found = closed_months.read_months(reader, before)
    actor = reader.authenticate()
    this = today().replace(day=1)
    rows = [row | _named(row["month"]) | {"is_over": row["month"] < this} for row in found.items]
    facts = {
        "closes": (
            _named(found.next_to_close)
            if found.next_to_close and found.next_to_close < this and actor.can("ledger.close")
            else None
        ),
        "reopens": (
            _named(found.closed_through)
            if found.closed_through and actor.can("ledger.reopen")
            else None
        ),
        "older": (
            url_for("ledger.months", before=ledger_months.wire_month(found.before))
            if found.before
            else None
        ),
    }
    return render_template(
        "ledger/months.html", rows=rows, is_first=before is None, invalid=is_invalid, **facts
    ), (422 if is_invalid else 200)


@pages.page(
    "/months/<month>/close",
    methods=("GET", "POST"),
    permission="ledger.close",
    missing=MonthNotFound,
)
def close_month(actor: Actor, month: str) -> Any:
    """Close a month: the first step shows the checks, the second closes the month."""
    first = parse_month(month)
    form = CloseForm()

    def act(body: CloseMonthRequest) -> date:
        ledger_months.close_month(actor, first, unrevalued_reason=body.unrevalued_reason)
        return first

    if form.attempt(act, **CLOSE_ERROR_FIELDS) is not None:
        toast(_("%(month)s closed.", month=month_words(first)))
        return see_other(url_for("ledger.months"))
    reader = SessionReader(db.session)
    is_revalued = revaluations.is_revalued(reader, first)
    refusal = None
    try:
        ledger_months.check_month(actor, first)
        if not (is_revalued or actor.can("ledger.close_unrevalued")):
            raise NotRevalued
    except Conflict as error:
        refusal = _(error.message)
    return render_template(
        "ledger/close_month.html",
        form=form,
        month=month,
        name=month_words(first),
        checks=run_checks(reader, first),
        is_revalued=is_revalued,
        refusal=refusal,
    ), form.status


@pages.page(
    "/months/<closed_month>/reopen",
    methods=("GET", "POST"),
    permission="ledger.reopen",
    missing=MonthNotFound,
)
def reopen_month(actor: Actor, closed_month: str) -> Any:
    """Show and process the form that reopens the latest closed month, with a reason."""
    first = parse_month(closed_month)
    form = ReopenForm()
    done = form.attempt(
        lambda body: ledger_months.reopen_month(actor, first, reason=body.reason), **ERROR_FIELDS
    )
    if done is None:
        return (
            render_template(
                "ledger/reopen_month.html", form=form, month=closed_month, name=month_words(first)
            ),
            form.status,
        )
    toast(_("%(month)s reopened.", month=month_words(first)))
    return see_other(url_for("ledger.months"))


def _named(month: date) -> Row:
    return {"key": ledger_months.wire_month(month), "name": month_words(month)}
