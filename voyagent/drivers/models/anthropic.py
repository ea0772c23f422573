"""Driver for Anthropic's models, with the vendor's SDK and streamed answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from voyagent.drivers.models.assembly import Assembly, object_of
from voyagent.drivers.models.calling import call
from voyagent.drivers.models.errors import ModelUnavailable
from voyagent.drivers.models.line import Events, Line
from voyagent.drivers.models.protocol import (
    Message,
    ModelAnswer,
    ModelMessage,
    ModelRequest,
    PersonMessage,
    StopReason,
    never,
)
from voyagent.drivers.models.usage import Usage
from voyagent.kernel.json_values import JsonObject

STOP_REASONS: dict[str, StopReason] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "refusal": "refusal",
}
THINKING_CAN_BE_LEFT = {"claude-sonnet-5", "claude-opus-5"}
"""Models whose reasoning before an answer is switched off in each request.

If it were on, the API would require each request with tool results to repeat the reasoning, and
this program does not store it.
"""
_CACHED = {"cache_control": {"type": "ephemeral"}}


@dataclass(frozen=True, slots=True)
class Anthropic:
    """One model of Anthropic, or of a compatible server at another `base_url`."""

    model: str
    api_key: str = field(repr=False)
    base_url: str = "https://api.anthropic.com"
    name: str = field(default="anthropic", init=False)

    def answer(
        self,
        request: ModelRequest,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool] = never,
    ) -> ModelAnswer:
        """Return the answer to a request, as `ModelDriver.answer` describes."""
        return call(self, request, on_text, should_stop)

    def ask(self, line: Line, request: ModelRequest) -> Events:
        """Send the request and return the events of the response."""
        import anthropic  # noqa: PLC0415 - a slow import, needed only with a key

        client = anthropic.Anthropic(
            api_key=self.api_key, base_url=self.base_url, max_retries=0, http_client=line.client()
        )
        return cast("Events", client.messages.create(**self.body(request), stream=True))

    def body(self, request: ModelRequest) -> JsonObject:
        """Return the JSON body of the request for the Messages API."""
        body: JsonObject = {
            "model": self.model,
            "max_tokens": request.max_tokens,
            "messages": [_message(message) for message in request.messages],
        }
        if request.system:
            body["system"] = [{"type": "text", "text": part.text} for part in request.system]
            cacheable = [place for place, part in enumerate(request.system) if part.cacheable]
            if cacheable:
                body["system"][cacheable[-1]] |= _CACHED
        if request.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
                for tool in request.tools
            ]
            body["tools"][-1] |= _CACHED
        if self.model in THINKING_CAN_BE_LEFT:
            body["thinking"] = {"type": "disabled"}
        if request.temperature is not None:
            body["extra_body"] = {
                "temperature": request.temperature
            }  # for older models; the SDK no longer has this parameter
        return body

    def read(self, events: Iterator[object], answer: Assembly) -> None:
        """Read the events of the response into `answer`.

        Raises ModelNonsense for an invalid event, and ModelUnavailable if the stream ends before
        the answer is complete.
        """
        for event in events:
            event_data = object_of(event)
            kind = event_data.get("type")
            if kind == "message_start":
                _begin(object_of(event_data.get("message")), answer)
            elif kind == "content_block_start":
                _begin_block(
                    _place(event_data, answer), object_of(event_data.get("content_block")), answer
                )
            elif kind == "content_block_delta":
                _go_on(_place(event_data, answer), object_of(event_data.get("delta")), answer)
            elif kind == "message_delta":
                _end(event_data, answer)
            elif kind == "message_stop" and answer.stop_reason is not None:
                return
        raise ModelUnavailable(
            "the stream ended before the answer was complete",
            driver=self.name,
            vendor_ref=answer.vendor_ref,
        )


def _message(message: Message) -> JsonObject:
    if isinstance(message, PersonMessage):
        return {"role": "user", "content": message.text}
    if isinstance(message, ModelMessage):
        words = [{"type": "text", "text": message.text}] if message.text else []
        return {
            "role": "assistant",
            "content": [
                *words,
                *(
                    {"type": "tool_use", "id": one.id, "name": one.name, "input": one.arguments}
                    for one in message.calls
                ),
            ],
        }
    return {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": one.call_id,
                "content": one.content,
                "is_error": one.failed,
            }
            for one in message.results
        ],
    }


def _place(event: JsonObject, answer: Assembly) -> int:
    return answer.count_of(event.get("index"))


def _begin(message: JsonObject, answer: Assembly) -> None:
    answer.vendor_ref = answer.name_of(message.get("id"))
    answer.model = answer.name_of(message.get("model"))
    answer.counted = _usage(object_of(message.get("usage")), Usage(), answer)


def _begin_block(place: int, block: JsonObject, answer: Assembly) -> None:
    if block.get("type") == "text" and block.get("text"):
        answer.say(block["text"])
    elif block.get("type") == "tool_use":
        answer.begin_call(place, block.get("id"), block.get("name"))


def _go_on(place: int, delta: JsonObject, answer: Assembly) -> None:
    if delta.get("type") == "text_delta":
        answer.say(delta.get("text"))
    elif delta.get("type") == "input_json_delta":
        answer.more_arguments(place, delta.get("partial_json"))


def _end(event: JsonObject, answer: Assembly) -> None:
    reason = object_of(event.get("delta")).get("stop_reason")
    if reason is not None:
        if reason not in STOP_REASONS:
            raise answer.nonsense("an unknown stop reason")
        answer.stop_reason = STOP_REASONS[reason]
    answer.counted = _usage(object_of(event.get("usage")), answer.counted or Usage(), answer)


def _usage(counted: JsonObject, before: Usage, answer: Assembly) -> Usage:
    """Return the token counts of `before`, updated with the counts of an event.

    A count in an event is the total since the beginning of the answer.
    """
    names = {
        "input": "input_tokens",
        "output": "output_tokens",
        "cache_read": "cache_read_input_tokens",
        "cache_write": "cache_creation_input_tokens",
    }
    counts = {
        name: answer.count_of(counted[vendor_name])
        for name, vendor_name in names.items()
        if counted.get(vendor_name) is not None
    }
    return Usage(**({name: getattr(before, name) for name in names} | counts))
