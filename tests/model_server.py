"""A stand-in for model servers on loopback, scripted by the test.

It speaks Anthropic's Messages API and OpenAI's chat completions, both streamed. The response is the
next of `server.next(…)`, else the first rule that matches, else `server.otherwise`. A rule matches
the person's last words (`server.when("flight", …)`) or the newest tool result
(`server.after("search_flights", …)`), and a response may be a function of the request.
`server.heard` holds every request.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER_WITHIN_S = 20


@dataclass(frozen=True)
class Use:
    """A call of a tool.

    `json_text` is sent as it is instead of arguments, valid or not.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    json_text: str | None = None
    id: str | None = None

    @property
    def text(self) -> str:
        return json.dumps(self.arguments) if self.json_text is None else self.json_text


@dataclass(frozen=True)
class Reply:
    """A response.

    Its text comes in `pieces` (else word by word), `pause_s` apart; before the last one the server
    waits for `gate`.
    """

    text: str = ""
    uses: tuple[Use, ...] = ()
    pieces: tuple[str, ...] = ()
    pause_s: float = 0.0
    gate: threading.Event | None = None
    stop: str | None = None
    input_tokens: int = 25
    output_tokens: int = 12
    cache_read: int = 0
    cache_write: int = 0
    counts: bool = True
    gives_ids: bool = True

    @property
    def all_pieces(self) -> tuple[str, ...]:
        return self.pieces or tuple(re.findall(r"\s*\S+\s*", self.text))


@dataclass(frozen=True)
class Failure:
    """An error status with a body as the vendors write it."""

    status: int
    kind: str = "api_error"
    message: str = "no"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Frames:
    """Raw bytes of a stream, then the end, a broken connection, or silence."""

    sent: bytes
    then: str = "end"


@dataclass(frozen=True)
class Hang:
    """Accept the request and never respond."""


@dataclass(frozen=True)
class Endless:
    """Repeat this piece until the client disconnects."""

    piece: str = "and so on "
    pause_s: float = 0.0


Act = Reply | Failure | Frames | Hang | Endless


