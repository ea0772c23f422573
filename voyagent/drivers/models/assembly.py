"""Assembles an answer from the events of a stream, within limits of size."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voyagent.drivers.models.errors import ModelNonsense
from voyagent.drivers.models.protocol import (
    ModelAnswer,
    ModelMessage,
    ModelRequest,
    PersonMessage,
    StopReason,
    ToolCall,
)
from voyagent.drivers.models.usage import Usage
from voyagent.kernel.fields import contains_unstorable, without_unstorable
from voyagent.kernel.json_values import JsonObject

ARGUMENT_BYTES_MAX = 1024 * 1024
CALLS_MAX = 64
DEPTH_MAX = 32
NAME_MAX = 128
COUNT_MAX = 2**31 - 1
CHARACTERS_A_TOKEN = 4
CHARACTERS_A_TOKEN_MAX = 16
"""Maximum number of characters of an answer for each token of `max_tokens`.

A longer answer is cut, because its server has ignored `max_tokens`.
"""


class Cut(Exception):
    """The answer is longer than the request allows."""


@dataclass
class _PartialCall:
    """A tool call whose arguments have not arrived completely."""

    id: str
    name: str
    pieces: list[str] = field(default_factory=list)


class Assembly:
    """An answer that is being received.

    `on_text` is called with each piece of the answer's text.
    """

    def __init__(
        self, driver: str, model: str, request: ModelRequest, on_text: Callable[[str], None]
    ) -> None:
        self._driver = driver
        self._request = request
        self._on_text = on_text
        self._text: list[str] = []
        self._characters = 0
        self._calls: dict[int, _PartialCall] = {}
        self._argument_bytes = 0
        self.model = model
        self.vendor_ref: str | None = None
        self.counted: Usage | None = None
        self.stop_reason: StopReason | None = None

    @property
    def has_sent_text(self) -> bool:
        """Return True if `on_text` has received text."""
        return self._characters > 0

    def say(self, piece: object) -> None:
        """Add a piece of text to the answer, and call `on_text` with it.

        Raises ModelNonsense if the piece is no text. If the answer would become longer than the
        request allows, only the part within the limit is added, and Cut is raised.
        """
        text = self.text_of(piece)
        allowed = self._request.max_tokens * CHARACTERS_A_TOKEN_MAX - self._characters
        allowed_text = text[:allowed]
        if allowed_text:
            self._text.append(allowed_text)
            self._characters += len(allowed_text)
            self._on_text(allowed_text)
        if len(text) > allowed:
            raise Cut

    def begin_call(self, place: int, call_id: object, name: object) -> None:
        """Begin the tool call at a position of the answer. Raises ModelNonsense."""
        call = _PartialCall(self.name_of(call_id), self.name_of(name))
        if (
            place in self._calls
            or len(self._calls) >= CALLS_MAX
            or call.id in {other.id for other in self._calls.values()}
        ):
            raise self.nonsense("too many tool calls, or two with the same position or id")
        self._calls[place] = call

    def has_call(self, place: int) -> bool:
        """Return True if the tool call at this position has begun."""
        return place in self._calls

    def more_arguments(self, place: int, piece: object) -> None:
        """Add JSON text to the arguments of the tool call at position `place`.

        Raises ModelNonsense if no tool call has begun at this position, or if the arguments of all
        tool calls together have more than ARGUMENT_BYTES_MAX bytes.
        """
        text = self.text_of(piece)
        if place not in self._calls:
            raise self.nonsense("arguments without a tool call")
        self._argument_bytes += len(text.encode())
        if self._argument_bytes > ARGUMENT_BYTES_MAX:
            raise self.nonsense("arguments of a tool call are too long")
        self._calls[place].pieces.append(text)

    def answer(
        self, tries: int, spent: Usage, stop_reason: StopReason | None = None
    ) -> ModelAnswer:
        """Return the answer as it was received so far.

        `tries` is the number of requests so far. `spent` has the token counts of the requests that
        failed. `stop_reason` is given if the answer was cut or stopped. Raises ModelNonsense if the
        arguments of a tool call are not a JSON object, or if the stop reason is `tool_use` and
        there is no tool call.
        """
        reason = stop_reason or self.stop_reason
        assert reason is not None
        if reason == "end" and self._calls:
            reason = "tool_use"  # some servers end with `stop` after a tool call too
        if reason == "tool_use" and not self._calls:
            raise self.nonsense("the stop reason is tool_use and there is no tool call")
        calls = (
            tuple(self._call(call) for _, call in sorted(self._calls.items()))
            if reason == "tool_use"
            else ()
        )
        usage = spent + self.usage(is_whole=stop_reason is None)
        return ModelAnswer(
            "".join(self._text), calls, usage, reason, self.model, self.vendor_ref, tries
        )

    def usage(self, *, is_whole: bool) -> Usage:
        """Return the tokens used so far, estimated if the server has not reported them.

        `is_whole` is true if the answer was received completely.
        """
        if is_whole and self.counted is not None:
            return self.counted
        counted = self.counted or Usage()
        written = self._characters + self._argument_bytes
        if not written and not is_whole:
            return counted
        input_tokens = (
            counted.input
            if self.counted is not None
            else math.ceil(_length(self._request) / CHARACTERS_A_TOKEN)
        )
        return Usage(
            input_tokens,
            max(counted.output, math.ceil(written / CHARACTERS_A_TOKEN)),
            counted.cache_read,
            counted.cache_write,
            estimated=True,
        )

    def text_of(self, value: object) -> str:
        """Return `value`, with characters that cannot be stored replaced by U+FFFD.

        Raises ModelNonsense if `value` is not a string.
        """
        if not isinstance(value, str):
            raise self.nonsense("a value that is not text")
        return without_unstorable(value)

    def name_of(self, value: object) -> str:
        """Return the name or id of a tool call. Raises ModelNonsense if it is not valid."""
        name = self.text_of(value)
        if not 0 < len(name) <= NAME_MAX:
            raise self.nonsense("an invalid name or id of a tool call")
        return name

    def count_of(self, value: object) -> int:
        """Return a number of tokens, 0 for None. Raises ModelNonsense if it is not valid."""
        if value is None:
            return 0
        if not isinstance(value, int) or not 0 <= value <= COUNT_MAX:
            raise self.nonsense("an invalid number of tokens")
        return value

    def nonsense(self, message: str) -> ModelNonsense:
        """Return the error for an invalid answer, with driver and vendor's request id."""
        return ModelNonsense(message, driver=self._driver, vendor_ref=self.vendor_ref)

    def _call(self, call: _PartialCall) -> ToolCall:
        text = "".join(call.pieces).strip() or "{}"  # an empty text means a call without arguments
        try:
            arguments = json.loads(text, parse_constant=_no_number, parse_float=_finite)
            _check(arguments, DEPTH_MAX)
        except (ValueError, RecursionError):
            raise self.nonsense(
                "arguments of a tool call are not JSON that can be stored"
            ) from None
        if not isinstance(arguments, dict):
            raise self.nonsense("arguments of a tool call are not a JSON object")
        return ToolCall(call.id, call.name, arguments)


def _no_number(_word: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("too large")
    return value


def _check(value: Any, depth: int) -> None:
    """Raise ValueError if a JSON value cannot be stored.

    Objects and lists may be nested `depth` levels deep, and texts may have no character that
    PostgreSQL refuses.
    """
    if depth < 0:
        raise ValueError("too deep")
    if isinstance(value, str) and contains_unstorable(value):
        raise ValueError("unstorable")
    if isinstance(value, dict):
        for name, item in value.items():
            _check(name, depth)
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)


def _length(request: ModelRequest) -> int:
    """Return the number of characters in the request."""
    length = sum(len(part.text) for part in request.system)
    length += sum(
        len(tool.name) + len(tool.description) + len(json.dumps(tool.schema))
        for tool in request.tools
    )
    for message in request.messages:
        if isinstance(message, PersonMessage):
            length += len(message.text)
        elif isinstance(message, ModelMessage):
            length += len(message.text) + sum(
                len(call.name) + len(json.dumps(call.arguments)) for call in message.calls
            )
        else:
            length += sum(len(result.content) for result in message.results)
    return length


def object_of(value: object) -> JsonObject:
    """Return the value if it is a JSON object, else an empty object."""
    return value if isinstance(value, dict) else {}
