"""Requests to models and their answers, for all vendors and without SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Literal, Protocol, Self, get_args

from voyagent.drivers.models.usage import Usage
from voyagent.kernel.json_values import JsonObject

StopReason = Literal["end", "tool_use", "max_tokens", "refusal", "stopped"]
"""Why an answer ended: complete, calls tools, too long, refused by the model, or stopped."""
TRIES_MAX = 3


@dataclass(frozen=True, slots=True)
class SystemPart:
    """A part of the instructions (system prompt).

    The cacheable parts come first and are the same in each request. Parts that change, such as the
    date, come after the cacheable ones.
    """

    text: str
    cacheable: bool = False


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """A tool that the model may call; `schema` is the JSON Schema of its arguments.

    The order of the tools must not change between requests, because vendors cache the tools in this
    order.
    """

    name: str
    description: str
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call by the model.

    `arguments` is a JSON object that is not yet validated against the tool's schema.
    """

    id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a tool call as text; in this program the text is JSON."""

    call_id: str
    content: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class PersonMessage:
    """A message of the user to the assistant."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelMessage:
    """An earlier answer of the model: its text and its tool calls."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolsAnswered:
    """The results of all tool calls of the previous answer."""

    results: tuple[ToolResult, ...]


Message = PersonMessage | ModelMessage | ToolsAnswered


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request to a model.

    `deadline` is the value of `time.monotonic()` at which the answer must be complete, after all
    waits and retries. `tries_max` is the maximum number of HTTP requests, including the first.
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
        """Return the maximum number of tokens of the request and its answer.

        The result is the number of bytes of the request plus `max_tokens`, because a text does not
        have more tokens than bytes.
        """
        parts = [asdict(part) for part in (*self.system, *self.tools, *self.messages)]
        return len(json.dumps(parts, ensure_ascii=False).encode(errors="replace")) + self.max_tokens


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """The answer of a model.

    `calls` is empty unless `stop_reason` is `tool_use`. `text` is all the text that `on_text`
    received. `tries` is the number of HTTP requests, and `usage` counts their tokens; both include
    failed requests.
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
        """Return the answer as a JSON object, which `from_raw` can read."""
        return {**asdict(self), "calls": [asdict(call) for call in self.calls]}

    @classmethod
    def from_raw(cls, raw: JsonObject) -> Self:
        """Return the model's answer from a JSON object that `ModelAnswer.raw` returned.

        Raises KeyError or TypeError for other JSON, and ValueError for an unknown stop reason.
        """
        if raw["stop_reason"] not in get_args(StopReason):
            raise ValueError("unknown stop reason")
        return cls(
            **{
                **raw,
                "calls": tuple(ToolCall(**call) for call in raw["calls"]),
                "usage": Usage(**raw["usage"]),
            }
        )


def never() -> bool:
    """Return False; default of `should_stop` for answers that are never stopped."""
    return False


class ModelDriver(Protocol):
    """Protocol of a language model.

    Several threads can use one driver at once.
    """

    @property
    def name(self) -> str:
        """Return the name of the driver, such as `anthropic`."""
        ...

    @property
    def model(self) -> str:
        """Return the vendor's name of the model."""
        ...

    def answer(
        self,
        request: ModelRequest,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool] = never,
    ) -> ModelAnswer:
        """Send the request and wait for the whole answer.

        `on_text` is called in the caller's thread with each piece of text. If `on_text` raises an
        exception, the call ends with this exception. `should_stop` is called up to four times a
        second, also between retries. When `should_stop` returns true, the result is the answer so
        far, with the stop reason `stopped`. Raises ModelBusy, ModelUnavailable, ModelTimeout,
        ModelRefused, ModelMissing, ModelNonsense.
        """
        ...
