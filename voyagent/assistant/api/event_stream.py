"""Event streams of conversations, limited in number and duration.

A stream that waits for events holds no database connection. The user or API key that receives the
stream is authenticated at each read.
"""

from __future__ import annotations

import struct
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, SO_LINGER, SO_SNDBUF, SOL_SOCKET, socket
from threading import Lock
from typing import TypeAlias, cast
from uuid import UUID

from flask import Flask

from voyagent.chat.queries.sessions import topic
from voyagent.chat.service import turns
from voyagent.http.guards import authenticate
from voyagent.kernel.actor import Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import (
    N_,
    Forbidden,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from voyagent.kernel.events import NotifyListener

HEARTBEAT_S = 15.0
TOTAL_S = 900.0
BATCH = 200
TAKES_NOTHING_S = 20.0
BUFFER_BYTES = 64 * 1024
BLOCK_BYTES = 16 * 1024
PER_PERSON_MAX = 16
SHARE = 4
"""An agency and a client network may each have one quarter of the streams of a process."""
KEPT = 10
"""One tenth of the streams of a process is kept for users who have no stream."""
Party: TypeAlias = "tuple[str, UUID | str | None]"
"""Kind and id of somebody for whom streams are counted."""
_ALL: Party = ("all", None)
OPENING = b": open\n\n"
HEARTBEAT = b"event: heartbeat\ndata:\n\n"


class StreamsFull(Unavailable):
    """The process has as many open streams as allowed."""

    code = "streams_full"
    message = N_("Too many conversations are open right now. Try again in a moment.")


class TooManyStreams(TooManyRequests):
    """The user has as many open streams as allowed."""

    message = N_("You have too many conversations open. Close one first.")
    retry_after_s = 5


@dataclass(frozen=True, slots=True)
class Sitter:
    """The user, agency and client network to which an open stream is counted."""

    user_id: UUID | None
    tenant_id: UUID | None = None
    network: str | None = None


class Seats:
    """Counter of the open streams of this process.

    A user has at most `per_person_max` streams. An agency and a client network have at most
    `share_max` streams each. The last `kept` streams of the process are for users who have
    no stream.
    """

    def __init__(
        self,
        streams_max: int,
        per_person_max: int = PER_PERSON_MAX,
        share_max: int | None = None,
        kept: int | None = None,
    ) -> None:
        self._max = streams_max
        self._per_person_max = per_person_max
        self._share_max = max(1, streams_max // SHARE) if share_max is None else share_max
        self._kept = streams_max // KEPT if kept is None else kept
        self._taken: Counter[Party] = Counter()
        self._lock = Lock()

    @property
    def taken(self) -> int:
        """Number of open streams."""
        with self._lock:
            return self._taken[_ALL]

    def take(self, sitter: Sitter) -> None:
        """Count a new stream.

        Raises TooManyStreams if the user has too many streams, and StreamsFull if the agency, the
        client network or the process has too many.
        """
        with self._lock:
            of_user = self._taken[_user(sitter)]
            if of_user >= self._per_person_max:
                raise TooManyStreams
            if self._taken[_ALL] >= self._max - (self._kept if of_user else 0) or any(
                self._taken[party] >= self._share_max for party in _sharers(sitter)
            ):
                raise StreamsFull
            self._taken.update(_counted(sitter))

    def leave(self, sitter: Sitter) -> None:
        """Remove a stream from the count."""
        with self._lock:
            for party in _counted(sitter):
                self._taken[party] -= 1
                if self._taken[party] <= 0:
                    del self._taken[party]


def _user(sitter: Sitter) -> Party:
    return "user", sitter.user_id


def _sharers(sitter: Sitter) -> list[Party]:
    """Return the parties that `share_max` limits: agency and network (if it is known)."""
    agency: Party = ("agency", sitter.tenant_id)
    return [agency, ("network", sitter.network)] if sitter.network else [agency]


def _counted(sitter: Sitter) -> list[Party]:
    return [_ALL, _user(sitter), *_sharers(sitter)]


def seats(app: Flask) -> Seats:
    """Return the counter of this process's streams."""
    settings = cast("Settings", app.extensions["voyagent.settings"])
    return cast("Seats", app.extensions.setdefault("voyagent.streams", Seats(settings.streams_max)))


class Stream:
    """Response body of a stream, which Seats counts until the stream is closed.

    Creation raises TooManyStreams or StreamsFull. `line` is the socket of the connection.
    """

    def __init__(  # noqa: PLR0913 - each keyword filters or limits the result
        self,
        app: Flask,
        *,
        listener: Credential,
        session_id: UUID,
        after_seq: int,
        turn_id: str | None,
        aside: Aside | None = None,
        line: socket | None = None,
        network: str | None = None,
    ) -> None:
        self._seats = seats(app)
        self._sitter = Sitter(listener.user_id, listener.tenant_id, network)
        self._seats.take(self._sitter)
        self._seated = True
        self._frames = frames(
            app, listener, session_id, after_seq=after_seq, turn_id=turn_id, aside=aside
        )
        self._line, self._begun, self._ended = line, False, False
        if line is not None:
            line.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES)
            line.settimeout(TAKES_NOTHING_S)

    def __iter__(self) -> Iterator[bytes]:
        """Return the stream itself as the iterator."""
        return self

    def __next__(self) -> bytes:
        """Return the next bytes; after the last ones the stream is removed from the count."""
        self._begun = True
        try:
            return next(self._frames)
        except StopIteration:
            self._ended = True
            self.close()
            raise
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the stream; the server calls this when the client has disconnected."""
        self._frames.close()
        if self._seated:
            self._seated = False
            self._seats.leave(self._sitter)
            if self._line is not None and self._begun and not self._ended:
                _hang_up(self._line)


def _hang_up(line: socket) -> None:
    """Drop unsent data, so that closing does not wait for a client that reads nothing."""
    with suppress(OSError):  # the client may have disconnected before
        line.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Aside:
    """A changing value that a stream sends besides the events of the conversation.

    `known` is the value that the client has. When `read` returns another text, the stream sends
    this text as an event named `name`.
    """

    name: str
    known: str
    read: Callable[[UUID], str]


def frames(  # noqa: PLR0913 - each keyword filters or limits the result
    app: Flask,
    listener: Credential,
    session_id: UUID,
    *,
    after_seq: int,
    turn_id: str | None,
    aside: Aside | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    total_s: float = TOTAL_S,
) -> Generator[bytes, None, None]:
    """Yield a conversation's events after `after_seq` as server-sent events.

    `after_seq` is the number of an event. With `turn_id` the stream ends with this turn. In any
    case the stream ends after `total_s` seconds, or when the listener loses access.
    """
    notices = cast("NotifyListener", app.extensions["voyagent.listener"])
    end, known = time.monotonic() + total_s, aside.known if aside is not None else ""
    with notices.waiting_for(topic(session_id)) as bell:
        yield OPENING
        sent_at = time.monotonic()
        while not notices.is_closed and time.monotonic() < end:
            bell.clear()
            batch, active, mark = _read(app, listener, session_id, after_seq, turn_id, aside)
            events, is_last = _until_final(batch, turn_id)
            yield from _blocks(frame(event) for event in events)
            if is_last:
                return
            if batch:
                after_seq, sent_at = batch[-1]["seq"], time.monotonic()
                continue
            if not active:
                return
            if aside is not None and mark != known:
                known, sent_at = mark, time.monotonic()
                yield f"event: {aside.name}\ndata: {mark}\n\n".encode()
            # A listener that polls sets the event often, also if nothing has happened.
            bell.wait(max(min(sent_at + heartbeat_s, end) - time.monotonic(), 0))
            if time.monotonic() >= sent_at + heartbeat_s:
                sent_at = time.monotonic()
                yield HEARTBEAT


def _until_final(batch: list[Row], turn_id: str | None) -> tuple[list[Row], bool]:
    """Return the events up to the turn's `final`, and whether it is among them."""
    for number, event in enumerate(batch, start=1):
        if event["kind"] == "final" and event["turn_id"] == turn_id:
            return batch[:number], True
    return batch, False


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield frames joined to larger blocks, because each block costs a system call."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def frame(event: Row) -> bytes:
    """Return an event as a server-sent event."""
    return f"id: {event['seq']}\nevent: agent_event\ndata: {event['data']}\n\n".encode()


def _read(
    app: Flask,
    listener: Credential,
    session_id: UUID,
    after_seq: int,
    turn_id: str | None,
    aside: Aside | None,
) -> tuple[list[Row], bool, str]:
    """Return the new events, True if more can follow, and the value of `aside`."""
    with app.app_context(), transaction():
        try:
            authenticate(listener).require("chat.read")
        except (Unauthorized, Forbidden):
            return [], False, ""
        read = turns.tail(session_id, after_seq, turn_id=turn_id, limit=BATCH)
        mark = aside.read(session_id) if aside is not None and not read.events else ""
        return read.events, read.is_open, mark
