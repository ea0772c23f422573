"""Page of imports: choose a file, check it, correct its errors, import it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import ngettext

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.imports.forms import ERROR_FIELDS, KIND_WORDS, ImportForm, in_words
from voyagent.imports.schemas import ImportIn
from voyagent.imports.service import files
from voyagent.imports.service.files import Outcome
from voyagent.kernel.actor import Actor

pages = PageBlueprint("imports", __name__, guard=Guard.SIGNED_IN)
LEADS_TO = {
    "parties": "parties.index",
    "opening_balances": "reports.trial_balance",
    "open_invoices": "reports.receivables",
    "open_bills": "reports.payables",
} | {
    "customer_advances": "reports.receivables",
    "supplier_advances": "reports.payables",
    "exchange_rates": "rates.index",
}


@pages.page("/import", methods=("GET", "POST"), permission="import.run")
def index(actor: Actor) -> Any:
    """Show and process the form: check a file, or import it if it has no errors.

    The query parameter `kind` selects the kind of file.
    """
    form = ImportForm(data={"kind": request.args.get("kind")})
    takes = request.form.get("then") == "run"

    def act(body: ImportIn) -> Outcome:
        return (files.run if takes else files.dry_run)(
            actor, body.kind, body.content, body.effective_on
        )

    outcome = form.attempt(act, **ERROR_FIELDS)
    if outcome is not None and takes:
        message = ngettext(
            "One line was imported.", "%(num)d lines were imported.", outcome.row_count
        )
        toast(message)
        return see_other(url_for(LEADS_TO[outcome.kind]))
    findings = (
        [
            {"line": one.line, "column": one.column, "sentence": in_words(one)}
            for one in outcome.findings
        ]
        if outcome
        else []
    )
    facts = {
        "form": form,
        "outcome": outcome,
        "findings": findings,
        "kinds": files.KINDS,
        "kind_words": KIND_WORDS,
    }
    return render_template("imports/index.html", **facts), (
        422 if findings else 200 if outcome else form.status
    )
