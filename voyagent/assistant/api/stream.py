"""Event stream that answers a message."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import asdict
from socket import socket
from typing import cast
from uuid import UUID

from flask import Flask, Response, current_app, request

from voyagent.approvals import queries as approvals
from voyagent.assistant.api.event_stream import (
    HEARTBEAT,
    HEARTBEAT_S,
    OPENING,
    Aside,
    Stream,
    frames,
)
from voyagent.assistant.queries import turn_context
from voyagent.assistant.service.messages import Reply
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import topic
from voyagent.http.client import client_network
from voyagent.http.idempotency import EventStreamResponse
from voyagent.kernel.actor import Actor, Credential
from voyagent.kernel.db import transaction
from voyagent.kernel.events import NotifyListener

MIMETYPE = "text/event-stream; charset=utf-8"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
AWAIT_S = 120.0
LOOK_S = 1.0
NO_TURN = (  # a reserved id that no stored turn has: only stored events are sent
    "replay"
)


class Replying(Stream):
    """Response body with the events that answer a message.

    The stream is counted as open as soon as it is created.
    """

    def __init__(self, app: Flask, actor: Actor, session_id: UUID, reply: Reply) -> None:
        turn_id = reply.turn_id or NO_TURN
        super().__init__(
            app,
            listener=actor.credential,
            session_id=session_id,
            after_seq=reply.after_seq,
            turn_id=turn_id,
            line=line(),
            network=client_network(),
        )
        if reply.awaits:
            self._frames = _awaiting(app, actor.credential, session_id, reply)


def answer(stream: Stream) -> Response:
    """Return a response with a stream.

    The stream is sent after the transaction has committed.
    """
    response = Response(stream, content_type=MIMETYPE)
    response.headers.update(HEADERS)
    return response


def reply_to(actor: Actor, session_id: UUID, reply: Reply) -> EventStreamResponse:
    """Return a response with the event stream that answers a message.

    The response stores `reply`, so that a repeated request can follow the same events. Raises
    TooManyStreams, StreamsFull.
    """
    response = EventStreamResponse(
        Replying(application(), actor, session_id, reply),
        place=asdict(reply),
        content_type=MIMETYPE,
    )
    response.headers.update(HEADERS)
    return response


def _awaiting(
    app: Flask, listener: Credential, session_id: UUID, reply: Reply
) -> Generator[bytes, None, None]:
    notices = cast("NotifyListener", app.extensions["voyagent.listener"])
    end, quiet_since = time.monotonic() + AWAIT_S, time.monotonic()
    yield OPENING
    with notices.waiting_for(topic(session_id)) as bell:
        turn_id, complete = None, False
        while not complete and not notices.is_closed and time.monotonic() < end:
            bell.clear()
            turn_id, complete = _continuation(app, listener.tenant_id, reply.awaits)
            if (
                not complete
                and not bell.wait(LOOK_S)
                and time.monotonic() - quiet_since > HEARTBEAT_S
            ):
                quiet_since = time.monotonic()
                yield HEARTBEAT
    yield from frames(
        app,
        listener,
        session_id,
        after_seq=reply.after_seq,
        turn_id=turn_id or reply.turn_id or NO_TURN,
    )


def _continuation(
    app: Flask, tenant_id: UUID, approval_ids: Sequence[str]
) -> tuple[str | None, bool]:
    """Return the id of the newest turn after decisions, and True if it is the last.

    The turns are those that continue after the decisions; the id is None if there is none. The
    second value is True if no approved act still waits to run. `approval_ids` are the decided
    proposals.
    """
    with app.app_context(), transaction(tenant_id):
        # An act creates its turn in the same transaction: read the proposals before the turns.
        rows = [approvals.find_approval(approval_id) for approval_id in approval_ids]
        complete = all(row is None or row.effect_status != "waiting" for row in rows)
        begun = [turn for turn in map(chats.find_continuation, approval_ids) if turn is not None]
        newest = max(begun, key=lambda turn: turn.created_at, default=None)
        return (newest.id if newest is not None else None), complete


def following(
    actor: Actor, session_id: UUID, after_seq: int, *, asked: str | None = None
) -> Stream:
    """Return the stream of all events of a conversation after `after_seq`.

    `after_seq` is the number of an event. `asked` is the value of `turn_context.change_mark` that
    the page has. Whenever this value changes, the stream sends `event: asked`.

    Raises TooManyStreams, StreamsFull.
    """
    aside = None if asked is None else Aside("asked", asked, turn_context.change_mark)
    return Stream(
        application(),
        listener=actor.credential,
        session_id=session_id,
        after_seq=after_seq,
        turn_id=None,
        aside=aside,
        line=line(),
        network=client_network(),
    )


def line() -> socket | None:
    """Return the socket of the request, or None if the server provides none."""
    return cast("socket | None", request.environ.get("gunicorn.socket"))


def application() -> Flask:
    """Return the application object, for a stream that continues after the request."""
    return cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's documented way
