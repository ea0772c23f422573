"""Execution of a turn, step by step, which another worker can continue.

A worker that continues a turn reads the stored steps and events, and repeats no step. The work of a
tool, its outcome and its event are one transaction. Repeated calls of an outside system have the
same idempotency key.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from flask_babel import force_locale, gettext
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError as PoolTimeoutError

from voyagent.assistant.queries import spending, turn_context
from voyagent.assistant.rules import arguments, blocks, drafts
from voyagent.assistant.rules.beginning import Beginning
from voyagent.assistant.rules.moves import (
    Answer,
    Ask,
    Call,
    Card,
    Context,
    Conversation,
    Decision,
    Done,
    Fail,
    Move,
    Outcome,
    Planner,
    Played,
    Say,
    move_from,
    stored_form,
)
from voyagent.assistant.service import costs, planner_factory, prompt
from voyagent.assistant.service.outcomes import (
    GrantedBefore,
    outcome_event,
    output_of,
    refused,
    settled,
)
from voyagent.assistant.service.planner_factory import Models
from voyagent.audit.service import recording as audit
from voyagent.capabilities import execution, registry
from voyagent.capabilities.capability import Capability, Invocation
from voyagent.chat.queries import events, sessions as chats
from voyagent.chat.queries.sessions import Step, Turn
from voyagent.chat.service import turns
from voyagent.chat.service.turns import TurnTakenOver
from voyagent.drivers.models.usage import Usage
from voyagent.identity.queries import people as identity
from voyagent.kernel import logs
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import N_, Unauthorized, VoyagentError
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.outbound import OutboundCall
from voyagent.settings import queries as settings

log = structlog.get_logger(__name__)
# Maximum number of moves of the built-in planner. Each answer of a model adds as many, and one for
# each of its calls.
MOVES_MAX = 8
LOOK_EVERY_S = 0.25  # interval of the check whether tokens reserved for other turns are available
PACE_S = 0.0  # pause after each piece of text; tests that kill a worker prolong a turn with it
ANEW = N_(
    "The figures changed, so nothing was done. Here is a new request with the current figures."
)
ANEW_REFUSED = N_("The figures changed, so nothing was done. This can’t be done now: %(why)s")
CRASHED = N_("Something went wrong on our side. Finished steps are kept. Please ask again.")
GONE = N_("The requester has left the agency, so nothing more was done.")
AWAY = (OperationalError, InterfaceError, PoolTimeoutError)


class StopRequested(Exception):
    """A user has requested the turn to end; raised between two events."""


def run(tenant_id: UUID, turn_id: str, planner: Planner, models: Models | None = None) -> None:
    """Run a turn to its `final` event, or continue it after another worker.

    `planner` is used if `models` has no model for the agency. If the database is unavailable, the
    error is raised.
    """
    with transaction(tenant_id):
        turn = turns.begin_turn(turn_id)
    if turn is not None:
        with logs.bound(person=turn.user_id):
            _run(turn, planner, models)


def _run(turn: Turn, planner: Planner, models: Models | None) -> None:
    try:
        Performance(turn, planner, models).to_the_end()
    except TurnTakenOver:
        log.info("turn.taken_over", turn=turn.id, attempt=turn.attempt)
    except AWAY:
        raise
    except Unauthorized:
        _fail(turn, GONE)
    except Exception:  # after any error a turn must end with a `final` event
        log.exception("turn.crashed", turn=turn.id)
        _fail(turn, CRASHED)


def _fail(turn: Turn, sentence: str) -> None:
    with transaction(turn.tenant_id):
        turns.lock_turn(turn)
        costs.release(turn)
        turns.append_event(turn, "error", error_message=gettext(sentence))
        turns.finish_turn(
            turn, "failed", blocks.fold(turn_context.events_of(chats.get_turn(turn.id)))
        )


class Performance:
    """Execution of a turn by one worker."""

    def __init__(self, turn: Turn, planner: Planner, models: Models | None = None) -> None:
        self._turn = turn
        self._planner = self._built_in = planner
        self._models = models
        with transaction(turn.tenant_id):
            self._stored: deque[dict[str, Any]] = deque(turn_context.events_of(turn))
            self._steps: deque[Step] = deque(chats.steps_of(turn.id))
        self._number = 0
        self._has_spoken = self._has_answered = self._acts = False
        self._origins = [turn.id]

    def to_the_end(self) -> None:
        """Execute all remaining steps and end the turn."""
        beginning = self._beginning()
        conversation = Conversation(self._turn.message, beginning.context, (), beginning.decision)
        status, extra = "waiting" if beginning.anew is not None else "done", []
        with force_locale(beginning.locale):
            try:
                self._open(beginning)
                moves_left = 0 if beginning.ends_here else MOVES_MAX
                while moves_left > 0:
                    move = self._next(conversation)
                    if isinstance(move, Done):
                        break
                    outcome = self._make(move)
                    if isinstance(move, Fail):
                        if self._goes_on_without(move, conversation):
                            continue
                        status = "failed"
                        break
                    moves_left += (
                        MOVES_MAX + len(move.raw["calls"]) if isinstance(move, Answer) else -1
                    )
                    conversation = replace(
                        conversation, played=(*conversation.played, Played(move, outcome))
                    )
                    if isinstance(move, Ask):
                        extra.append({"type": "question", "move": stored_form(move)})
                    if isinstance(move, Say) and move.drops:
                        extra.append({"type": drafts.DROPPED, "draft_id": move.drops})
                    if outcome is not None and outcome.approval_id is not None:
                        status = "waiting"
            except StopRequested:
                status, extra = "stopped", [*extra, {"type": "stopped"}]
            self._conclude("failed" if beginning.is_refused else status, extra)

    def _beginning(self) -> Beginning:
        """Return the stored initial state, or create and store it."""
        if self._steps:
            beginning = Beginning.read(self._step().outcome)
        else:
            with transaction(self._turn.tenant_id):
                turns.lock_turn(self._turn)
                beginning = self._begin(identity.get_actor(self._turn.user_id))
                self._keep("beginning", beginning.as_json)
        self._origins = beginning.context.reading.get("origins", self._origins)
        if beginning.model is not None and self._models is not None:
            self._planner = self._model_planner(beginning.model, self._models)
        return beginning

    def _begin(self, actor: Actor) -> Beginning:
        with force_locale(actor.locale):  # the labels of records are stored with the turn
            context = turn_context.context_of(actor, self._turn.session_id, self._turn.id)
            decision = turn_context.decision_of(self._turn)
        anew = turn_context.replacement_proposal(self._turn)
        if anew is not None:
            with force_locale(actor.locale):
                return Beginning(
                    context,
                    None,
                    actor.locale,
                    anew=anew,
                    refusal=turn_context.refusal_of(anew["approval_id"]),
                )
        refused = costs.admit(self._turn)
        model = (
            self._models.choose(settings.wanted_model(settings.get_settings()))
            if self._models is not None and refused is None and not _is_settled(context)
            else None
        )
        spent = spending.budget_spent() if model is not None else None
        return Beginning(
            context,
            decision,
            actor.locale,
            None if spent else model,
            refused or spent,
            is_refused=refused is not None,
        )

    def _model_planner(self, model: dict[str, str], models: Models) -> Planner:
        """Return the planner that uses the model. Raises Unauthorized for a removed user."""
        with transaction(self._turn.tenant_id):
            brief = prompt.brief_of(identity.get_actor(self._turn.user_id), self._turn)
        return planner_factory.ModelPlanner(
            models.open(model),
            brief,
            models.bounds,
            should_stop=self._should_stop,
            reserve=self._reserve,
        )

    def _goes_on_without(self, move: Fail, conversation: Conversation) -> bool:
        """Switch to the built-in planner if the turn can continue after a failure.

        Returns True if the planner was switched.
        """
        if not (move.is_missing or move.is_spent) or conversation.played:
            return False
        self._planner = self._built_in
        return True

    def _reserve(self, tokens: int, seconds: float) -> str | None:
        """Reserve tokens for a model answer; return a message if none are left, else None.

        The call may wait for reservations of other turns; it then holds no locks. Raises
        StopRequested.
        """
        until = time.monotonic() + seconds + costs.GRACE_S
        while True:
            with self._writing():
                refusal = costs.reserve(self._turn, tokens, seconds)
            if refusal is None:
                return None
            if not refusal.may_pass or time.monotonic() >= until:
                return refusal.message
            time.sleep(LOOK_EVERY_S)

    def _should_stop(self) -> bool:
        with transaction(self._turn.tenant_id):
            return turns.stop_requested(self._turn.id)

    def _open(self, beginning: Beginning) -> None:
        """Send the events before the first step: notice, decision and renewed proposal."""
        if beginning.notice is not None:
            self._emit("error", error_message=beginning.notice)
        if beginning.decision is not None:
            self._announce(beginning.decision)
        if beginning.anew is not None:
            self._say(
                gettext(ANEW_REFUSED, why=beginning.refusal) if beginning.refusal else gettext(ANEW)
            )
            self._emit("approval_request", **beginning.anew)

    def _announce(self, decision: Decision) -> None:
        call = {"tool_name": decision.tool, "tool_call_id": decision.tool_call_id}
        kind = "approval_granted" if decision.granted else "approval_denied"
        self._emit(
            kind, approval_id=decision.approval_id, approval_summary=decision.summary, **call
        )
        if decision.granted:
            self._emit(
                "tool_result",
                tool_output=output_of(decision.outcome),
                tool_input=decision.arguments,
                **call,
            )

    def _next(self, conversation: Conversation) -> Move:
        if self._steps:
            return move_from(self._step().outcome)
        self._forget_unfinished()
        move = self._planner.next_move(conversation, self._send_text)
        with transaction(self._turn.tenant_id):
            wants_stop = turns.lock_turn(self._turn)
            if isinstance(
                move, Answer | Fail
            ):  # stored even if the turn should stop, because the answer costs money
                self._keep("answer", stored_form(move))
                _charge(self._turn, self._number, move)
            elif wants_stop:
                raise StopRequested
            else:
                self._keep("move", stored_form(move))
        if isinstance(move, Fail):
            log.warning("turn.gave_up", turn=self._turn.id, model=move.model, cause=move.cause)
        return move

    def _send_text(self, text: str) -> None:
        """Send a piece of an incomplete model answer.

        A request to stop the turn is ignored here, because the driver of the model handles it.
        """
        with transaction(self._turn.tenant_id):
            turns.lock_turn(self._turn)
            turns.append_event(self._turn, "text_delta", text=text)

    def _forget_unfinished(self) -> None:
        """Discard the text of a model answer that another worker did not complete."""
        if not self._stored:
            return
        while self._stored:
            self._retell("text_delta")
        self._emit("text_delta", text="", **{events.RESTARTS: True})

    def _make(self, move: Move) -> Outcome | None:
        if isinstance(move, Call):
            return self._call(move)
        if isinstance(move, Answer | Fail):
            while self._stored and self._stored[0]["kind"] == "text_delta":
                self._retell("text_delta")  # sent before the answer was stored
        if isinstance(move, Answer):
            self._has_answered = self._has_answered or bool(move.raw["text"])
            if move.raw["stop_reason"] == "stopped":
                raise StopRequested
        elif isinstance(move, Fail):
            self._emit("error", error_message=move.text)
        elif isinstance(move, Card):
            self._show(move)
        elif not isinstance(move, Done):
            self._say(move.text)
        return None

    def _say(self, text: str) -> None:
        """Send a text of the application in pieces, as a new paragraph after a tool."""
        for piece in blocks.deltas(f"\n\n{text}" if text and self._has_spoken else text):
            self._has_spoken = True
            self._emit("text_delta", text=piece)
            if PACE_S:
                time.sleep(PACE_S)

    def _show(self, card: Card) -> None:
        """Send a card with its text, as one event."""
        card_id = f"card-{self._turn.id.removeprefix('t-')}-{self._number}"
        block = stored_form(card) | {"card_id": card_id, "draft_id": card.draft_id or card_id}
        block |= {} if self._stored else self._warnings_of(card)
        is_first = not (self._has_spoken or self._has_answered)
        self._has_spoken = True
        self._emit(
            "text_delta",
            text=card.text if is_first else f"\n\n{card.text}",
            card={name: value for name, value in block.items() if name not in ("text", "kind")},
        )

    def _warnings_of(self, card: Card) -> JsonObject:
        """Return the warnings of a card for the user who confirms it.

        `asks_approval` is true if only some calls of the capability need approval, and this one
        does. `notices` are the sentences of `Capability.notices`.
        """
        capability = registry.find(card.capability)
        if capability is None or not (capability.needs_approval or capability.notices):
            return {}
        with transaction(self._turn.tenant_id):
            try:
                actor = identity.get_actor(self._turn.user_id).via(Channel.ASSISTANT)
                invocation = Invocation(actor, self._turn.session_id)
                wanted = arguments.read(capability, card.fields)
                asks = execution.needs_approval(capability, invocation, wanted)
                notices = capability.notices(invocation, wanted) if capability.notices else []
            except VoyagentError:
                return {}
        is_unusual = asks and capability.approval != "required"
        return ({"asks_approval": True} if is_unusual else {}) | (
            {"notices": notices} if notices else {}
        )

    def _call(self, call: Call) -> Outcome:
        call_id, announces = self._call_id, self._announces(call)
        if not announces:
            self._tell_of(call, call_id)
        if self._steps:
            outcome = Outcome(**self._step().outcome)
            if announces:
                self._tell_of(call, call_id, is_refused=outcome.error is not None)
            self._stored.popleft()  # it was stored in one transaction with the outcome
            return outcome
        with self._writing():
            begun, summary = self._carry_out(call, call_id)
            if announces:
                self._acts = True  # sent in the transaction that makes the proposal
                self._tell_of(
                    call, call_id, is_refused=isinstance(begun, Outcome) and begun.error is not None
                )
                self._acts = False
            if isinstance(begun, Outcome):
                return self._note(call, call_id, begun, summary)
        settle = (
            begun.go()
        )  # call the outside system without a lock on the conversation and without a connection
        with transaction(self._turn.tenant_id):
            turns.lock_turn(
                self._turn
            )  # stored even if the turn should stop, because the call was made
            return self._note(call, call_id, settled(settle), "")

    @staticmethod
    def _announces(call: Call) -> bool:
        """Return True if the text of a call must be sent together with its proposal.

        Such a text says that a proposal was made, so it is not sent if the call is refused.
        """
        capability = registry.find(call.tool)
        return bool(call.words) and capability is not None and capability.approval == "required"

    def _tell_of(self, call: Call, call_id: str, *, is_refused: bool = False) -> None:
        """Send the text before a call, and the event of the call."""
        self._say("" if is_refused else call.words)
        self._emit("tool_use", tool_name=call.tool, tool_call_id=call_id, tool_input=call.arguments)

    def _note(self, call: Call, call_id: str, outcome: Outcome, summary: str) -> Outcome:
        """Store the outcome of a call and its event.

        The caller's transaction must be the one in which the tool did its work.
        """
        self._keep("outcome", stored_form(outcome))
        kind, fields = outcome_event(call, call_id, outcome, summary)
        turns.append_event(self._turn, kind, **fields)
        return outcome

    @property
    def _call_id(self) -> str:
        return f"call-{self._turn.id.removeprefix('t-')}-{self._number}"

    def _carry_out(
        self, call: Call, call_id: str
    ) -> tuple[Outcome | OutboundCall[JsonObject], str]:
        """Run a capability with the user's present permissions.

        Returns the outcome and, for a proposal, its summary. For a capability that calls an outside
        system, the first value is the outbound call, which the caller must make.
        """
        try:
            actor = identity.get_actor(self._turn.user_id).via(Channel.ASSISTANT)
            capability = registry.get(call.tool)
            before = self._results_before(capability)
            session_id = self._turn.session_id
            invocation = Invocation(actor, session_id, before, self._turn.id, call_id)
            execution.require_permission(capability, invocation)
            inputs = arguments.read(capability, call.arguments)
            with audit.savepoint():
                if capability.approval == "required":
                    self._refuse_repeats(capability)
                made = execution.execute(capability, invocation, inputs)
                if isinstance(made, execution.Proposed):
                    return Outcome(approval_id=made.approval_id), made.summary
                if isinstance(made, OutboundCall):
                    return (Outcome(made.done()) if made.ask is None else made), ""
                return Outcome(made), ""
        except VoyagentError as refusal:
            return refused(refusal), ""

    def _results_before(self, capability: Capability[Any]) -> tuple[JsonObject, ...]:
        """Return the outputs that the capability had in replaced turns."""
        if capability.approval != "review":
            return ()
        found = turn_context.results_before(self._turn.session_id, self._origins, capability.name)
        return tuple(found)

    def _refuse_repeats(self, capability: Capability[Any]) -> None:
        """Raise GrantedBefore if a call of the capability was approved in a replaced turn."""
        if any(
            turn_context.was_granted_before(self._turn.session_id, one, capability.name)
            for one in self._origins
        ):
            raise GrantedBefore

    def _conclude(self, status: str, extra: list[dict[str, Any]]) -> None:
        with transaction(self._turn.tenant_id):
            turns.lock_turn(self._turn)
            turns.finish_turn(
                self._turn,
                status,
                [*blocks.fold(turn_context.events_of(chats.get_turn(self._turn.id))), *extra],
            )

    def _emit(self, kind: str, **fields: Any) -> None:
        """Store and send an event.

        An event that an earlier worker has already stored is not stored again. Raises RuntimeError
        if the stored event has another kind, and StopRequested if the turn should stop.
        """
        if self._stored:
            self._retell(kind)
            return
        with nullcontext() if self._acts else self._writing():
            turns.append_event(self._turn, kind, **fields)

    def _retell(self, kind: str) -> None:
        known = self._stored.popleft()
        if known["kind"] != kind:
            raise RuntimeError(f"the journal has {known['kind']}, the turn produced {kind}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with transaction(self._turn.tenant_id):
            if turns.lock_turn(self._turn):
                raise StopRequested
            yield

    def _step(self) -> Step:
        self._number += 1
        return self._steps.popleft()

    def _keep(self, kind: str, outcome: dict[str, Any]) -> None:
        self._number += 1
        turns.record_step(self._turn, self._number, kind, outcome)


def _is_settled(context: Context) -> bool:
    """Return True if the message answers the open card, for which no model is needed."""
    return bool(context.reading.get("answers_card"))


def _charge(turn: Turn, number: int, move: Answer | Fail) -> None:
    """Store the usage of a model answer or failure, and delete its reservation."""
    costs.release(turn)
    if isinstance(move, Answer):
        costs.record(turn, number, move.raw["model"], Usage(**move.raw["usage"]))
    elif move.tries:
        costs.record(turn, number, move.model, Usage(**move.usage))
        if move.is_missing:
            costs.note_missing(move.model)
