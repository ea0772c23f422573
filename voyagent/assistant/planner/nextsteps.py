"""What comes next: behind something that was looked up, behind a decision, and before a request is
put in the place of an older one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from voyagent.assistant.moves import Ask, Call, Context, Decision, Move, Say
from voyagent.assistant.planner import sentences, telling
from voyagent.assistant.planner.wording import _


def if_meant(move: Move, context: Context) -> Move:
    """A request in the place of the one that waits; where something else was answered since, it is
    asked first whether that one is meant.
    """
    asked = context.waiting[-1] if context.waiting else {}
    if not isinstance(move, Call) or move.replaces != asked.get("id") or not asked.get("is_aside"):
        return move
    text = _(
        "Do you mean what waits already, “%(summary)s”? Say “yes”, or say what you mean. Nothing"
        " has changed.",
        summary=asked["summary"],
    )
    return Ask(
        text,
        tool=move.tool,
        known={"put_right": move.arguments, "words": move.words, "replaces": move.replaces},
        missing="sure",
    )


_REFUSED = "refused"


def refused_put_right(context: Context, read: Callable[[Context], Move | None]) -> Move | None:
    """What a correction makes of a request that a rule refused in the answer before, and which was
    therefore never made.
    """
    last = context.last
    if not last.get("refused"):
        return None
    asked = {"id": _REFUSED, "tool": last["tool"], "arguments": last["arguments"], "summary": ""}
    move = read(replace(context, waiting=[asked]))
    return (
        replace(move, replaces="", words="")
        if isinstance(move, Call) and move.replaces == _REFUSED
        else move
    )


_OF_TRIP = frozenset(
    {
        "hold_flight",
        "book_hotel",
        "add_passenger",
        "add_transfer",
        "file_visa",
        "send_itinerary",
        "issue_ticket",
    }
)


def on_own_trip(move: Move, said: str, context: Context) -> Move:
    """The same move; where it would go onto the trip of another customer than the one who is spoken
    of, whose conversation it is, and where to go.
    """
    about = context.enquiry
    if not isinstance(move, Call) or move.tool not in _OF_TRIP or about is None or not about.beside:
        return move
    if any(part.casefold() in said.casefold().split() for part in about.beside.split()):
        return move  # said of whose trip it is
    return Say(
        _(
            "The trip of this conversation is that of %(own)s, so I have done nothing. For %(name)s"
            " open a conversation of their own from %(link)s; for the trip here say it once more"
            " with “for %(own)s”.",
            own=about.beside,
            name=about.customer_name,
            link=f"[/enquiries/{about.id}](/enquiries/{about.id})",
        )
    )


def beside_another(output: dict[str, Any], context: Context) -> str:
    """What is said of an enquiry that is logged in a conversation about another's; nothing where it
    is the first.
    """
    own = (context.enquiry.beside or context.enquiry.customer_name) if context.enquiry else ""
    if not own:
        return ""
    return _(
        "The trip of this conversation stays that of %(own)s; seats and rooms for %(name)s are held"
        " in one of their own, opened from %(link)s.",
        own=own,
        name=output.get("customer_name", ""),
        link=f"[/enquiries/{output['enquiry_id']}](/enquiries/{output['enquiry_id']})",
    )


def behind(call: Call, context: Context) -> str:
    """What goes on from what was looked up, where somebody travels whom it is for, and which
    tickets are asked for all the same; nothing for most.
    """
    if call.tool == "remove_passenger" and context.trip.get("held"):
        held = ", ".join(one["locator"] for one in context.trip["held"])
        return _(
            "Seats stay held for everybody as before, %(held)s: release them and hold again before"
            " tickets are issued.",
            held=held,
        )
    ticketing = (
        next((one["summary"] for one in context.waiting if one["tool"] == "issue_ticket"), "")
        if call.tool == "hold_flight"
        else ""
    )
    if ticketing:
        return _(
            "A request still waits: %(summary)s. Decline it if these seats replace it.",
            summary=ticketing,
        )
    return (
        _("Say “file it” to have it filed for who travels.")
        if call.tool == "visa_requirements" and context.trip.get("passengers")
        else ""
    )


def after_decision(decision: Decision) -> Move:
    """What is said, or asked for next, once somebody has decided about a request."""
    if not decision.granted:
        return Say(sentences.rejected(decision.reason))
    if decision.outcome.error is not None:
        return Say(sentences.refusal(decision.tool, decision.outcome))
    if decision.tool == "draft_invoice":
        output = decision.outcome.output
        return Call(
            "issue_invoice", {"invoice_id": output["invoice_id"]}, words=sentences.drafted(output)
        )
    if decision.tool == "issue_invoice":
        return Say(sentences.issued(decision.outcome.output))
    return Say(telling.done(decision.tool, decision.outcome.output))
