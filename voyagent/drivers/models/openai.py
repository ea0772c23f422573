"""Driver for servers with OpenAI's chat completions API, through OpenAI's SDK.

Examples of such servers are llama.cpp, Ollama and vLLM on the agency's own machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from voyagent.drivers.models.assembly import Assembly, object_of
from voyagent.drivers.models.calling import call
from voyagent.drivers.models.errors import ModelTimeout, ModelUnavailable
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
    "stop": "end",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
}


@dataclass(frozen=True, slots=True)
class OpenAI:
    """One model on one server.

    If `api_key` is empty, no `Authorization` header is sent, even if an environment variable
    contains a key.
    """

    model: str
    base_url: str
    api_key: str = field(default="", repr=False)
    name: str = field(default="openai", init=False)

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
        import openai  # noqa: PLC0415 - a slow import, needed only with a local server

        client = openai.OpenAI(
            api_key=self.api_key,
            # empty, because otherwise the SDK takes the values of environment variables, which are
            # meant for another server
            admin_api_key="",
            organization="",
            project="",
            base_url=self.base_url,
            max_retries=0,
            http_client=line.client(),
        )
        absent = (
            ("OpenAI-Organization", "OpenAI-Project")
            if self.api_key
            else ("OpenAI-Organization", "OpenAI-Project", "Authorization")
        )
        headers = {name: openai.Omit() for name in absent}
        return cast(
            "Events",
            client.chat.completions.create(
                **self.body(request), extra_headers=headers, stream=True
            ),
        )

    def body(self, request: ModelRequest) -> JsonObject:
        """Return the JSON body of the request.

        The body limits the answer with `max_tokens`, because local servers know no other name for
        this limit.
        """
        system = "\n\n".join(part.text for part in request.system)
        body: JsonObject = {
            "model": self.model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": "system", "content": system}] if system else [],
            "stream_options": {"include_usage": True},
        }
        for message in request.messages:
            body["messages"] += _messages(message)
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": tool.schema,
                    },
                }
                for tool in request.tools
            ]
        if request.temperature is not None:
            body["temperature"] = request.temperature
        return body

    def read(self, events: Iterator[object], answer: Assembly) -> None:
        """Read the events of the response into `answer`.

        Raises ModelNonsense for an invalid event, and ModelUnavailable if the stream ends before
        the answer is complete.
        """
        try:
            for event in events:
                _take(object_of(event), answer)
        except (ModelUnavailable, ModelTimeout):
            # Some servers send the token counts after the answer, which is complete without them.
            if answer.stop_reason is None:
                raise
        if answer.stop_reason is None:
            raise ModelUnavailable(
                "the stream ended before the answer was complete",
                driver=self.name,
                vendor_ref=answer.vendor_ref,
            )


def _messages(message: Message) -> list[JsonObject]:
    if isinstance(message, PersonMessage):
        return [{"role": "user", "content": message.text}]
    if isinstance(message, ModelMessage):
        calls = [
            {
                "id": one.id,
                "type": "function",
                "function": {"name": one.name, "arguments": json.dumps(one.arguments)},
            }
            for one in message.calls
        ]
        return [
            {"role": "assistant", "content": message.text or None}
            | ({"tool_calls": calls} if calls else {})
        ]
    # The API cannot mark a tool result as failed; the content says so.
    return [
        {"role": "tool", "tool_call_id": one.call_id, "content": one.content}
        for one in message.results
    ]


def _take(chunk: JsonObject, answer: Assembly) -> None:
    if chunk.get("id"):
        answer.vendor_ref = answer.name_of(chunk["id"])
    if chunk.get("model"):
        answer.model = answer.name_of(chunk["model"])
    for choice in chunk.get("choices") or []:
        _take_choice(object_of(choice), answer)
    if chunk.get("usage"):
        answer.counted = _usage(object_of(chunk["usage"]), answer)


def _take_choice(choice: JsonObject, answer: Assembly) -> None:
    delta = object_of(choice.get("delta"))
    if delta.get("content"):
        answer.say(delta["content"])
    for wish in delta.get("tool_calls") or []:
        _take_call(object_of(wish), answer)
    reason = choice.get("finish_reason")
    if reason is not None:
        if reason not in STOP_REASONS:
            raise answer.nonsense("an unknown stop reason")
        answer.stop_reason = STOP_REASONS[reason]


def _take_call(wish: JsonObject, answer: Assembly) -> None:
    place = answer.count_of(wish.get("index"))
    function = object_of(wish.get("function"))
    if not answer.has_call(place):
        answer.begin_call(
            place, wish.get("id") or f"{answer.vendor_ref}-{place}", function.get("name")
        )  # some servers send no id
    if function.get("arguments"):
        answer.more_arguments(place, function["arguments"])


def _usage(counted: JsonObject, answer: Assembly) -> Usage:
    """Return the token counts; cached tokens are subtracted from the prompt tokens."""
    details = object_of(counted.get("prompt_tokens_details"))
    cached, written = (
        answer.count_of(details.get("cached_tokens")),
        answer.count_of(details.get("cache_write_tokens")),
    )
    return Usage(
        max(answer.count_of(counted.get("prompt_tokens")) - cached - written, 0),
        answer.count_of(counted.get("completion_tokens")),
        cached,
        written,
    )
