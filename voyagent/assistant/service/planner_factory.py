"""Choice of a turn's planner: a configured model, else the built-in planner."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from flask_babel import gettext, ngettext

from voyagent.assistant.rules import arguments
from voyagent.assistant.rules.arguments import ArgumentsRefused
from voyagent.assistant.rules.moves import (
    Answer,
    Call,
    Card,
    Conversation,
    Done,
    Fail,
    Move,
    Played,
    Say,
    SendText,
)
from voyagent.assistant.service import prompt
from voyagent.assistant.service.built_in import ask_for
from voyagent.assistant.service.prompt import Brief
from voyagent.capabilities import registry
from voyagent.drivers.models import open_anthropic, open_local
from voyagent.drivers.models.errors import (
    ModelError,
    ModelMissing,
    ModelNonsense,
    ModelRefused,
    ModelTimeout,
)
from voyagent.drivers.models.protocol import (
    TRIES_MAX,
    ModelAnswer,
    ModelDriver,
    ModelRequest,
    ToolCall,
)
from voyagent.kernel.config import Settings
from voyagent.kernel.errors import N_
from voyagent.settings.queries import BUILT_IN

ARGUMENTS_MAX = 64 * 1024
"""Maximum number of characters in the arguments of a call; a long message needs half of it."""
ALIKE_MAX = 2
"""Number of equal calls with equal results that do not yet count as a loop."""
CIRCLES = N_(
    "The model repeated itself and was stopped. Finished steps are kept. Ask again with a smaller"
    " request."
)
CUT = N_("The answer reached the length limit and ends here. Ask again with a smaller request.")
DECLINED = N_("The model declined to answer. Rephrase your request and try again.")
EMPTY = N_("The model gave no answer. Rephrase your request and try again.")
_ENDINGS = {"max_tokens": CUT, "refusal": DECLINED}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of a turn: requests, seconds and tokens.

    `answer_s` and `max_tokens` limit one answer of a model.
    """

    calls_max: int = 12
    answer_s: float = 60.0
    turn_s: float = 300.0
    max_tokens: int = 1024


class Models(Protocol):
    """The models that an installation offers."""

    @property
    def bounds(self) -> Bounds:
        """Limits of a turn."""
        ...

    def choose(self, wanted: str | None) -> dict[str, str] | None:
        """Return the model for an agency's setting as `{driver, model}`.

        The result is None for the built-in planner.
        """
        ...

    def open(self, choice: dict[str, str]) -> ModelDriver | None:
        """Return the driver of a model that `choose` returned.

        The result is None if the model is no longer configured.
        """
        ...


