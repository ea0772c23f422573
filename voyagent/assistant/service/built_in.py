"""Built-in planner, which needs no model."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from voyagent.assistant.rules.moves import (
    Call,
    Card,
    Conversation,
    Decision,
    Done,
    Move,
    Outcome,
    Say,
    SendText,
    discard_text,
)
from voyagent.assistant.service.outcomes import output_of
from voyagent.capabilities import cards, registry, unread
from voyagent.capabilities.capability import Capability
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.kernel.text.markdown import (
    escaped,
    escaped_values,
)


class BuiltInPlanner:
    """Planner that uses no model and reads nothing but the conversation it is given."""

    def next_move(self, conversation: Conversation, send_text: SendText = discard_text) -> Move:  # noqa: ARG002 - the protocol has it
        """Return the next move; see `Planner.next_move`."""
        played = conversation.played
        if conversation.decision is not None:
            return _after(conversation.decision, len(played), conversation.context.timezone)
        if not played:
            return _opening(conversation.context.reading)
        last = played[-1]
        if isinstance(last.move, Call) and last.outcome and last.outcome.approval_id is None:
            zone = conversation.context.timezone
            return _answer(last.move.tool, last.move.arguments, last.outcome, zone)
        return Done()


def ask_for(capability: Capability[Any], missing: list[str]) -> str:
    """Return the question for the first missing field, or a request to check all."""
    if missing:
        slot = capability.slots.get(missing[0])
        if slot is not None and slot.question:
            return str(gettext(slot.question))
        name = missing[0].removesuffix("_id").replace("_", " ")
        return str(gettext("Please enter a value for “%(field)s”.", field=name))
    if capability.approval == "required":
        return str(gettext("Please check the fields, then send for approval."))
    return str(gettext("Please check the fields, then save."))


def _opening(reading: JsonObject) -> Move:
    kind = reading.get("kind", "unknown")
    if kind == "stale":
        return Say(gettext("This card is no longer open. Nothing was saved."))
    if kind == "dropped":
        return Say(gettext("Discarded. Nothing was saved."), drops=reading["draft_id"])
    if kind == "refund":
        return Say(
            gettext(
                "The assistant records no refunds to customers and reverses no payments. Open the"
                " payment in Payments to do it. Nothing was saved."
            )
        )
    if kind == "unknown" and not reading.get("capability"):
        words = gettext(
            "No action matches this message. Open the list of actions with Ctrl K, or write"
            " what to do and for whom."
        )
        return Say(cards.paragraphs(_unread(reading), words))
    capability = registry.get(reading["capability"])
    if kind == "run" or reading["confirmed"]:
        is_proposed = capability.approval == "required"
        words = gettext("Sent for approval.") if is_proposed else ""
        if not reading["confirmed"]:
            words = _unread(reading)
        return Call(capability.name, reading["fields"], words)
    return _card(capability, reading)


def _card(capability: Capability[Any], reading: JsonObject) -> Card:
    text = ask_for(capability, reading["missing"])
    if reading["kind"] == "choose":
        text = gettext("Which of these do you mean?")
    elif reading["kind"] == "unknown":
        text = gettext(
            "No action clearly matches this message. Is it one of these? All actions are in the"
            " list that Ctrl K opens."
        )
    elif reading["missing"]:
        rows = reading["choices"].get(reading["missing"][0], [])
        if rows:
            text = cards.listing(text, [escaped(row["label"]) for row in rows])
    return Card(
        cards.paragraphs(_unread(reading), text),
        capability.name,
        reading["fields"],
        reading["missing"],
        reading["words"],
        reading["choices"],
        reading["offered"],
        reading["draft_id"],
        reading.get("unread", []),
        reading.get("assumed", []),
    )


def _unread(reading: JsonObject) -> str:
    """Return sentences about the parts of the message that were not read or used."""
    cut = (
        [gettext("Only the first 4,000 characters of your message were read.")]
        if reading.get("is_cut")
        else []
    )
    facts = [unread.sentence(**escaped_values(one)) for one in reading.get("unread", ())]
    return " ".join([*cut, *facts])


def _after(decision: Decision, moves: int, timezone: str) -> Move:
    """Return the move after a decision on a proposal.

    The first move is a text with the result. After a successful act, the second move is a card for
    a follow-up, if the capability has one.
    """
    capability = registry.find(decision.tool)
    if not decision.granted:
        text = (
            gettext(
                "Declined: %(what)s. Reason: %(why)s",
                what=escaped(decision.summary),
                why=escaped(decision.reason),
            )
            if decision.reason
            else gettext("Declined: %(what)s.", what=escaped(decision.summary))
        )
        return Done() if moves else Say(text)
    if capability is None:
        return Done()
    if not moves:
        return _answer(capability.name, decision.arguments, decision.outcome, timezone)
    if moves == 1 and decision.outcome.error is None:
        return _next_step(capability, decision.outcome.output)
    return Done()


def _next_step(capability: Capability[Any], output: JsonObject) -> Move:
    """Return the card of the first follow-up whose required fields are known."""
    for name in capability.follow_ups:
        follow_up = registry.find(name)
        if follow_up is None or not follow_up.writes:
            continue
        fields = {one: output[one] for one in follow_up.required_fields if output.get(one)}
        if fields and len(fields) == len(follow_up.required_fields):
            return Card(ask_for(follow_up, []), follow_up.name, fields)
    return Done()


def _answer(name: str, given: JsonObject, outcome: Outcome, timezone: str) -> Move:
    capability = registry.find(name)
    if capability is None:
        return Done()
    return Say(cards.answer(capability, given, output_of(outcome), timezone=timezone))
