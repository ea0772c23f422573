"""Pages of the capabilities: one form for each, and the result of a read."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from pydantic import BaseModel

from voyagent.capabilities import registry
from voyagent.capabilities.capability import Capability, Invocation, JsonObject
from voyagent.capabilities.cards import result_card
from voyagent.capabilities.execution import Proposed
from voyagent.capabilities.forms import CapabilityForm, form_of, known_values
from voyagent.capabilities.immediate import execute_now
from voyagent.capabilities.outputs import record_page, shown
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, is_sent, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.ids import parse_id

LOOKED_UP_MAX = 200
pages = PageBlueprint("capabilities", __name__, guard=Guard.SIGNED_IN)


@pages.page(
    "/do/<name>",
    methods=("GET", "POST"),
    permission="tool.propose",
    missing=registry.CapabilityUnknown,
    once=True,
)
def act(actor: Actor, name: str) -> Any:
    """Show the form of a capability, filled from the address, and carry it out.

    `session_id` in the address names the conversation that the act belongs to.
    """
    capability = registry.get(name)
    actor.require(capability.permission)
    call = Invocation(actor, parse_id(request.args.get("session_id", "")))
    known = known_values(capability, request.args.to_dict(flat=False))
    form = form_of(capability, known, currency=actor.currency)
    done = (
        form.attempt(lambda wanted: (wanted, execute_now(capability, call, wanted)))
        if is_sent()
        else None
    )
    if done is None:
        return _form_page(form, call)
    return _result(capability, *done)


def _form_page(form: CapabilityForm, call: Invocation) -> Any:
    form.fill_rows()
    if request.form.get("then") == "line":
        form.add_row(request.args.get("row", ""))
    lookups = form.capability.lookups
    form.offer({name: look_up(call, "")[:LOOKED_UP_MAX] for name, look_up in lookups.items()})
    asks = form.capability.approval == "required" and not call.actor.may_act_directly(
        form.capability.permission
    )
    page = render_template("capabilities/form.html", form=form, asks=asks, here=_here)
    return page, form.answer_status


def _result(capability: Capability[Any], wanted: BaseModel, output: JsonObject | Proposed) -> Any:
    if isinstance(output, Proposed):
        toast(_("Sent for approval: %(summary)s", summary=output.summary))
        return see_other(url_for("approvals.detail", approval_id=output.approval_id))
    given = wanted.model_dump(mode="json", exclude_none=True)
    card = result_card(capability.card, given, output, writes=capability.writes)
    page = record_page(output) if capability.writes else None
    if page is not None:
        toast(card.sentence)
        return see_other(page)
    return render_template(
        "capabilities/result.html",
        capability=capability,
        card=card,
        shown=shown(output),
        again=_here(),
    )


def _here(**more: str) -> str:
    """Return the address of this form, for its next submission or a further row."""
    given: dict[str, Any] = {**request.args.to_dict(flat=False), **more}
    return url_for(".act", name=(request.view_args or {})["name"], **given)
