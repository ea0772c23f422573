"""HTML pages of the capabilities: a form for each, and the result of a query."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from pydantic import BaseModel

from voyagent.capabilities import registry
from voyagent.capabilities.capability import Capability, Invocation
from voyagent.capabilities.cards import answer, records, result_card
from voyagent.capabilities.execution import Proposed, may_use
from voyagent.capabilities.forms import CapabilityForm, form_of, known_values
from voyagent.capabilities.immediate import execute_now
from voyagent.capabilities.outputs import Link, record_links, record_page
from voyagent.http.guards import Guard
from voyagent.http.htmx import is_htmx, see_other
from voyagent.http.markdown import as_html
from voyagent.http.pages import PageBlueprint, is_sent, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.ids import parse_id
from voyagent.kernel.json_values import JsonObject

LOOKED_UP_MAX = 200
AREAS = {
    "everywhere": _l("Enquiries and trips"),
    "ticketing_visa": _l("Flights and visas"),
    "hotels_holidays": _l("Hotels and transfers"),
    "accounting": _l("Accounting"),
}
pages = PageBlueprint("capabilities", __name__, guard=Guard.SIGNED_IN)


@pages.page("/do", permission="agency.read")
def actions(reader: RequestReader) -> ResponseReturnValue:
    """List the capabilities that the user may use."""
    actor = reader.authenticate()
    usable = [one for one in registry.every() if may_use(one, actor)]
    groups = {
        words: sorted((one for one in usable if one.area == area), key=_label)
        for area, words in AREAS.items()
    }
    alone = is_htmx() and request.headers.get("HX-Target") == "palette"
    template = "capabilities/_actions.html" if alone else "capabilities/index.html"
    return render_template(template, groups=groups)


@pages.page(
    "/do/<name>",
    methods=("GET", "POST"),
    permission="agency.read",
    missing=registry.CapabilityUnknown,
    once=True,
)
def act(actor: Actor, name: str) -> ResponseReturnValue:
    """Show the form of a capability, and run the capability when the form is sent.

    The form is filled from the URL. `session_id` in the URL is the conversation to which the call
    belongs.
    """
    capability = registry.get(name)
    actor.require(capability.permission)
    call = Invocation(actor, parse_id(request.args.get("session_id", "")))
    known = known_values(capability, request.args.to_dict(flat=False))
    form = form_of(capability, known, currency=actor.currency)
    done = (
        form.attempt(lambda inputs: (inputs, execute_now(capability, call, inputs)))
        if is_sent()
        else None
    )
    if done is None:
        return _form_page(form, call)
    return _result(capability, actor, *done)


def _label(capability: Capability[Any]) -> str:
    return _(capability.title)


def _form_page(form: CapabilityForm, call: Invocation) -> ResponseReturnValue:
    form.fill_rows()
    if request.form.get("then") == "line":
        form.add_row(request.args.get("row", ""))
    lookups = {**form.capability.choices, **form.capability.lookups}
    form.offer({name: look_up(call, "")[:LOOKED_UP_MAX] for name, look_up in lookups.items()})
    asks = form.capability.approval == "required" and not call.actor.may_act_directly(
        form.capability.permission
    )
    page = render_template("capabilities/form.html", form=form, asks=asks, here=_here)
    return page, form.answer_status


def _result(
    capability: Capability[Any], actor: Actor, inputs: BaseModel, output: JsonObject | Proposed
) -> ResponseReturnValue:
    if isinstance(output, Proposed):
        toast(_("Sent for approval: %(summary)s", summary=output.summary))
        return see_other(url_for("approvals.detail", approval_id=output.approval_id))
    given = inputs.model_dump(mode="json", exclude_none=True)
    page = record_page(output) if capability.writes else None
    if page is not None:
        toast(result_card(capability.card, given, output, writes=True).sentence)
        return see_other(page)
    return render_template(
        "capabilities/result.html",
        capability=capability,
        answer=as_html(answer(capability, given, output)),
        links=record_links(records(capability, output)),
        next_steps=_next_steps(capability, actor, output),
        again=_here(),
    )


def _next_steps(capability: Capability[Any], actor: Actor, output: JsonObject) -> list[Link]:
    """Return links to the forms of the follow-ups, filled from the output."""
    links = []
    for name in capability.follow_ups:
        step = registry.find(name)
        if step is None or not may_use(step, actor):
            continue
        known: dict[str, Any] = {
            field: output[field]
            for field in step.input.model_fields
            if isinstance(output.get(field), str)
        }
        links.append(Link(_label(step), url_for(".act", name=step.name, **known)))
    return links


def _here(**more: str) -> str:
    """Return the URL of the requested form, with `more` as query parameters."""
    parameters = {name: all_of for name, all_of in request.args.lists() if name != "row"}
    given: dict[str, Any] = {**parameters, **more}
    return url_for(".act", name=(request.view_args or {})["name"], **given)
