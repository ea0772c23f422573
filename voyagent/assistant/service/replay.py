"""Replay of a stored turn without a model."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from voyagent.assistant.rules.beginning import Beginning
from voyagent.assistant.rules.moves import (
    Answer,
    Call,
    Conversation,
    Fail,
    Move,
    Outcome,
    discard_text,
    move_from,
    stored_form,
)
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.assistant.service.loop import Performance, StopRequested
from voyagent.assistant.service.outcomes import outcome_event
from voyagent.assistant.service.planner_factory import Bounds, ModelPlanner
from voyagent.assistant.service.prompt import Brief
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.events import event_line
from voyagent.chat.queries.sessions import Turn
from voyagent.drivers.models.protocol import ModelAnswer, ModelRequest, never
from voyagent.kernel.actor import system_actor
from voyagent.kernel.database.read_pool import Row

SHOWN = 300
LED_BY = 40
_BOUNDS = Bounds(calls_max=1_000_000, turn_s=float("inf"))


class Difference(Exception):
    """The replay differs from the stored turn; the message says where."""


class _Crashed(Exception):
    """The stored turn ended at this point by an unexpected error."""


class _Recorded:
    """Model driver that returns the stored answers of a turn."""

    name = model = "recorded"

    def __init__(self) -> None:
        self.expected: Answer | None = None

    def answer(
        self,
        _request: ModelRequest,
        on_text: Callable[[str], None],
        _should_stop: Callable[[], bool] = never,
    ) -> ModelAnswer:
        """Return the stored answer. Raises Difference if there is none."""
        if self.expected is None:
            raise Difference("the planner asks a model at a point where the stored turn did not")
        for piece in pieces_of(self.expected.raw["text"], self.expected.pieces):
            on_text(piece)
        return ModelAnswer.from_raw(self.expected.raw)


class Replay(Performance):
    """A second run of a turn that writes nothing.

    Its events are compared with the stored events of the first run.
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn, BuiltInPlanner())
        self._rows: deque[Row] = deque(
            chats.events_after(
                turn.session_id, (turn.first_event_seq or 1) - 1, limit=10_000, turn_id=turn.id
            )
        )
        self._model = _Recorded()
        self.equal = 0
        self._is_decided_anew = True

    def compare(self) -> int:
        """Execute the turn to its end and return the number of equal events.

        Raises Difference for the first event or step that differs from the stored one.
        """
        if not self._steps:
            raise Difference("the journal is empty")
        if not self._rows or self._rows[0]["seq"] != self._turn.first_event_seq:
            raise Difference("its events were deleted")
        try:
            self.to_the_end()
        except _Crashed:
            self._take("error")
            self._emit("final")
        if self._rows:
            raise Difference(
                f"event {self.equal + 1}: recorded {_short(self._rows[0]['data'])}, now nothing"
            )
        return self.equal

    def _beginning(self) -> Beginning:
        document = self._step().outcome
        beginning = Beginning.read(document)
        # An older release, without the engine, decided differently, so its stored moves are used.
        self._is_decided_anew = "reading" in document["context"]
        if beginning.model is not None:
            brief = Brief(system_actor(self._turn.tenant_id))
            self._planner = ModelPlanner(
                self._model,
                brief,
                _BOUNDS,
                should_stop=never,
                reserve=lambda _tokens, _seconds: None,
            )
        return beginning

    def _next(self, conversation: Conversation) -> Move:
        self._skip_unfinished()
        if not self._steps:
            self._end_early()
        recorded = self._recorded("move", "answer")
        move = move_from(recorded)
        if not self._is_decided_anew:
            return move
        if isinstance(move, Fail):  # an external failure does not occur again in a replay
            return move
        self._model.expected = move if isinstance(move, Answer) else None
        now = stored_form(self._planner.next_move(conversation, discard_text)) | (
            {"took_s": move.took_s} if isinstance(move, Answer) else {}
        )
        recorded = stored_form(move)  # includes the fields that older releases did not have
        if _canonical(now) != _canonical(recorded):
            raise Difference(
                f"step {self._number}: {_apart(_canonical(recorded), _canonical(now))}"
            )
        return move

    def _make(self, move: Move) -> Outcome | None:
        if isinstance(move, Answer):
            for piece in pieces_of(move.raw["text"], move.pieces):
                self._emit("text_delta", text=piece)
        elif isinstance(move, Fail):
            for _ in move.pieces:
                self._take(
                    "text_delta"
                )  # the text of an incomplete answer is stored only in its events
        return super()._make(move)

    def _call(self, call: Call) -> Outcome:
        call_id, announces = self._call_id, self._announces(call)
        if not announces:
            self._tell_of(call, call_id)
        if not self._steps:
            self._end_early()
        outcome = Outcome(**self._recorded("outcome"))
        if announces:
            self._tell_of(call, call_id, is_refused=outcome.error is not None)
        summary = json.loads(self._rows[0]["data"])["approval_summary"] if self._rows else ""
        kind, fields = outcome_event(call, call_id, outcome, summary)
        self._emit(kind, **fields)
        return outcome

    def _recorded(self, *kinds: str) -> dict[str, Any]:
        """Return the next stored step. Raises Difference if it is of another kind."""
        step = self._step()
        if step.kind not in kinds:
            raise Difference(
                f"step {self._number}: recorded {step.kind} {_short(step.outcome)}, now"
                f" {' or '.join(kinds)}"
            )
        return step.outcome

    def _emit(self, kind: str, **fields: Any) -> None:
        if self._rows and self._rows[0]["kind"] != kind and kind != "final":
            self._end_early(expected=kind)
        if not self._rows:
            raise Difference(f"event {self.equal + 1}: recorded nothing, now {kind}")
        recorded = self._rows[0]["data"]
        now = event_line(self._turn, kind, fields, timestamp=json.loads(recorded)["timestamp"])
        if now != recorded:
            raise Difference(f"event {self.equal + 1}: {_apart(recorded, now)}")
        self._take(kind)

    def _conclude(self, status: str, extra: list[dict[str, Any]]) -> None:  # noqa: ARG002 - the transcript is not compared
        self._emit("final")

    def _take(self, kind: str) -> None:
        if not self._rows or self._rows[0]["kind"] != kind:
            raise Difference(
                f"event {self.equal + 1}: recorded"
                f" {_short(self._rows[0]['data']) if self._rows else 'nothing'}, now {kind}"
            )
        self._rows.popleft()
        self.equal += 1

    def _skip_unfinished(self) -> None:
        """Skip stored text of incomplete answers, which a replay does not produce."""
        run = 0
        for place, row in enumerate(self._rows):
            if row["kind"] != "text_delta":
                break
            if json.loads(row["data"]).get("restarts"):
                run = place + 1
        for _ in range(run):
            self._take("text_delta")

    def _end_early(self, expected: str | None = None) -> None:
        """End the replay where the stored turn was stopped or crashed.

        Raises Difference if the turn did neither.
        """
        following = self._rows[0]["kind"] if self._rows else None
        if self._turn.status == "stopped":
            while expected is None and self._rows and self._rows[0]["kind"] == "text_delta":
                self._take("text_delta")
            raise StopRequested
        if self._turn.status == "failed" and following in ("error", "text_delta"):
            while self._rows[0]["kind"] == "text_delta":
                self._take("text_delta")
            raise _Crashed
        recorded = _short(self._rows[0]["data"]) if self._rows else "nothing"
        raise Difference(
            f"event {self.equal + 1}: recorded {recorded}, now {expected or 'a further step'}"
        )


def pieces_of(text: str, lengths: list[int]) -> list[str]:
    """Return a text split into pieces of the stored lengths."""
    pieces, place = [], 0
    for length in lengths:
        pieces.append(text[place : place + length])
        place += length
    return pieces


def _canonical(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, default=str)


def _apart(recorded: str, now: str) -> str:
    """Return the parts of the stored and the new text around the first difference."""
    same = next(
        (
            place
            for place, (one, other) in enumerate(zip(recorded, now, strict=False))
            if one != other
        ),
        min(len(recorded), len(now)),
    )
    begin = max(0, same - LED_BY)
    before = "…" if begin else ""
    return f"recorded {before}{_short(recorded[begin:])}, now {before}{_short(now[begin:])}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