class Configured:
    """The models that the environment variables configure.

    These are Anthropic's models, if there is an API key, and a model on a local server.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.bounds = Bounds(
            settings.model_calls_max,
            settings.model_timeout_s,
            settings.model_turn_s,
            settings.agent_max_tokens,
        )

    def choose(self, wanted: str | None) -> dict[str, str] | None:
        """Return the model for an agency's setting, or None for the built-in planner.

        `wanted` is the setting: the name of a model, BUILT_IN, or None for the default. The default
        is the model on the local server, else Anthropic's model. A named model is one of
        Anthropic's; without an API key for them, the model on the local server is used.
        """
        if wanted == BUILT_IN:
            return None
        theirs, ours = open_anthropic(self._settings, wanted), open_local(self._settings)
        chosen = (theirs or ours) if wanted else (ours or theirs)
        return None if chosen is None else {"driver": chosen.name, "model": chosen.model}

    def open(self, choice: dict[str, str]) -> ModelDriver | None:
        """Return the driver of a chosen model, or None if it is not configured."""
        found = (
            open_anthropic(self._settings, choice["model"])
            if choice["driver"] == "anthropic"
            else open_local(self._settings)
        )
        return found if found is not None and found.model == choice["model"] else None


@dataclass(frozen=True, slots=True)
class ModelPlanner:
    """Planner that asks a model and returns the calls in each answer one by one.

    `reserve` is called before each request with the maximum tokens and seconds of the answer.
    `reserve` may wait, and returns a message if the budget is used up.
    """

    driver: ModelDriver | None
    brief: Brief
    bounds: Bounds
    should_stop: Callable[[], bool]
    reserve: Callable[[int, float], str | None]

    def next_move(self, conversation: Conversation, send_text: SendText) -> Move:
        """Return the next move; see `Planner.next_move`."""
        place = max(
            (
                number
                for number, one in enumerate(conversation.played)
                if isinstance(one.move, Answer)
            ),
            default=None,
        )
        if place is None:
            return self._ask(conversation, send_text)
        move = conversation.played[place].move
        assert isinstance(move, Answer)
        answer, since = ModelAnswer.from_raw(move.raw), conversation.played[place + 1 :]
        if since and _is_over(since[-1]):
            return _closing(since[-1], len(answer.calls) - len(since))
        if answer.stop_reason != "tool_use":
            return _ending(answer)
        if not since:
            refused = self._refuse(conversation, answer)
            if refused is not None:
                return refused
        if len(since) < len(answer.calls):
            return _move_of(answer.calls[len(since)], conversation.context.usable)
        return self._ask(conversation, send_text)

    def _refuse(self, conversation: Conversation, answer: ModelAnswer) -> Fail | None:
        """Return a failure if the calls of a model answer must not be made, else None.

        They are not made if no further request to the model is allowed, if the arguments of a call
        are too long, or if a call was made `ALIKE_MAX` times with equal results.
        """
        if _tries(conversation) >= self.bounds.calls_max:
            return Fail(gettext(CIRCLES), cause="the last request allowed still wants tools")
        if any(len(json.dumps(call.arguments)) > ARGUMENTS_MAX for call in answer.calls):
            return Fail(
                gettext(ModelNonsense.sentence), cause="arguments of a tool call are too long"
            )
        if any(_times_alike(conversation, call) >= ALIKE_MAX for call in answer.calls):
            return Fail(
                gettext(CIRCLES),
                cause=f"the same call, with the same outcome {ALIKE_MAX} times already",
            )
        return None

    def _ask(self, conversation: Conversation, send_text: SendText) -> Move:
        left, left_s = (
            self.bounds.calls_max - _tries(conversation),
            self.bounds.turn_s - _took_s(conversation),
        )
        if left <= 0:
            return Fail(gettext(CIRCLES), cause="no request is left")
        if left_s <= 0:
            return Fail(gettext(ModelTimeout.sentence), cause="the turn's time is over")
        if self.driver is None:
            return Fail(
                gettext(ModelRefused.sentence),
                cause="the model that began this turn is not configured any more",
            )
        request, lasts_s = self._request(conversation, left), min(self.bounds.answer_s, left_s)
        spent = self.reserve(request.tokens_max, lasts_s)
        if spent is not None:
            return Fail(spent, cause="the budget is spent", is_spent=True)
        begun, pieces = time.monotonic(), list[int]()

        def on_text(text: str) -> None:
            if text:
                pieces.append(len(text))
                send_text(text)

        try:
            answer = self.driver.answer(
                replace(request, deadline=begun + lasts_s), on_text, self.should_stop
            )
        except ModelError as error:
            cause, used = f"{type(error).__name__}: {error.message}", asdict(error.usage)
            took_s, is_missing = time.monotonic() - begun, isinstance(error, ModelMissing)
            return Fail(
                gettext(error.sentence),
                cause,
                self.driver.model,
                used,
                error.tries,
                pieces,
                took_s,
                is_missing=is_missing,
            )
        return Answer(answer.raw, pieces, time.monotonic() - begun)

    def _request(self, conversation: Conversation, left: int) -> ModelRequest:
        """Return the next request to the model; its time limit starts when it is sent."""
        return ModelRequest(
            system=prompt.system(self.brief, conversation.context),
            messages=prompt.messages(self.brief, conversation),
            deadline=0.0,
            max_tokens=self.bounds.max_tokens,
            tools=prompt.offers(self.brief.actor),
            tries_max=min(TRIES_MAX, left),
        )


def _move_of(wanted: ToolCall, usable: Sequence[str]) -> Move:
    """Return a model's call as a move.

    If the user must confirm the fields of the capability (`approval="review"`), the move is a card.
    A call with invalid arguments, or of a capability that the user may not use, stays a call, which
    is then refused.
    """
    capability = registry.find(wanted.name)
    if capability is None or capability.approval != "review" or wanted.name not in usable:
        return Call(wanted.name, wanted.arguments)
    try:
        arguments.read(capability, wanted.arguments)
    except ArgumentsRefused:
        return Call(wanted.name, wanted.arguments)
    return Card(ask_for(capability, []), capability.name, wanted.arguments)


def _is_over(last: Played) -> bool:
    """Return True if the turn ends because a proposal or a card waits for the user."""
    if last.outcome is not None and last.outcome.approval_id is not None:
        return True
    return isinstance(last.move, Say | Card)


def _closing(last: Played, left: int) -> Move:
    """Return the last move of a turn.

    If some calls of the model are not made, the move is a text that says how many. `left` is their
    number.
    """
    if left > 0 and not isinstance(last.move, Say):
        return Say(
            ngettext(
                "%(num)d further step was not started, because only one request can wait at a"
                " time. Ask again after this one is decided.",
                "%(num)d further steps were not started, because only one request can wait at a"
                " time. Ask again after this one is decided.",
                left,
            )
        )
    return Done()


def _ending(answer: ModelAnswer) -> Move:
    sentence = _ENDINGS.get(answer.stop_reason) or (
        None if answer.text.strip() or answer.stop_reason == "stopped" else EMPTY
    )
    return (
        Done()
        if sentence is None
        else Fail(gettext(sentence), cause=f"the answer ended by {answer.stop_reason}")
    )


def _times_alike(conversation: Conversation, wanted: ToolCall) -> int:
    """Return how often a call was already made in this turn with the same result.

    Earlier calls are equal if the tool and the arguments are equal. Only those are counted whose
    result is equal to the result of the newest of them.
    """
    brought = [
        one.outcome
        for one in conversation.played
        if isinstance(one.move, Call)
        and (one.move.tool, one.move.arguments) == (wanted.name, wanted.arguments)
    ]
    return sum(1 for outcome in brought if outcome == brought[-1])


def _tries(conversation: Conversation) -> int:
    return sum(
        int(one.move.raw["tries"]) for one in conversation.played if isinstance(one.move, Answer)
    )


def _took_s(conversation: Conversation) -> float:
    return sum(one.move.took_s for one in conversation.played if isinstance(one.move, Answer))
