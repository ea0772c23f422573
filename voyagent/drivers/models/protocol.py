"""Requests to models and their answers, alike for all vendors; no SDK, no database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, Self, get_args

from voyagent.drivers.models.usage import Usage

JsonObject = dict[str, Any]
StopReason = Literal["end", "tool_use", "max_tokens", "refusal", "stopped"]
"""Reasons to stop: complete, tools wanted, cut at its length, declined, stopped."""
TRIES_MAX = 3


@dataclass(frozen=True, slots=True)
class SystemPart:
    """A part of the instructions.

    Cacheable parts come first and stay the same; changing ones (today's date) follow.
    """

    text: str
    cacheable: bool = False


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """A tool that the model may call; `schema` is the JSON Schema of its arguments.

    Tools are cached, so their order must not change.
    """

    name: str
    description: str
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of the model.

    The arguments are a JSON object, not yet validated by the tool's schema.
    """

    id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a call as text, in our case JSON."""

    call_id: str
    content: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """A message of the person."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelSaid:
    """An earlier answer: its text and its calls."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolsAnswered:
    """The results of all calls of the answer before."""

    results: tuple[ToolResult, ...]


Message = PersonSaid | ModelSaid | ToolsAnswered


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request to a model.

    `deadline` is an instant of `time.monotonic()` for the whole answer with waits and retries;
    `tries_max` limits the requests, the first included.
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
        """The most tokens that it uses: at most one per byte, plus the answer's limit."""
        asked = [asdict(part) for part in (*self.system, *self.tools, *self.messages)]
        return len(json.dumps(asked, ensure_ascii=False).encode(errors="replace")) + self.max_tokens


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """An answer.

    Calls are valid only with `tool_use`: a cut or stopped answer is not acted upon. `text` is what
    `on_text` received. `tries` and `usage` include failed requests.
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
        """Return the answer as JSON, from which `from_raw` makes an equal one."""
        return {**asdict(self), "calls": [asdict(call) for call in self.calls]}

    @classmethod
    def from_raw(cls, raw: JsonObject) -> Self:
        """Return a stored answer.

        Raises KeyError or TypeError for other JSON, ValueError for an unknown reason to stop.
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
    """Return False: the answer is never stopped."""
    return False


class ModelDriver(Protocol):
    """A model that can be asked.

    Drivers hold no connection and no conversation, so one serves many turns at once.
    """

    @property
    def name(self) -> str:
        """The kind of driver."""
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

        `on_text` receives each piece of text in the caller's thread; its exceptions end the call
        and reach the caller. `should_stop` is asked up to four times a second, also during waits;
        once true, the answer so far returns with `stopped`. Raises ModelBusy, ModelUnavailable,
        ModelTimeout, ModelRefused, ModelMissing, ModelNonsense.
        """
        ...
