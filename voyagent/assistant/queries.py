"""Reads for the start of a turn, across packages."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from itertools import dropwhile, takewhile
from typing import Any
from uuid import UUID

from flask_babel import gettext

from voyagent.approvals import queries as approvals
from voyagent.approvals.schemas.review import failure_in_words
from voyagent.assistant import blocks, interpretation
from voyagent.assistant.moves import (
    Ask,
    Context,
    Decision,
    DraftInView,
    EnquiryInView,
    Outcome,
    move_from,
)
from voyagent.assistant.planner.about import about_whom
from voyagent.assistant.planner.names import key_of
from voyagent.assistant.planner.sentences import SHOWN_MAX
from voyagent.assistant.planner.telling import LISTS
from voyagent.billing.core.queries import names as namesakes
from voyagent.billing.invoices.capabilities import draft_invoice, issue_invoice
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import Turn
from voyagent.enquiries.capabilities import create_enquiry
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.text.people import find_party
from voyagent.trips.capabilities import (
    check_hotel_rate,
    search_flights,
    search_hotels,
    visa_requirements,
)
from voyagent.trips.queries import trips
from voyagent.trips.rules.details import FlightDetails

_LOOK_BACK = 30
EVENTS_MAX = 10_000
"""Events of one turn at most; never reached."""
_OFFERS = {
    search_flights.CAPABILITY.name: (
        "fares",
        "fares",
        ("fare_id", "flights", "departs_at", "price", "refundable"),
    ),
    search_hotels.CAPABILITY.name: (
        "rates",
        "results",
        ("rate_key", "hotel", "room", "price", "stars", "board_basis", "is_refundable"),
    ),
}


def context_of(actor: Actor, session_id: UUID, turn_id: str) -> Context:
    """Return the context of a turn: day, currency, enquiry, draft, question, search results.

    An enquiry that a replaced turn logged is not known.
    """
    reader = SessionReader(db.session)
    said = chats.last_messages(reader, session_id, _LOOK_BACK)
    proposals = reader.read(approvals.session_statement(session_id))[0]
    newest = next(
        (message["turn_id"] for message in reversed(said) if message["role"] == "assistant"), None
    )
    context = Context(
        today=clock.today(actor.timezone),
        currency=actor.currency,
        enquiry=_enquiry(reader, session_id, turn_id, said),
        draft=_draft(proposals),
        question=_question(said),
        offers=_offers(said),
        trip=_trip(reader, session_id),
        timezone=actor.timezone,
        listed=_listed(said),
        waiting=[
            {
                "id": row["id"],
                "tool": row["tool_name"],
                "arguments": row["payload"],
                "summary": row["summary"],
                "is_aside": row["turn_id"] != newest,
            }
            for row in proposals
            if row["status"] == "pending"
        ],
        rejected=_rejected(proposals),
        last=_last(said),
    )
    reading = interpretation.interpret(reader, actor, session_id, turn_id, said, context)
    return replace(context, names=_names(reader, said, turn_id, context), reading=reading)


def recent_messages(session_id: UUID) -> list[Row]:
    """Return the messages that the context of a turn is read from, oldest first."""
    return chats.last_messages(SessionReader(db.session), session_id, _LOOK_BACK)


def change_mark(session_id: UUID) -> str:
    """Return a mark that changes with any turn or proposal of the conversation."""
    newest = chats.newest_turn(session_id)
    return f"{approvals.state_of(session_id)}-{newest.id if newest is not None else ''}"


def told_by(turn: Turn) -> list[dict[str, Any]]:
    """Return the events of a turn so far."""
    begins = turn.first_event_seq
    return (
        []
        if begins is None
        else blocks.read(
            chats.events_after(turn.session_id, begins - 1, limit=EVENTS_MAX, turn_id=turn.id)
        )
    )


def decision_of(turn: Turn) -> Decision | None:
    """Return the decision of a continuation with its effect; None for other turns."""
    approval = approvals.find_approval(turn.approval_id) if turn.approval_id else None
    if approval is None or approval.superseded_by is not None:
        return None
    granted = approval.status == "granted"
    failed = granted and approval.effect_status != "done"
    return Decision(
        approval_id=approval.id,
        tool=approval.tool_name,
        granted=granted,
        arguments=dict(approval.payload),
        outcome=Outcome(
            output=dict(approval.effect_result or {}),
            error=(approval.effect_error or "effect_not_done") if failed else None,
            message=failure_in_words(approval.effect_error) if failed else "",
        ),
        reason=approval.reason or "",
        summary=approval.summary,
        tool_call_id=approval.tool_call_id,
    )


def asked_anew(turn: Turn) -> dict[str, str] | None:
    """Return the new request that a turn shows, as event fields; None for other turns."""
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
    """Return why a request would have been refused when it was made; empty if it would not."""
    preview = approvals.get_approval(approval_id).preview or {}
    sentence: str = preview.get("warning", "")
    return str(gettext(sentence)) if "refusal" in preview else ""


def expected_continuations(session_id: UUID) -> list[str]:
    """Return approved proposals whose effects are outstanding."""
    rows = SessionReader(db.session).read(approvals.session_statement(session_id))[0]
    return [row["id"] for row in rows if is_awaited(row)]


def is_awaited(proposal: Row) -> bool:
    """True if a proposal is approved and not carried out."""
    return proposal["effect_status"] in ("waiting", "running")


def still_done(session_id: UUID, turn_id: str) -> list[Row]:
    """Return acts approved in replaced turns, which stay done."""
    turns = set(chats.superseded_behind(session_id, turn_id))
    if not turns:
        return []
    rows = SessionReader(db.session).read(approvals.session_statement(session_id))[0]
    return [row for row in rows if row["status"] == "granted" and row["turn_id"] in turns]


def was_granted_before(session_id: UUID, turn_id: str, tool: str) -> bool:
    """True if a tool was approved in replaced turns and is done or outstanding."""
    return any(
        row["tool_name"] == tool and row["effect_status"] != "failed"
        for row in still_done(session_id, turn_id)
    )


def written_before(session_id: UUID, turn_id: str, tool: str) -> list[dict[str, Any]]:
    """Return the results that a tool had in replaced turns, oldest first."""
    return results_before(session_id, [turn_id], tool)


def results_before(session_id: UUID, turn_ids: list[str], tool: str) -> list[dict[str, Any]]:
    """Return the results that a tool had in turns that any of these turns replaces."""
    turns = {gone for one in turn_ids for gone in chats.superseded_behind(session_id, one)}
    if not turns:
        return []
    said = chats.messages(SessionReader(db.session), session_id, superseded=True)
    blocks = (
        block for message in said if message["turn_id"] in turns for block in message["blocks"]
    )
    return [
        block["output"]
        for block in blocks
        if block["type"] == "tool"
        and block["tool_name"] == tool
        and block["output"]
        and "error" not in block["output"]
    ]


def as_turns_stand(reader: Reader, session_id: UUID, said: list[Row]) -> list[Row]:
    """Return messages with turns that are done once their request is decided or expired."""
    if all(row["turn_status"] != "waiting" for row in said):
        return said
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
        for row in said
    ]


def _names(reader: Reader, said: list[Row], turn_id: str, context: Context) -> dict[str, Any]:
    """Return facts about a name in the turn's message."""
    asked = next(
        (row for row in reversed(said) if row["role"] == "user" and row["turn_id"] == turn_id), None
    )
    words = (
        "\n".join(block["text"] for block in asked["blocks"] if block["type"] == "text")
        if asked
        else ""
    )
    found: dict[str, Any] = {}
    for name, side in about_whom(words, context) if words else []:
        read = asdict(namesakes.read_namesakes(reader, name, side))
        known = found.setdefault(key_of(name), read)
        known |= {
            "is_known": known["is_known"] or read["is_known"],
            "near": list(dict.fromkeys((*known["near"], *read["near"]))),
        }
    return found


