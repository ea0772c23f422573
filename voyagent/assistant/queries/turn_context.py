"""Queries of the data that a turn needs at its start, from several packages."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask_babel import gettext

from voyagent.approvals import queries as approvals
from voyagent.approvals.schemas.review import failure_in_words
from voyagent.assistant.queries import interpretation
from voyagent.assistant.rules import blocks
from voyagent.assistant.rules.moves import (
    Context,
    Decision,
    DraftInView,
    EnquiryInView,
    Outcome,
)
from voyagent.billing.invoices.capabilities import draft_invoice, issue_invoice
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import Turn
from voyagent.enquiries.capabilities import create_enquiry
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.financial_numbers import hidden_everywhere
from voyagent.kernel.json_values import JsonObject
from voyagent.trips.queries import trips
from voyagent.trips.queries.charges import charges_of
from voyagent.trips.rules.details import FlightDetails

_LOOK_BACK = 30
EVENTS_MAX = 10_000
"""Maximum number of events of one turn; not reached in practice."""


def context_of(actor: Actor, session_id: UUID, turn_id: str) -> Context:
    """Return the context of a turn.

    The context has day, currency, enquiry, draft invoice, trip and the interpretation of the
    message.
    """
    reader = SessionReader(db.session)
    messages = chats.last_messages(reader, session_id, _LOOK_BACK)
    proposals = reader.read(approvals.session_statement(session_id))[0]
    context = Context(
        today=clock.today(actor.timezone),
        currency=actor.currency,
        enquiry=_enquiry(reader, session_id, turn_id, messages),
        draft=_draft(proposals),
        timezone=actor.timezone,
        trip=_trip(reader, session_id),
        usable=interpretation.usable_by(actor),
    )
    reading = interpretation.interpret(reader, actor, session_id, turn_id, messages, context)
    return replace(context, reading=reading)


def recent_messages(session_id: UUID) -> list[Row]:
    """Return the messages from which the context of a turn is read, oldest first."""
    return chats.last_messages(SessionReader(db.session), session_id, _LOOK_BACK)


def change_mark(session_id: UUID) -> str:
    """Return a text that changes when a turn starts or a proposal changes."""
    newest = chats.newest_turn(session_id)
    return f"{approvals.state_of(session_id)}-{newest.id if newest is not None else ''}"


def events_of(turn: Turn) -> list[JsonObject]:
    """Return the events that a turn has stored so far."""
    begins = turn.first_event_seq
    return (
        []
        if begins is None
        else blocks.read(
            chats.events_after(turn.session_id, begins - 1, limit=EVENTS_MAX, turn_id=turn.id)
        )
    )


def decision_of(turn: Turn) -> Decision | None:
    """Return the decision after which a turn continues, with the result of the act.

    The result is None if the turn does not continue after a decision, or if another proposal has
    replaced the decided one.
    """
    approval = approvals.find_approval(turn.approval_id) if turn.approval_id else None
    if approval is None or approval.superseded_by is not None:
        return None
    granted = approval.status == "granted"
    failed = granted and approval.effect_status != "done"
    return Decision(
        approval_id=approval.id,
        tool=approval.tool_name,
        granted=granted,
        arguments=hidden_everywhere(approval.payload),
        outcome=Outcome(
            output=dict(approval.effect_result or {}),
            error=(approval.effect_error or "effect_not_done") if failed else None,
            message=failure_in_words(approval.effect_error) if failed else "",
        ),
        reason=approval.reason or "",
        summary=approval.summary,
        tool_call_id=approval.tool_call_id,
    )


def replacement_proposal(turn: Turn) -> dict[str, str] | None:
    """Return the proposal that replaced the turn's outdated one, or None.

    Keys: approval_id, approval_summary, tool_name, tool_call_id.
    """
    old = approvals.find_approval(turn.approval_id) if turn.approval_id else None
    fresh = (
        approvals.find_approval(old.superseded_by)
        if old is not None and old.superseded_by is not None
        else None
    )
    if fresh is None:
        return None
    return {
        "approval_id": fresh.id,
        "approval_summary": fresh.summary,
        "tool_name": fresh.tool_name,
        "tool_call_id": fresh.tool_call_id,
    }


def refusal_of(approval_id: str) -> str:
    """Return why a proposal was refused in its dry run; empty if it was not."""
    preview = approvals.get_approval(approval_id).preview or {}
    sentence: str = preview.get("warning", "")
    return str(gettext(sentence)) if "refusal" in preview else ""


def expected_continuations(session_id: UUID) -> list[str]:
    """Return the ids of approved proposals that have not been carried out yet."""
    rows = SessionReader(db.session).read(approvals.session_statement(session_id))[0]
    return [row["id"] for row in rows if is_awaited(row)]


def is_awaited(proposal: Row) -> bool:
    """Return True if a proposal is approved and has not been carried out yet."""
    return bool(proposal["effect_status"] == "waiting")


def still_done(session_id: UUID, turn_id: str) -> list[Row]:
    """Return the approved proposals of the turns that `turn_id` has replaced.

    Their acts are not undone.
    """
    turns = set(chats.superseded_after(session_id, turn_id))
    if not turns:
        return []
    rows = SessionReader(db.session).read(approvals.session_statement(session_id))[0]
    return [row for row in rows if row["status"] == "granted" and row["turn_id"] in turns]


def was_granted_before(session_id: UUID, turn_id: str, tool: str) -> bool:
    """Return True if a replaced turn proposed the tool and the call was approved.

    A call that failed after its approval does not count.
    """
    return any(
        row["tool_name"] == tool and row["effect_status"] != "failed"
        for row in still_done(session_id, turn_id)
    )


def written_before(session_id: UUID, turn_id: str, tool: str) -> list[JsonObject]:
    """Return the outputs of a tool in the turns that `turn_id` has replaced.

    The oldest output comes first. Failed calls are left out.
    """
    return results_before(session_id, [turn_id], tool)


def results_before(session_id: UUID, turn_ids: list[str], tool: str) -> list[JsonObject]:
    """Return the outputs of a tool in the turns that `turn_ids` have replaced.

    The oldest output comes first. Failed calls are left out.
    """
    turns = {gone for one in turn_ids for gone in chats.superseded_after(session_id, one)}
    if not turns:
        return []
    messages = chats.messages(SessionReader(db.session), session_id, superseded=True)
    blocks = (
        block for message in messages if message["turn_id"] in turns for block in message["blocks"]
    )
    return [
        block["output"]
        for block in blocks
        if block["type"] == "tool"
        and block["tool_name"] == tool
        and block["output"]
        and "error" not in block["output"]
    ]


def as_turns_stand(reader: Reader, session_id: UUID, messages: list[Row]) -> list[Row]:
    """Return the messages, each with the present status of its turn.

    A turn with the status `waiting` gets the status `done` once its proposal is decided or has
    expired.
    """
    if all(row["turn_status"] != "waiting" for row in messages):
        return messages
    asking = {
        row["turn_id"]
        for row in reader.read(approvals.session_statement(session_id))[0]
        if row["status"] == "pending"
    }
    return [
        (
            row | {"turn_status": "done"}
            if row["turn_status"] == "waiting" and row["turn_id"] not in asking
            else row
        )
        for row in messages
    ]


def _enquiry(
    reader: Reader, session_id: UUID, turn_id: str, messages: list[Row]
) -> EnquiryInView | None:
    """Return the enquiry that the conversation is about, or None.

    This is the enquiry that a message of the conversation has logged last. If no message has logged
    one, it is the newest enquiry that is linked to the conversation. Enquiries that were logged in
    replaced turns are left out.
    """
    known = enquiries.find_by_session(reader, session_id)
    besides = (
        {
            one["enquiry_id"]
            for one in written_before(session_id, turn_id, create_enquiry.CAPABILITY.name)
        }
        if known
        else set()
    )
    rows = [row for row in known if str(row["id"]) not in besides]
    if not rows:
        return None
    newest = _logged_last(reader, messages, besides) or rows[-1]
    return EnquiryInView(
        str(newest["id"]),
        newest["customer_name"],
        newest["destination"] or "",
        newest["origin"] or "",
        newest["depart_date"].isoformat() if newest["depart_date"] else "",
        newest["return_date"].isoformat() if newest["return_date"] else "",
        newest["pax_count"] or 0,
    )


def _logged_last(reader: Reader, messages: list[Row], besides: set[str]) -> Row | None:
    """Return the enquiry that the messages logged last, or None.

    The result is None if this enquiry no longer exists, or if its id is in `besides`.
    """
    blocks = (
        block
        for message in reversed(messages)
        for block in reversed(message["blocks"])
        if block["type"] == "tool"
    )
    logged = (
        block["output"].get("enquiry_id")
        for block in blocks
        if block["tool_name"] == create_enquiry.CAPABILITY.name and block["output"]
    )
    newest = next((one for one in logged if one), None)
    if newest is None or newest in besides:
        return None
    try:
        return enquiries.get_row(reader, UUID(newest))
    except enquiries.EnquiryNotFound:
        return None


def _trip(reader: Reader, session_id: UUID) -> JsonObject:
    """Return the conversation's trip as `id`, `held` and `charges`, or an empty dict.

    `held` has the id of one trip line for each held booking of flights. `charges` are the prices of
    the trip as invoice lines.
    """
    journey = trips.read_trip_of_session(reader, session_id)
    if journey is None:
        return {}
    held: dict[str, str] = {}
    for line in journey.active_lines:
        if isinstance(line.details, FlightDetails) and line.status == "held" and line.supplier_ref:
            held.setdefault(line.supplier_ref, str(line.id))
    charges = [
        {
            "description": one.description,
            "quantity": one.quantity,
            "unit_price": one.unit_price.wire,
            "currency": one.price.currency,
            "trip_line_id": str(one.line_id),
        }
        | ({"unit": one.unit} if one.unit else {})
        | ({"discount": one.discount.wire} if one.discount else {})
        for one in charges_of(journey)
    ]
    return {"id": str(journey.trip["id"]), "held": list(held.values()), "charges": charges}


def _draft(proposals: list[Row]) -> DraftInView | None:
    """Return the newest draft invoice that was approved and is not issued, or None."""
    rows = [row for row in proposals if row["effect_status"] == "done"]
    issued = {
        _text(row["effect_result"], "invoice_id")
        for row in rows
        if row["tool_name"] == issue_invoice.CAPABILITY.name
    }
    for row in reversed(rows):
        made = _text(row["effect_result"], "invoice_id")
        if row["tool_name"] == draft_invoice.CAPABILITY.name and made and made not in issued:
            waiting = (
                other
                for other in proposals
                if other["tool_name"] == issue_invoice.CAPABILITY.name
                and other["status"] == "pending"
            )
            return DraftInView(
                made,
                str(row["payload"].get("customer_name", "")),
                any(other["payload"].get("invoice_id") == made for other in waiting),
            )
    return None


def _text(document: JsonObject | None, name: str) -> str:
    return str((document or {}).get(name) or "")
