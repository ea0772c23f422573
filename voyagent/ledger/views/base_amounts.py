"""HTML page that establishes the base amounts of earlier entries."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _, ngettext

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.rates import plain_rate
from voyagent.ledger.forms.base_amounts import ERROR_FIELDS, EstablishForm
from voyagent.ledger.queries.base_amounts import read_base_state
from voyagent.ledger.rules import chart_account
from voyagent.ledger.service import base_amounts as establishing
from voyagent.ledger.service.base_preview import preview_base

pages = PageBlueprint("base_amounts", __name__, guard=Guard.SIGNED_IN)


@pages.page("/base-amounts", methods=("GET", "POST"), permission="ledger.establish_base")
def index(actor: Actor) -> Any:
    """Show what is missing, and establish the base amounts in steps."""
    form = EstablishForm()
    done = form.attempt(
        lambda body: establishing.establish_base(actor, body.currency), **ERROR_FIELDS
    )
    if done is None:
        state = read_base_state(SessionReader(db.session))
        is_shown = "preview" in request.args and not state.is_ready
        page = render_template(
            "ledger/base_amounts.html",
            form=form,
            state=state,
            lines_max=establishing.LINES_MAX,
            preview=preview_base(actor, state.currency) if is_shown else None,
            rate_words=partial(_rate_words, state.currency),
            chart_account=chart_account,
        )
        return page, form.status
    toast(
        _("Base amounts established.")
        if done.is_ready
        else ngettext(
            "Not finished: %(num)d line is left. Confirm again to continue.",
            "Not finished: %(num)d lines are left. Confirm again to continue.",
            done.missing,
        )
    )
    return see_other(url_for("base_amounts.index"))


def _rate_words(base_currency: str, row: Row) -> str:
    """Return a rate as it was quoted, such as “1 USD = 84.2 INR”."""
    base, quote = base_currency, row["currency"]
    if not row["is_rate_inverse"]:
        base, quote = quote, base
    return f"1 {base} = {plain_rate(row['rate'])} {quote}"