def _enquiry(
    reader: Reader, session_id: UUID, turn_id: str, said: list[Row]
) -> EnquiryInView | None:
    """Return the enquiry logged last, else the conversation's own."""
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
    own = rows[-1]
    newest = _logged_last(reader, said, {*besides, str(own["id"])}) or own
    whose = own["customer_name"] if newest is not own else ""
    days = {
        name: newest[name].isoformat() if newest[name] else ""
        for name in ("depart_date", "return_date")
    }
    places = {name: newest[name] or "" for name in ("origin", "destination", "customer_email")}
    party = find_party(newest["notes"] or "") or {}
    is_unsaid = (
        newest["pax_count"] == 1 and newest["notes"] and not party
    )  # what the customer's words leave open is kept as one
    people = 0 if is_unsaid else newest["pax_count"] or 0
    return EnquiryInView(
        str(newest["id"]),
        newest["customer_name"],
        pax_count=people,
        party=dict(party),
        beside=whose,
        **places,
        **days,
    )


def _logged_last(reader: Reader, said: list[Row], besides: set[str]) -> Row | None:
    """Return the enquiry that the newest messages logged, if it exists."""
    blocks = (
        block
        for message in reversed(said)
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


def _trip(reader: Reader, session_id: UUID) -> dict[str, Any]:
    """Return passengers and holds of the conversation's trip."""
    journey = trips.read_trip_of_session(reader, session_id)
    if journey is None:
        return {}
    held: dict[str, dict[str, Any]] = {}
    for line in journey.active_lines:
        if isinstance(line.details, FlightDetails) and line.status == "held" and line.supplier_ref:
            until = wire_instant(line.hold_expires_at) if line.hold_expires_at else ""
            facts = {
                "id": str(line.id),
                "held_at": wire_instant(line.created_at),
                "departs_at": line.details.departs_at,
            }
            booking = held.setdefault(
                line.supplier_ref,
                {"locator": line.supplier_ref, "expires_at": until, "flights": [], **facts},
            )
            booking["flights"].append(f"{line.details.carrier} {line.details.number}")
    people = [
        {
            "id": str(one.id),
            "full_name": one.full_name,
            "nationality": one.nationality or "",
            "kind": one.kind,
        }
        for one in journey.passengers
    ]
    return {"id": str(journey.trip["id"]), "passengers": people, "held": list(held.values())}


def _draft(proposals: list[Row]) -> DraftInView | None:
    """Return the newest approved draft that is not issued."""
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


def _rejected(proposals: list[Row]) -> dict[str, str]:
    """Return the newest declined requests by time of decision."""
    rows = [row for row in proposals if row["status"] == "rejected"]
    newest = max(rows, key=lambda row: row["resolved_at"], default=None)
    return (
        {
            "summary": newest["summary"],
            "reason": newest["reason"] or "",
            "by": newest["resolver_name"] or "",
        }
        if newest
        else {}
    )


def _question(said: list[Row]) -> Ask | None:
    """Return the question that is still unanswered."""
    before = dropwhile(lambda message: message["role"] != "assistant", reversed(said))
    for message in takewhile(lambda message: message["role"] == "assistant", before):
        asked = next(
            (block["move"] for block in reversed(message["blocks"]) if block["type"] == "question"),
            None,
        )
        move = move_from(asked) if asked else None
        if isinstance(move, Ask):
            return move
    return None


def _offers(said: list[Row]) -> dict[str, Any]:
    """Return the newest listed fares and rates by their descriptions."""
    found: dict[str, Any] = {}
    for message in reversed(said):
        for at, block in reversed(list(enumerate(message["blocks"]))):
            if block["type"] != "tool" or not block["output"]:
                continue
            if (
                block["tool_name"] == create_enquiry.CAPABILITY.name
                and "enquiry_id" in block["output"]
            ):
                return found | (
                    {"visa": visa} if (visa := _visa_asked(said)) else {}
                )  # what was searched before is another customer's
            if (
                block["tool_name"] == check_hotel_rate.CAPABILITY.name
                and "rate_key" in block["output"]
                and "newest" not in found
            ):
                found.setdefault("checked", {"rate_key": block["output"]["rate_key"]})
            name, key, facts = _OFFERS.get(block["tool_name"], ("", "", ()))
            offers = block["output"].get(key)
            if not offers or name in found:
                continue
            asked = dict(block["input"] or {})
            back = (
                {"return_date": asked["return_date"]}
                if name == "fares" and asked.get("return_date")
                else {}
            )
            numbered = enumerate(offers, 1)
            kept = [
                {fact: one[fact] for fact in facts if fact in one} | back | {"number": number}
                for number, one in numbered
            ]
            shown = _numbers_told(message["blocks"][at + 1 :])
            found[name] = [one for one in kept if one["number"] in shown] or kept[:SHOWN_MAX]
            found.setdefault("newest", name)
            found[f"{name}_search"] = asked
    visa = _visa_asked(said)
    return found | ({"visa": visa} if visa else {})


def _visa_asked(said: list[Row]) -> dict[str, Any]:
    """Return the newest visa lookup: `destination` if known, and the words of its question."""
    found: dict[str, Any] = {}
    for row in reversed(said):
        if row["role"] == "assistant":
            of_visa = _of_visa(row)
            if of_visa is None and found:
                break
            found = {**(of_visa or {}), **found}
        elif found:
            words = "\n".join(block["text"] for block in row["blocks"] if block["type"] == "text")
            found["said"] = "\n".join(filter(None, (words, found.get("said"))))
            if re.search(r"\bvisas?\b", words, re.IGNORECASE):
                break
    return found


def _of_visa(row: Row) -> dict[str, Any] | None:
    """Return the destination of a visa answer or question, else None."""
    for block in reversed(row["blocks"]):
        if (
            block["type"] == "tool"
            and block["tool_name"] == visa_requirements.CAPABILITY.name
            and "kind" in (block["output"] or {})
        ):
            return {"destination": block["input"]["destination"]}
        if (
            block["type"] == "question"
            and block["move"]["tool"] == visa_requirements.CAPABILITY.name
        ):
            return {"destination": block["move"]["known"].get("destination")}
    return None


def _listed(said: list[Row]) -> dict[str, Any]:
    """Return the list at the end of the newest answer, and how much of it was shown."""
    found: dict[str, Any] = {}
    for message in reversed([row for row in said if row["role"] == "assistant"]):
        block = next(
            (block for block in reversed(message["blocks"]) if block["type"] == "tool"), None
        )
        if block is None or block["tool_name"] not in LISTS or not block["output"]:
            break
        same = {"tool": block["tool_name"], "arguments": dict(block["input"] or {})}
        if found and {"tool": found["tool"], "arguments": found["arguments"]} != same:
            break
        found = same | {
            "told": found.get("told", 0) + SHOWN_MAX,
            "of": block["output"].get(LISTS[block["tool_name"]][1], 0),
        }
    return found if found and found["told"] < found["of"] else {}


def _last(said: list[Row]) -> dict[str, Any]:
    """Return the last tool of the last message with its ids."""
    newest = next((row for row in reversed(said) if row["role"] == "assistant"), None)
    block = (
        next((block for block in reversed(newest["blocks"]) if block["type"] == "tool"), None)
        if newest
        else None
    )
    if block is None or not block["output"]:
        return {}
    ids = [one["id"] for one in block["output"].get("enquiries", []) if "id" in one]
    drafts = [
        {name: one[name] for name in ("id", "customer_name", "total")}
        for one in block["output"].get("invoices", [])
        if one["status"] == "draft"
    ]
    told = {"tool": block["tool_name"], "arguments": dict(block["input"] or {}), "ids": ids}
    outputs = [
        one["output"] or {} for one in (newest["blocks"] if newest else ()) if one["type"] == "tool"
    ]
    held = [one["locator"] for one in outputs if "held" in one and "locator" in one]
    is_refused = {"refused": True} if "error" in block["output"] else {}
    return (
        told
        | is_refused
        | ({"drafts": drafts} if drafts else {})
        | ({"held": held[-1]} if held else {})
    )


def _numbers_told(blocks: list[dict[str, Any]]) -> set[int]:
    """Return the numbers of listed items in the text after a search."""
    words = next((block["text"] for block in blocks if block["type"] == "text"), "")
    return {int(number) for number in re.findall(r"^(\d{1,2})\. ", words, re.MULTILINE)}


def _text(document: dict[str, Any] | None, name: str) -> str:
    return str((document or {}).get(name) or "")
