"""Pages of exchange rates: the list, and a new rate."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.http.files import list_file
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import currency_codes
from voyagent.kernel.pages import page_or_first
from voyagent.kernel.rates import plain_rate
from voyagent.rates import queries, service
from voyagent.rates.forms import ERROR_FIELDS, RateForm, RateList
from voyagent.rates.schemas import PAGE_SIZE, ExchangeRateIn
from voyagent.rates.words import KIND_WORDS

pages = PageBlueprint("rates", __name__, guard=Guard.SIGNED_IN)


@pages.page("/exchange-rates", permission="ledger.read")
def index(reader: RequestReader) -> Any:
    """Show the exchange rates, newest day first."""
    query = RateList.read(request.args)
    search = query.search()
    if (
        "format" in request.args
        and not query.invalid
        and (file := list_file(queries.rates_listing(search), reader.authenticate().tenant_id))
    ):
        return file
    found, invalid = page_or_first(
        lambda cursor: queries.list_rates(reader, search, limit=PAGE_SIZE, cursor=cursor),
        query.place,
    )
    facts = {
        "asked": query,
        "rows": [
            row | {"rate_text": plain_rate(row["rate"]), "kind_words": KIND_WORDS[row["kind"]]}
            for row in found.items
        ],
        "older": found.next_cursor,
        "invalid": query.invalid_labels(*invalid),
        "currencies": currency_codes(),
        "kinds": KIND_WORDS,
    }
    return render_template("rates/list.html", **facts), 422 if facts["invalid"] else 200


@pages.page("/exchange-rates/new", methods=("GET", "POST"), permission="ledger.enter_rate")
def new(actor: Actor) -> Any:
    """Show and process the form of a new exchange rate.

    The query parameters `currency`, `on` and `kind` fill the form.
    """
    books = queries.read_base_currency(SessionReader(db.session))
    form = RateForm.begun(books, request.args)

    def act(body: ExchangeRateIn) -> Row:
        return service.enter_rate(actor, body.quoted, kind=body.kind)

    if form.attempt(act, **ERROR_FIELDS) is None:
        return render_template("rates/new.html", form=form, books=books), form.status
    toast(_("Exchange rate saved."))
    return see_other(url_for("rates.index"))
