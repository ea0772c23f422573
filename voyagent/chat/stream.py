"""Streams of a conversation's events: they tail the table, wait at the listener without a
connection, and are bounded in number and in time.

Whoever listens is proved at each look, so that a stream tells nothing more once she is signed out,
removed or suspended, or her key has ended.
"""

from __future__ import annotations

import struct
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, SO_LINGER, SO_SNDBUF, SOL_SOCKET, socket
from threading import Lock
from typing import cast
from uuid import UUID

from flask import Flask

from voyagent.chat import queries
from voyagent.chat.service import topic
from voyagent.http.guards import enter
from voyagent.kernel.actor import Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import (
    N_,
    Forbidden,
    NotFound,
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
OPENING = b": open\n\n"
HEARTBEAT = b"event: heartbeat\ndata:\n\n"


class StreamsFull(Unavailable):
    """The process holds as many streams as it may; ask again, or read the conversation without one."""

    code = "streams_full"
    message = N_("Too many conversations are open right now. Try again in a moment.")


class TooManyStreams(TooManyRequests):
    """One person follows as many conversations at once as she may."""

    message = N_("You have too many conversations open. Close one first.")
    retry_after_s = 5


class Seats:
    """How many streams this process holds, in all and for each person."""

    def __init__(self, streams_max: int, per_person_max: int = PER_PERSON_MAX) -> None:
        self._max = streams_max
        self._per_person_max = per_person_max
        self._taken: Counter[UUID | None] = Counter()
        self._lock = Lock()

    @property
    def taken(self) -> int:
        """Streams that are open now."""
        with self._lock:
            return self._taken.total()

    def take(self, user_id: UUID | None) -> None:
        """Sit down. Raises TooManyStreams for the person, StreamsFull for the process."""
        with self._lock:
            if self._taken[user_id] >= self._per_person_max:
                raise TooManyStreams
            if self._taken.total() >= self._max:
                raise StreamsFull
            self._taken[user_id] += 1

    def leave(self, user_id: UUID | None) -> None:
        """Stand up."""
        with self._lock:
            self._taken[user_id] -= 1
            if self._taken[user_id] <= 0:
                del self._taken[user_id]


def seats(app: Flask) -> Seats:
    """The seats of this process."""
    settings = cast("Settings", app.extensions["voyagent.settings"])
    return cast("Seats", app.extensions.setdefault("voyagent.streams", Seats(settings.streams_max)))


@contextmanager
def seat(app: Flask, user_id: UUID | None) -> Iterator[None]:
    """Hold a seat for the life of a stream.

    Raises TooManyStreams (429) or StreamsFull (503), both with a time to come back.
    """
    house = seats(app)
    house.take(user_id)
    try:
        yield
    finally:
        house.leave(user_id)


class Stream:
    """The body of a streamed answer: takes its seat when made, so that a refusal is plain JSON, and
    gives it back when closed, read or not.

    With the server's socket as its `line` no more than a little waits to be sent, and whoever takes
    nothing for twenty seconds is hung up on.
    """

    def __init__(
        self,
        app: Flask,
        *,
        listener: Credential,
        session_id: UUID,
        after_seq: int,
        turn_id: str | None,
        aside: Aside | None = None,
        line: socket | None = None,
    ) -> None:
        self._seats = seats(app)
        self._user_id = listener.user_id
        self._seats.take(self._user_id)
        self._seated = True
        self._frames = frames(
            app, listener, session_id, after_seq=after_seq, turn_id=turn_id, aside=aside
        )
        self._line, self._begun, self._ended = line, False, False
        if line is not None:
            line.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES)
            line.settimeout(TAKES_NOTHING_S)

    def __iter__(self) -> Iterator[bytes]:
        """The frames."""
        return self

    def __next__(self) -> bytes:
        """The next bytes; at the end the seat is free."""
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
        """Stop, whenever; the server calls this when the client has gone."""
        self._frames.close()
        if self._seated:
            self._seated = False
            self._seats.leave(self._user_id)
            if self._line is not None and self._begun and not self._ended:
                _hang_up(self._line)


def _hang_up(line: socket) -> None:
    """Drop what could not be sent, so that neither the system nor the server waits for somebody who
    takes nothing.
    """
    with suppress(OSError):  # the other end may have hung up before
        line.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Aside:
    """What changes without being an event of the conversation: told as `name` with a mark, whenever
    `look` gives another one than was `known`.
    """

    name: str
    known: str
    look: Callable[[UUID], str]


def frames(  # noqa: PLR0913 - each narrows or bounds what is told
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
    """Server-sent events of a conversation behind a number, as they come, byte for byte as they are
    stored.

    With a turn it ends after that turn's `final` (or once the turn has ended and nothing is left to
    tell); without, it follows the conversation until the total time is over, or the listener may
    not hear it any more. After 15 silent seconds comes a heartbeat. No connection is held while it
    waits.
    """
    notices = cast("NotifyListener", app.extensions["voyagent.listener"])
    end, known = time.monotonic() + total_s, aside.known if aside is not None else ""
    with notices.waiting_for(topic(session_id)) as bell:
        yield OPENING
        while not notices.is_closed and time.monotonic() < end:
            bell.clear()
            batch, active, mark = _read(app, listener, session_id, after_seq, turn_id, aside)
            told, is_last = _until_final(batch, turn_id)
            yield from _blocks(frame(event) for event in told)
            if is_last:
                return
            if batch:
                after_seq = batch[-1]["seq"]
                continue
            if not active:
                return
            if aside is not None and mark != known:
                known = mark
                yield f"event: {aside.name}\ndata: {mark}\n\n".encode()
            if not bell.wait(min(heartbeat_s, max(end - time.monotonic(), 0))):
                yield HEARTBEAT


def _until_final(batch: list[Row], turn_id: str | None) -> tuple[list[Row], bool]:
    """The events up to and with the turn's `final`, and whether it is among them."""
    for number, event in enumerate(batch, start=1):
        if event["kind"] == "final" and event["turn_id"] == turn_id:
            return batch[:number], True
    return batch, False


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in few pieces: each one sent is a call of the system, and a long conversation
    is read anew by everybody who comes back to it.
    """
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def frame(event: Row) -> bytes:
    """One event on the wire."""
    return f"id: {event['seq']}\nevent: agent_event\ndata: {event['data']}\n\n".encode()


def _read(
    app: Flask,
    listener: Credential,
    session_id: UUID,
    after_seq: int,
    turn_id: str | None,
    aside: Aside | None,
) -> tuple[list[Row], bool, str]:
    """What is new, whether more can come, and the mark of what stands beside it, once nothing is
    new.

    The state is read first, so a `final` that came with the end is never missed.
    """
    with app.app_context(), transaction():
        try:
            enter(listener).require("chat.read")
        except (Unauthorized, Forbidden):
            return [], False, ""
        try:
            active = (
                queries.get_turn(turn_id).is_active
                if turn_id is not None
                else queries.exists(session_id)
            )
        except NotFound:
            active = False
        batch = queries.events_after(session_id, after_seq, limit=BATCH)
        return batch, active, aside.look(session_id) if aside is not None and not batch else ""
