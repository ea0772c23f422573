"""What comes next: behind something that was looked up, behind a decision, and before a request is put in the place of an older one."""

from __future__ import annotations

from voyagent.assistant.planner import sentences, telling
from voyagent.assistant.planner.moves import Ask, Call, Context, Decision, Move, Say
from voyagent.assistant.planner.wording import _


def if_meant(move: Move, context: Context) -> Move:
    """A request in the place of the one that waits; where something else was answered since, it is asked first whether that one is meant."""
    asked = context.waiting[-1] if context.waiting else {}
    if not isinstance(move, Call) or move.replaces != asked.get("id") or not asked.get("is_aside"):
        return move
    text = _("Do you mean what waits already, “%(summary)s”? Say “yes”, or say what you mean. Nothing has changed.", summary=asked["summary"])
    return Ask(text, tool=move.tool, known={"put_right": move.arguments, "words": move.words, "replaces": move.replaces}, missing="sure")


def behind(call: Call, context: Context) -> str:
    """What goes on from what was looked up, where somebody travels whom it is for, and which tickets are asked for all the same; nothing for most."""
    ticketing = next((one["summary"] for one in context.waiting if one["tool"] == "issue_ticket"), "") if call.tool == "hold_flight" else ""
    if ticketing:
        return _("A request still waits: %(summary)s. Reject it where these seats take its place.", summary=ticketing)
    return _("Say “file it” to have it filed for who travels.") if call.tool == "visa_requirements" and context.trip.get("passengers") else ""


def after_decision(decision: Decision) -> Move:
    """What is said, or asked for next, once somebody has decided about a request."""
    if not decision.granted:
        return Say(sentences.rejected(decision.reason))
    if decision.outcome.error is not None:
        return Say(sentences.refusal(decision.tool, decision.outcome))
    if decision.tool == "draft_invoice":
        output = decision.outcome.output
        return Call("issue_invoice", {"invoice_id": output["invoice_id"]}, words=sentences.drafted(output))
    if decision.tool == "issue_invoice":
        return Say(sentences.issued(decision.outcome.output))
    return Say(telling.done(decision.tool, decision.outcome.output))
