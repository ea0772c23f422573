"""What is asked of a model and what it answers, the same for every vendor; no SDK, no database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, Self, get_args

from voyagent.drivers.models.usage import Usage

JsonObject = dict[str, Any]
StopReason = Literal["end", "tool_use", "max_tokens", "refusal", "stopped"]
"""Why an answer ends: it is complete; it wants tools; it was cut at its length; the model declines;
somebody wanted no more of it.
"""
TRIES_MAX = 3


@dataclass(frozen=True, slots=True)
class SystemPart:
    """A piece of the instructions.

    Cacheable parts stand first and stay the same from call to call; what changes (today's date)
    comes behind them.
    """

    text: str
    cacheable: bool = False


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """A tool that the model may ask for; `schema` is the JSON Schema of its arguments.

    Offers are cached, so their order must not change.
    """

    name: str
    description: str
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model's wish for a tool.

    The arguments are a JSON object, not yet checked against the tool's schema.
    """

    id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call, as text (JSON, for ours)."""

    call_id: str
    content: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """Words of the person."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelSaid:
    """An earlier answer: its words, and the calls that it asked for."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolsAnswered:
    """The results of all calls of the answer before it."""

    results: tuple[ToolResult, ...]


Message = PersonSaid | ModelSaid | ToolsAnswered


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model.

    `deadline` is an instant of `time.monotonic()` that bounds the whole answer with its waits and
    repeats; `tries_max` bounds the requests sent for it, the first included.
    """

    system: tuple[SystemPart, ...]
    messages: tuple[Message, ...]
    deadline: float
    max_tokens: int
    tools: tuple[ToolOffer, ...] = ()
    temperature: float | None = None
    tries_max: int = TRIES_MAX

    @property
    def tokens_max(self) -> int:
        """The most tokens that it takes: no vendor makes more of a text than it has bytes, and the
        answer has its own bound.
        """
        asked = [asdict(part) for part in (*self.system, *self.tools, *self.messages)]
        return len(json.dumps(asked, ensure_ascii=False).encode(errors="replace")) + self.max_tokens


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """One answer.

    Calls stand only behind `tool_use`: of an answer that was cut or stopped nothing is acted upon.

    `text` is exactly what `on_text` was told, joined. `tries` and `usage` count requests that
    failed before this one too.
    """

    text: str
    calls: tuple[ToolCall, ...]
    usage: Usage
    stop_reason: StopReason
    model: str
    vendor_ref: str | None = None
    tries: int = field(default=1)

    @property
    def raw(self) -> JsonObject:
        """The answer as JSON that PostgreSQL can hold, from which `from_raw` makes an equal one."""
        return {**asdict(self), "calls": [asdict(call) for call in self.calls]}

    @classmethod
    def from_raw(cls, raw: JsonObject) -> Self:
        """An answer as it was kept.

        Raises KeyError or TypeError for what is none, ValueError for an unknown way to end.
        """
        if raw["stop_reason"] not in get_args(StopReason):
            raise ValueError("an answer does not end like that")
        return cls(
            **{
                **raw,
                "calls": tuple(ToolCall(**call) for call in raw["calls"]),
                "usage": Usage(**raw["usage"]),
            }
        )


def never() -> bool:
    """Nobody wants the answer to stop."""
    return False


class ModelDriver(Protocol):
    """A model that can be asked.

    Drivers hold no connection and no state of a conversation, so one may serve many turns at once.
    """

    @property
    def name(self) -> str:
        """Which kind of driver it is."""
        ...

    @property
    def model(self) -> str:
        """The model's name at its vendor."""
        ...

    def answer(
        self,
        request: ModelRequest,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool] = never,
    ) -> ModelAnswer:
        """Ask, and wait for the whole answer.

        `on_text` gets each piece of text in the caller's thread as it comes; what it raises ends
        the call and reaches the caller. `should_stop` is asked up to four times a second, also
        while the server is silent and during waits; once it is true the answer so far comes back,
        with `stopped`. Raises ModelBusy, ModelUnavailable, ModelTimeout, ModelRefused,
        ModelMissing, ModelNonsense.
        """
        ...
