"""Pages of tax rates: the list of treatments, and their confirmation."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.billing.core.queries.tax_confirmations import Standing
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.treatments import queries, service
from voyagent.billing.treatments.forms import ERROR_FIELDS, ConfirmTreatmentForm
from voyagent.billing.treatments.words import STATES, SUPPLIES, rates_on, unit_words
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.settings import queries as settings
from voyagent.taxes.words import TREATMENTS, component


@pages.page("/settings/tax-rates", permission="billing.read")
def treatments(reader: RequestReader) -> Any:
    """Show the tax treatments with their rates of today and their confirmations."""
    standings = queries.read_treatments(reader)
    reader.authenticate()  # the agency's time zone determines today
    return render_template(
        "billing/treatments.html", rows=[_shown(one, today()) for one in standings]
    )


@pages.page(
    "/settings/tax-rates/confirm",
    methods=("GET", "POST"),
    permission="invoice.confirm_treatment",
)
def confirm_treatment(actor: Actor) -> Any:
    """Show the rates of a treatment on all days, and confirm them."""
    form = ConfirmTreatmentForm()
    done = form.attempt(lambda body: service.confirm(actor, **body.model_dump()), **ERROR_FIELDS)
    if done is not None:
        toast(_("Rates confirmed."))
        return see_other(url_for("billing.treatments"))
    code = request.values.get("treatment")
    standings = queries.read_treatments(SessionReader(db.session))
    found = next((one for one in standings if one.treatment == code), None)
    if found is None:
        return see_other(url_for("billing.treatments"))
    form.treatment.data, form.rates_hash.data = found.treatment, found.rates_hash
    page = render_template(
        "billing/confirm_treatment.html",
        form=form,
        treatment=_shown(found, today()),
        is_required=settings.get_settings().confirm_treatments,
    )
    return page, form.status


def _shown(one: Standing, day: date) -> Row:
    """Return a treatment for a template.

    `rates` are its rates, those that the last confirmation had but no longer apply included.
    `change` of a rate is `new` or `removed` compared with the confirmation, or empty.
    """
    was_confirmed = one.confirmed_at is not None
    removed = [rate for rate in one.confirmed_rates if rate not in one.rates]
    return {
        "code": one.treatment,
        "words": TREATMENTS[one.treatment],
        "state": one.state,
        "state_words": STATES[one.state],
        "today": rates_on(one.rates, day),
        "compared_with": one.compared_with,
        "confirmed_by": one.confirmed_by,
        "confirmed_at": one.confirmed_at,
        "rates": [
            *(
                _rate(rate, "new" if was_confirmed and rate not in one.confirmed_rates else "")
                for rate in one.rates
            ),
            *(_rate(rate, "removed") for rate in removed),
        ],
    }


def _rate(rate: dict[str, str], change: str) -> Row:
    return {
        "component": component(rate["component"]),
        "supply": SUPPLIES[rate["supply"]],
        "percent": rate["percent"],
        "share": rate["share"],
        "unit": unit_words(rate),
        "valid_from": date.fromisoformat(rate["valid_from"]),
        "valid_to": date.fromisoformat(rate["valid_to"]) if rate["valid_to"] else None,
        "source": rate["source"],
        "change": change,
    }
