"""Data of a conversation's page, such as messages and proposals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from voyagent.approvals import queries as approvals
from voyagent.approvals.schemas import review
from voyagent.approvals.schemas.review import Changes
from voyagent.approvals.service import effects, limits, showing
from voyagent.approvals.words.approver_labels import approvers_in_words, other_approvers_in_words
from voyagent.assistant.queries import spending, turn_context
from voyagent.assistant.queries.spending import Spent
from voyagent.assistant.rules import blocks, drafts
from voyagent.assistant.rules.blocks import Block
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.chat.queries import search, sessions as chats
from voyagent.chat.queries.sessions import SessionNotFound, Turn
from voyagent.enquiries.queries import enquiries
from voyagent.http.pages import translated
from voyagent.http.template_filters import day
from voyagent.identity.queries import people as identity
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader, first_row
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.trips.queries import trips
from voyagent.trips.rules.journey import Journey

SHOWN_MESSAGES = 100
SHOWN_CONVERSATIONS = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """A message on the page: by a user or the assistant, or an enquiry's details."""

    key: str
    role: str
    name: str
    at: datetime
    blocks: list[Block]
    running: bool = False
    turn_id: str | None = None
    answers: bool = False
    """True if the turn responds to a message and not to a decision, so it can be regenerated."""
    replaces: bool = False
    superseded: bool = False

    @property
    def text(self) -> str:
        """Text of the message without its other blocks."""
        return "\n\n".join(
            block["text"].strip() for block in self.blocks if block["type"] == "text"
        )

    @property
    def is_cut_short(self) -> bool:
        """True if the turn failed or was stopped, so that it can be regenerated."""
        return any(block["type"] in ("error", "stopped") for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Request:
    """A proposal on the page; `changes`, its preview, is set only while it is pending."""

    row: Row
    approvers: str = ""
    changes: Changes | None = None
    may_decide: bool = False
    needs_another: bool = False
    others: str = ""
    is_above_limit: bool = False
    reversible: bool = True
    shows_lines: bool = False
    """True if the request is a journal entry, whose lines are what the approver decides about."""

    @property
    def mark(self) -> str:
        """Version of the proposal, to be sent with a decision."""
        return approvals.mark_of(self.row)

    @property
    def status(self) -> str:
        """State of the proposal, as in the inbox."""
        return str(self.row["state"])


@dataclass(frozen=True, slots=True)
class Paper:
    """An invoice that was created in the conversation."""

    invoice_id: str
    number: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Conversations:
    """Listed conversations by day, with the number of pending proposals of each."""

    groups: list[tuple[str, list[Row]]]
    waiting: dict[UUID, int]
    next_cursor: str | None
    words: str | None = None
    is_partial: bool = False
    """True if only the newest conversations were searched."""


@dataclass(frozen=True, slots=True)
class Screen:
    """All data of a conversation's page."""

    session: Row
    entries: list[Entry]
    requests: dict[str, Request]
    enquiries: list[Row]
    conversations: Conversations
    running: Turn | None
    seq: int
    state: str
    """Value of `turn_context.change_mark` when the page was read."""
    awaited: bool = False
    moved: bool = False
    """True if an event was stored while the page was read."""
    open_card_id: str = ""
    """Id of the card that can be confirmed; empty if none is open."""
    earlier_from: int | None = None
    papers: list[Paper] = field(default_factory=list)
    superseded: bool = False
    journey: Journey | None = None
    """Trip of the conversation, if any."""
    spent: Spent = field(default_factory=Spent)
    """Model usage of the conversation, including replaced turns."""
    spent_by_turn: dict[str, Spent] = field(default_factory=dict)

    @property
    def heard(self) -> int:
        """Number of the event after which the page announces new text to screen readers."""
        first = self.running.first_event_seq if self.running is not None else None
        return self.seq if first is None else min(self.seq, first - 1)

    @property
    def asked(self) -> list[Request]:
        """Return every proposal once; replaced proposals are left out."""
        return list(
            {
                request.row["id"]: request
                for request in self.requests.values()
                if request.row["superseded_by"] is None
            }.values()
        )

    @property
    def is_live(self) -> bool:
        """True if further events can follow."""
        return (
            self.running is not None
            or self.awaited
            or self.moved
            or any(request.row["status"] == "pending" for request in self.requests.values())
        )


def read(
    actor: Actor, session_id: UUID, *, first: int | None = None, superseded: bool = False
) -> Screen:
    """Return the data of a page, with the newest hundred messages.

    With `first`, up to five hundred messages from this sequence number on are shown. Raises
    SessionNotFound.
    """
    reader = SessionReader(db.session)
    # Read the number of the newest event before all else, so that no later change is missed.
    session = first_row(reader.read(chats.session_statement(session_id))[0], SessionNotFound)
    state = turn_context.change_mark(session_id)
    proposals = reader.read(approvals.session_statement(session_id))[0]
    running = chats.find_running_turn(session_id)
    before = (
        max(0, session["message_count"] - SHOWN_MESSAGES) if first is None else max(0, first - 1)
    )
    rows = chats.messages(
        reader,
        session_id,
        after=before,
        limit=None if first is None else SHOWN_MESSAGES * 5,
        superseded=superseded,
    )
    spent, by_turn = spending.spent_in(reader, session_id)
    entries = _entries(rows, identity.names_of(reader))
    if running is not None and all(entry.key != running.id for entry in entries):
        entries += _unfinished(running, session["event_seq"])
    return Screen(
        session=session,
        entries=entries,
        requests=_requests(actor, proposals, entries),
        enquiries=[_with_budget(row) for row in enquiries.find_by_session(reader, session_id)],
        conversations=read_conversations(reader, actor),
        running=running,
        seq=session["event_seq"],
        state=state,
        awaited=any(map(turn_context.is_awaited, proposals)),
        moved=chats.last_seq(session_id) != session["event_seq"],
        open_card_id=(drafts.open_card(turn_context.recent_messages(session_id)) or {}).get(
            "card_id", ""
        ),
        earlier_from=max(1, before - SHOWN_MESSAGES + 1) if before else None,
        papers=_papers(reader, proposals),
        superseded=superseded,
        journey=trips.read_trip_of_session(reader, session_id),
        spent=spent,
        spent_by_turn=by_turn,
    )


def read_conversations(
    reader: Reader, actor: Actor, cursor: str | None = None, words: str | None = None
) -> Conversations:
    """Return the newest conversations by day, or search results. Raises InvalidCursor."""
    is_partial = False
    if words:
        rows, marker, is_partial = search.find_sessions(reader, words, SHOWN_CONVERSATIONS, cursor)
    else:
        rows, marker = chats.list_sessions(reader, SHOWN_CONVERSATIONS, cursor)
    waiting = Counter(row["session_id"] for row in reader.read(approvals.waiting_statement(200))[0])
    today = clock.today(actor.timezone)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(
            _age(row["created_at"].astimezone(ZoneInfo(actor.timezone)).date(), today), []
        ).append(row)
    return Conversations(list(groups.items()), dict(waiting), marker, words, is_partial)


def _age(day: date, today: date) -> str:
    if day >= today:
        return "today"
    return "yesterday" if day == today - timedelta(days=1) else "earlier"


def _entries(rows: list[Row], names: dict[UUID, str]) -> list[Entry]:
    return [
        Entry(
            key=row["turn_id"] if row["role"] == "assistant" and row["turn_id"] else str(row["id"]),
            role=row["role"],
            name=names.get(row["created_by_user_id"], ""),
            at=row["created_at"],
            blocks=row["blocks"],
            turn_id=row["turn_id"],
            answers=row["turn_kind"] == "message",
            replaces=row["replaces"] is not None,
            superseded=row["superseded_at"] is not None,
        )
        for row in rows
    ]


def _unfinished(running: Turn, last_seq: int) -> list[Entry]:
    """Return the unfinished message of the running turn, up to the event `last_seq`."""
    shown: list[dict[str, Any]] = []
    if running.first_event_seq is not None:
        rows = chats.events_after(
            running.session_id, running.first_event_seq - 1, limit=10_000, turn_id=running.id
        )
        shown = blocks.read(row for row in rows if row["seq"] <= last_seq)
    return [
        Entry(
            key=running.id,
            role="assistant",
            name="",
            at=running.created_at,
            blocks=blocks.fold(shown),
            running=True,
        )
    ]


def _requests(actor: Actor, proposals: list[Row], entries: list[Entry]) -> dict[str, Request]:
    """Return the proposals of the page by id.

    The id of a replaced proposal leads to its replacement, unless the page shows the replacement at
    a place of its own.
    """
    made = {row["id"]: _request(actor, row) for row in proposals}
    on_page = {
        block["approval_id"]
        for entry in entries
        for block in entry.blocks
        if block["type"] == "approval"
    }
    for row in reversed(
        proposals
    ):  # newest first, so that a chain of replaced proposals leads to the last one
        if row["superseded_by"] not in on_page:
            made[row["id"]] = made.get(row["superseded_by"], made[row["id"]])
    return made


def _request(actor: Actor, row: Row) -> Request:
    effect = effects.find(row["tool_name"])
    if row["status"] != "pending":
        return Request(row)
    approval = approvals.get_approval(row["id"])
    may_decide = limits.may_decide(actor, approval)
    return Request(
        row,
        (
            approvers_in_words(
                limits.who_may_grant(approval),
                is_above_own=may_decide,
                is_unknown=limits.amounts_of(approval) is None,
            )
            if effect is not None
            else ""
        ),
        changes=review.changes_of(showing.preview(actor, approval), translated, day),
        may_decide=may_decide,
        needs_another=(is_own := limits.needs_another(actor, approval)),
        others=other_approvers_in_words(limits.who_else_may_grant(approval)) if is_own else "",
        is_above_limit=limits.above_limit(actor, approval),
        reversible=effect is not None and effect.reversible,
        shows_lines=effect is not None and effect.permission == "ledger.post",
    )


def _papers(reader: Reader, proposals: list[Row]) -> list[Paper]:
    """Return the invoices created in the conversation, in their present state."""
    made = dict.fromkeys(
        (row["effect_result"] or {}).get("invoice_id")
        for row in proposals
        if row["effect_status"] == "done"
    )
    named = [invoice_id for invoice_id in made if invoice_id]
    found = (
        {
            str(row["id"]): row
            for row in invoice_queries.find_invoices(reader, [UUID(one) for one in named])
        }
        if named
        else {}
    )
    return [Paper(one, found[one]["number"], found[one]["status"]) for one in named if one in found]


def _with_budget(row: Row) -> Row:
    amount = row["budget_hundredths"]
    return row | {
        "budget": (
            None
            if amount is None
            else Money.rounded(Decimal(amount).scaleb(-2), row["budget_currency"])
        )
    }