@dataclass(frozen=True)
class Heard:
    """A request, parsed alike for both APIs."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def is_anthropic(self) -> bool:
        return self.path.endswith("/messages")

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def tools(self) -> list[str]:
        return [(tool.get("function") or tool)["name"] for tool in self.body.get("tools", [])]

    @property
    def words(self) -> str:
        """Return the person's last message."""
        return next((text for role, text in reversed(list(self._texts())) if role == "user"), "")

    @property
    def system(self) -> str:
        given = self.body.get("system", "")
        own = given if isinstance(given, str) else "\n\n".join(part["text"] for part in given)
        return own or "\n\n".join(text for role, text in self._texts() if role == "system")

    @property
    def results(self) -> list[tuple[str, Any]]:
        """Return name and parsed content of the tool results at the end of the request."""
        names = dict(self._calls())
        return [
            (names.get(call_id, ""), _read(content)) for call_id, content in self._last_results()
        ]

    def _texts(self) -> Iterator[tuple[str, str]]:
        for message in self.body["messages"]:
            content = message.get("content") or ""
            if isinstance(content, str):
                yield message["role"], content
            else:
                yield from (
                    (message["role"], block["text"]) for block in content if block["type"] == "text"
                )

    def _calls(self) -> Iterator[tuple[str, str]]:
        for message in self.body["messages"]:
            yield from (
                (call["id"], call["function"]["name"]) for call in message.get("tool_calls") or ()
            )
            if isinstance(message.get("content"), list):
                yield from (
                    (block["id"], block["name"])
                    for block in message["content"]
                    if block["type"] == "tool_use"
                )

    def _last_results(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for message in reversed(self.body["messages"]):
            if message["role"] == "tool":
                found.insert(0, (message["tool_call_id"], message["content"]))
            elif message["role"] == "user" and isinstance(message["content"], list):
                return [
                    (block["tool_use_id"], block["content"])
                    for block in message["content"]
                    if block["type"] == "tool_result"
                ]
            else:
                break
        return found


Answer = Act | Callable[[Heard], Act]


class ModelServer(ThreadingHTTPServer):
    """A server on a free port of 127.0.0.1."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self._scheme = "https" if tls else "http"
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.heard: list[Heard] = []
        self.left_alone = threading.Event()
        """Set once a client has disconnected during a response."""
        self.gate_missed = False
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._queue: list[Answer] = []
        self._rules: list[tuple[Callable[[Heard], bool], Answer]] = []
        self.otherwise: Answer = Reply("Nothing is written for that.")
        """Response if no rule matches."""

    @property
    def url(self) -> str:
        """Return the URL of the Messages API; chat completions are at `url + "/v1"`."""
        return f"{self._scheme}://127.0.0.1:{self.server_address[1]}"

    def next(self, *answers: Answer) -> None:
        """Queue responses to send in this order, before any rule."""
        self._queue += answers

    def when(self, pattern: str, answer: Answer) -> None:
        """Set the response to last words that match `pattern`.

        It is given before any tool has returned.
        """
        self._rules.append(
            (
                lambda heard: (
                    not heard.results and re.search(pattern, heard.words, re.IGNORECASE) is not None
                ),
                answer,
            )
        )

    def after(self, tool: str, answer: Answer) -> None:
        """Set the response to this tool's result as the newest."""
        self._rules.append(
            (lambda heard: bool(heard.results) and heard.results[-1][0] == tool, answer)
        )

    def choose(self, heard: Heard) -> Act:
        """Return the response to a request."""
        with self._lock:
            self.heard.append(heard)
            answer = (
                self._queue.pop(0)
                if self._queue
                else next((answer for fits, answer in self._rules if fits(heard)), self.otherwise)
            )
        return answer(heard) if callable(answer) else answer

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect, which some tests do."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[ModelServer]:
    """Run a server for the block."""
    with ModelServer(tls) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()


class _Session(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        heard = Heard(
            self.path, {name.lower(): value for name, value in self.headers.items()}, body
        )
        act = self.server.choose(heard)
        try:
            self._play(act, heard)
        except OSError:
            self.server.left_alone.set()
        self.close_connection = True

    def _play(self, act: Act, heard: Heard) -> None:
        number = len(self.server.heard)
        if isinstance(act, Failure):
            self._fail(act)
        elif isinstance(act, Hang):
            self._be_silent()
        elif isinstance(act, Frames):
            self._begin()
            self._send(act.sent)
            if act.then == "silence":
                self._be_silent()
            if act.then == "end":
                self._send(b"")
        else:
            self._begin()
            language = _anthropic if heard.is_anthropic else _openai
            for frame in language(act, number, heard):
                self._pace(act, frame)
                self._send(frame.data)
            self._send(b"")

    def _pace(self, act: Reply | Endless, frame: _Frame) -> None:
        if frame.is_text and act.pause_s:
            self.server.ended.wait(act.pause_s)
        if (
            frame.is_last_text
            and isinstance(act, Reply)
            and act.gate is not None
            and not act.gate.wait(ANSWER_WITHIN_S)
        ):
            self.server.gate_missed = True

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _send(self, data: bytes) -> None:
        """Send one chunk; an empty one is the end."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _fail(self, act: Failure) -> None:
        body = json.dumps(
            {"type": "error", "error": {"type": act.kind, "message": act.message, "code": act.kind}}
        ).encode()
        self.send_response(act.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "request-id": "req-stand-in",
            **act.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _be_silent(self) -> None:
        """Wait until the client disconnects."""
        self.connection.settimeout(0.05)
        for _ in range(ANSWER_WITHIN_S * 20):
            if self.server.ended.is_set():
                return
            try:
                if self.connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.server.left_alone.set()

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the library
        """Log nothing."""


@dataclass(frozen=True)
class _Frame:
    data: bytes
    is_text: bool = False
    is_last_text: bool = False


def _texts(act: Reply | Endless) -> Iterator[tuple[str, bool]]:
    if isinstance(act, Endless):
        while True:
            yield act.piece, False
    pieces = act.all_pieces
    for place, piece in enumerate(pieces):
        yield piece, place == len(pieces) - 1


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def _halves(text: str) -> list[str]:
    """Split arguments into pieces that are no valid JSON alone."""
    middle = len(text) // 2
    return [text[:middle], text[middle:]] if middle else [text]


def _anthropic(act: Reply | Endless, number: int, heard: Heard) -> Iterator[_Frame]:
    reply = act if isinstance(act, Reply) else Reply()
    usage = {"input_tokens": reply.input_tokens, "output_tokens": 1}
    if reply.cache_read or reply.cache_write:
        usage |= {
            "cache_read_input_tokens": reply.cache_read,
            "cache_creation_input_tokens": reply.cache_write,
        }
    message = {
        "id": f"msg-{number}",
        "type": "message",
        "role": "assistant",
        "model": heard.model,
        "content": [],
        "stop_reason": None,
        "usage": usage,
    }
    yield _Frame(_event("message_start", message=message))
    yield _Frame(_event("ping"))
    index = 0
    if not isinstance(act, Reply) or act.all_pieces:
        yield _Frame(
            _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        )
        for piece, last in _texts(act):
            yield _Frame(
                _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece}),
                is_text=True,
                is_last_text=last,
            )
        yield _Frame(_event("content_block_stop", index=0))
        index = 1
    for place, use in enumerate(reply.uses, index):
        block = {
            "type": "tool_use",
            "id": use.id or f"toolu-{number}-{place}",
            "name": use.name,
            "input": {},
        }
        yield _Frame(_event("content_block_start", index=place, content_block=block))
        for piece in _halves(use.text):
            yield _Frame(
                _event(
                    "content_block_delta",
                    index=place,
                    delta={"type": "input_json_delta", "partial_json": piece},
                )
            )
        yield _Frame(_event("content_block_stop", index=place))
    stop = reply.stop or ("tool_use" if reply.uses else "end_turn")
    yield _Frame(
        _event(
            "message_delta",
            delta={"stop_reason": stop, "stop_sequence": None},
            usage={"output_tokens": reply.output_tokens},
        )
    )
    yield _Frame(_event("message_stop"))


def _openai(act: Reply | Endless, number: int, heard: Heard) -> Iterator[_Frame]:
    reply = act if isinstance(act, Reply) else Reply()

    def chunk(*choices: dict[str, Any], **fields: Any) -> bytes:
        whole = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": heard.model,
            "choices": list(choices),
            **fields,
        }
        return f"data: {json.dumps(whole)}\n\n".encode()

    def delta(**fields: Any) -> bytes:
        return chunk({"index": 0, "delta": fields, "finish_reason": None})

    yield _Frame(delta(role="assistant", content=""))
    for piece, last in _texts(act):
        yield _Frame(delta(content=piece), is_text=True, is_last_text=last)
    for place, use in enumerate(reply.uses):
        named = {
            "index": place,
            "type": "function",
            "function": {"name": use.name, "arguments": ""},
        }
        if reply.gives_ids:
            named["id"] = use.id or f"call-{number}-{place}"
        yield _Frame(delta(tool_calls=[named]))
        for piece in _halves(use.text):
            yield _Frame(delta(tool_calls=[{"index": place, "function": {"arguments": piece}}]))
    yield _Frame(
        chunk(
            {
                "index": 0,
                "delta": {},
                "finish_reason": reply.stop or ("tool_calls" if reply.uses else "stop"),
            }
        )
    )
    if reply.counts and (heard.body.get("stream_options") or {}).get("include_usage"):
        prompt = reply.input_tokens + reply.cache_read + reply.cache_write
        details = {"cached_tokens": reply.cache_read, "cache_write_tokens": reply.cache_write}
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": reply.output_tokens,
            "total_tokens": prompt + reply.output_tokens,
        }
        yield _Frame(chunk(usage=usage | {"prompt_tokens_details": details}))
    yield _Frame(b"data: [DONE]\n\n")


def _read(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content
