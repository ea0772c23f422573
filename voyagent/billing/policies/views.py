"""Pages of the policies of recognition: the history, and a change."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.billing.core.queries.policies import list_policies, methods_of, methods_statement
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.policies import service
from voyagent.billing.policies.forms import ERROR_FIELDS, PolicyForm
from voyagent.billing.policies.words import APPLIES_TO, METHOD_WORDS
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader


@pages.page("/settings/recognition", permission="settings.read")
def recognition(reader: RequestReader) -> Any:
    """Show when revenue, cost and commission count today, and all policies."""
    reader.authenticate()  # the agency's time zone determines today
    methods = methods_of(reader.read(methods_statement(today()))[0])
    return render_template(
        "billing/recognition.html",
        present={"principal": methods.principal, "agent": methods.agent},
        rows=list_policies(reader),
        applies_to=APPLIES_TO,
        method_words=METHOD_WORDS,
    )


@pages.page("/settings/recognition/change", methods=("GET", "POST"), permission="settings.policy")
def change_recognition(actor: Actor) -> Any:
    """Show the form of a policy (GET), and set it (POST)."""
    form = PolicyForm(data={"valid_from": today()})
    done = form.attempt(lambda body: service.set_policy(actor, **body.model_dump()), **ERROR_FIELDS)
    if done is not None:
        toast(_("Recognition changed."))
        return see_other(url_for("billing.recognition"))
    return render_template("billing/change_recognition.html", form=form), form.status
