"""HTML page that establishes the base amounts of earlier entries."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _, ngettext

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.ledger.forms.base_amounts import ERROR_FIELDS, EstablishForm
from voyagent.ledger.queries.base_amounts import read_base_state
from voyagent.ledger.service import base_amounts as establishing

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
        page = render_template(
            "ledger/base_amounts.html", form=form, state=state, lines_max=establishing.LINES_MAX
        )
        return page, form.status
    toast(
        _("Base amounts established.")
        if done.is_ready
        else ngettext(
            "Not finished: %(num)d line is left. Confirm again to continue.",
            "Not finished: %(num)d lines are left. Confirm again to continue.",
            done.lines,
        )
    )
    return see_other(url_for("base_amounts.index"))
