"""Runs a turn in the worker: move by move, every event stored as it happens, every finished step kept, so that a turn outlives its worker.

A turn is a journal. Whoever takes it over reads the journal, repeats nothing that stands in it, and goes on behind its last line: a tool's work, its outcome
and the event that tells of it are one transaction, so a tool runs once or not at all.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from flask_babel import force_locale, gettext
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError as PoolTimeoutError

from voyagent.approvals import service as approvals
from voyagent.assistant import blocks, queries
from voyagent.assistant.planner.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    Decision,
    Done,
    Move,
    Outcome,
    Planner,
    Played,
    context_from,
    decision_from,
    kept,
    move_from,
)
from voyagent.assistant.tools import registry
from voyagent.assistant.tools.registry import Scene, Tool
from voyagent.audit import service as audit
from voyagent.chat import queries as chats, service as chat, turns
from voyagent.chat.queries import Step, Turn
from voyagent.chat.service import EVENT_FIELDS, TurnTakenOver
from voyagent.identity import queries as identity
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import N_, Forbidden, Unauthorized, VoyagentError
from voyagent.kernel.reading import Row

log = structlog.get_logger(__name__)
MOVES_MAX = 8
WORDS_A_DELTA = 4
EVENTS_MAX = 10_000
PACE_S = 0.0  # a pause after each piece of text; tests of a killed worker stretch a turn with it
CRASHED = N_("Something went wrong on our side while I was at it. What was finished stands; please ask again.")
GONE = N_("Whoever asked for this is no longer with the agency, so nothing more was done.")
AWAY = (OperationalError, InterfaceError, PoolTimeoutError)


class _StopRequested(Exception):
    """Somebody wants the turn to end; raised between two events."""


def run(tenant_id: UUID, turn_id: str, planner: Planner) -> None:
    """Run a turn to its one `final`, or go on with it where another worker left it.

    A database that is away leaves the turn as it stands, and the job is tried again; any other failure of ours is told as an `error`, and the turn ends.
    """
    with transaction(tenant_id):
        turn = chat.begin_turn(turn_id)
    if turn is None:
        return
    try:
        _Performance(turn, planner).to_the_end()
    except TurnTakenOver:
        log.info("turn.taken_over", turn_id=turn_id, attempt=turn.attempt)
    except AWAY:
        raise
    except Unauthorized:
        _fail(turn, GONE)
    except Exception:  # whatever it is, a turn ends with a final
        log.exception("turn.crashed", turn_id=turn_id)
        _fail(turn, CRASHED)


def _fail(turn: Turn, sentence: str) -> None:
    with transaction(turn.tenant_id):
        turns.hold_turn(turn)
        chat.emit(turn, "error", error_message=gettext(sentence))
        told = blocks.read(_events(chats.get_turn(turn.id)))
        turns.conclude_turn(turn, "failed", blocks.fold(told))


class _Performance:
    """One worker's run of a turn over its journal."""

    def __init__(self, turn: Turn, planner: Planner) -> None:
        self._turn = turn
        self._planner = planner
        with transaction(turn.tenant_id):
            self._stored: deque[dict[str, Any]] = deque(blocks.read(_events(turn)))
            self._steps: deque[Step] = deque(chats.steps_of(turn.id))
        self._told: list[dict[str, Any]] = []
        self._number = 0

    def to_the_end(self) -> None:
        """All moves, then the final."""
        context, decision, locale = self._beginning()
        conversation = Conversation(self._turn.message, context, (), decision)
        status, extra = "done", []
        with force_locale(locale):
            try:
                if decision is not None:
                    self._announce(decision)
                for _ in range(MOVES_MAX):
                    move = self._next(conversation)
                    if isinstance(move, Done):
                        break
                    outcome = self._make(move)
                    conversation = replace(conversation, played=(*conversation.played, Played(move, outcome)))
                    if isinstance(move, Ask):
                        extra.append({"type": "question", "move": kept(move)})
                    if outcome is not None and outcome.approval_id is not None:
                        status = "waiting"
            except _StopRequested:
                status, extra = "stopped", [{"type": "stopped"}]
            self._conclude(status, extra)

    def _beginning(self) -> tuple[Context, Decision | None, str]:
        """What the turn starts from; kept, so that a take-over after midnight or after a change goes on from the same."""
        if self._steps:
            known = self._step().outcome
            return context_from(known["context"]), decision_from(known["decision"]), known["locale"]
        with transaction(self._turn.tenant_id):
            turns.hold_turn(self._turn)
            actor = identity.get_actor(self._turn.user_id)
            context, decision = queries.context_of(actor, self._turn.session_id), queries.decision_of(self._turn)
            self._keep("beginning", {"context": kept(context), "decision": kept(decision) if decision else None, "locale": actor.locale})
        return context, decision, actor.locale

    def _announce(self, decision: Decision) -> None:
        told = {"tool_name": decision.tool, "tool_call_id": decision.tool_call_id}
        kind = "approval_granted" if decision.granted else "approval_denied"
        self._emit(kind, approval_id=decision.approval_id, approval_summary=decision.summary, **told)
        if decision.granted:
            self._emit("tool_result", tool_output=_output(decision.outcome), tool_input=decision.arguments, **told)

    def _next(self, conversation: Conversation) -> Move:
        if self._steps:
            return move_from(self._step().outcome)
        move = self._planner.next_move(conversation)
        with self._writing():
            self._keep("move", kept(move))
        return move

    def _make(self, move: Move) -> Outcome | None:
        if isinstance(move, Call):
            self._say(move.words)
            return self._call(move)
        if not isinstance(move, Done):
            self._say(move.text)
        return None

    def _say(self, text: str) -> None:
        pieces = re.findall(rf"(?:\S+\s*){{1,{WORDS_A_DELTA}}}", text)
        for piece in pieces:
            self._emit("text_delta", text=piece)
            if PACE_S:
                time.sleep(PACE_S)

    def _call(self, call: Call) -> Outcome:
        call_id = f"call-{self._turn.id.removeprefix('t-')}-{self._number}"
        self._emit("tool_use", tool_name=call.tool, tool_call_id=call_id, tool_input=call.arguments)
        if self._steps:
            outcome = Outcome(**self._step().outcome)
            self._told.append(self._stored.popleft())  # it was stored in one transaction with the outcome
            return outcome
        with self._writing():
            outcome, summary = self._carry_out(call, call_id)
            self._keep("outcome", kept(outcome))
            kind, fields = _event(call, call_id, outcome, summary)
            chat.emit(self._turn, kind, **fields)
        self._told.append(_whole(kind, fields))
        return outcome

    def _carry_out(self, call: Call, call_id: str) -> tuple[Outcome, str]:
        """Use a tool as the person, with her present rights; a refusal undoes the tool's work and nothing else."""
        try:
            actor = identity.get_actor(self._turn.user_id).via(Channel.ASSISTANT)
            tool = registry.get(call.tool)
            self._require(actor, tool)
            wanted = tool.read(call.arguments)
            scene = Scene(actor, self._turn.session_id)
            with audit.savepoint():
                if tool.run is not None:
                    return Outcome(tool.run(scene, wanted)), ""
                approval = approvals.propose(
                    actor,
                    session_id=self._turn.session_id,
                    turn_id=self._turn.id,
                    tool_call_id=call_id,
                    tool_name=tool.name,
                    arguments=wanted.model_dump(mode="json", exclude_none=True),
                    summary=tool.summary_of(scene, wanted),
                )
                return Outcome(approval_id=approval.id), approval.summary
        except VoyagentError as refusal:
            return Outcome(error=refusal.code, message=gettext(refusal.message)), ""

    def _require(self, actor: Actor, tool: Tool) -> None:
        """Whether the person's present role may use the tool; what it may not, the audit tells (API contract, audit kinds). Raises Forbidden."""
        if not actor.can(tool.permission):
            refs = {"session_id": self._turn.session_id}
            audit.record(actor, tool.name, status="rejected", error=Forbidden.code, entity_refs=refs, inputs={"turn_id": self._turn.id})
            raise Forbidden

    def _conclude(self, status: str, extra: list[dict[str, Any]]) -> None:
        with transaction(self._turn.tenant_id):
            turns.hold_turn(self._turn)
            turns.conclude_turn(self._turn, status, [*blocks.fold(self._told), *extra])

    def _emit(self, kind: str, **fields: Any) -> None:
        """The next event: told again from the journal where it stands there, else stored in a transaction of its own."""
        if self._stored:
            known = self._stored.popleft()
            if known["kind"] != kind:
                raise RuntimeError(f"the journal says {known['kind']}, the turn {kind}")
            self._told.append(known)
            return
        with self._writing():
            chat.emit(self._turn, kind, **fields)
        self._told.append(_whole(kind, fields))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with transaction(self._turn.tenant_id):
            if turns.hold_turn(self._turn):
                raise _StopRequested
            yield

    def _step(self) -> Step:
        self._number += 1
        return self._steps.popleft()

    def _keep(self, kind: str, outcome: dict[str, Any]) -> None:
        self._number += 1
        chat.record_step(self._turn, self._number, kind, outcome)


def _events(turn: Turn) -> list[Row]:
    """What the turn has told so far."""
    if turn.first_event_seq is None:
        return []
    return chats.events_after(turn.session_id, turn.first_event_seq - 1, limit=EVENTS_MAX, turn_id=turn.id)


def _event(call: Call, call_id: str, outcome: Outcome, summary: str) -> tuple[str, dict[str, Any]]:
    """The event that tells of an outcome."""
    fields: dict[str, Any] = {"tool_name": call.tool, "tool_call_id": call_id}
    if outcome.approval_id is not None:
        return "approval_request", fields | {"approval_id": outcome.approval_id, "approval_summary": summary}
    return "tool_result", fields | {"tool_output": _output(outcome)}


def _whole(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind} | dict.fromkeys(EVENT_FIELDS) | fields


def _output(outcome: Outcome) -> dict[str, Any]:
    return outcome.output if outcome.error is None else {"error": outcome.error, "message": outcome.message}
