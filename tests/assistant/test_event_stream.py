"""Streams: equal bytes at each reading, their end, and their limits."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import takewhile

import pytest
from flask import Flask

from tests.identity.keys import make_key
from tests.people import Person
from voyagent.assistant.api import event_stream
from voyagent.chat.queries import sessions
from voyagent.chat.service import conversations, turns
from voyagent.identity.service import agencies, keys, team
from voyagent.kernel import events
from voyagent.kernel.actor import Credential
from voyagent.kernel.db import db
from voyagent.kernel.events import NotifyListener
from voyagent.kernel.ids import new_id


@pytest.fixture
def turn(alice: Person) -> sessions.Turn:
    with alice.acting() as actor:
        session_id = conversations.create_session(actor).id
    return alice.does(turns.start_turn, session_id, message="Who owes us?")


def append_events(person: Person, turn: sessions.Turn, *words: str, final: bool = False) -> None:
    with person.acting():
        for word in words:
            turns.append_event(turn, "text_delta", text=word)
        if final:
            turns.append_event(turn, "final")
            turns.mark_finished(turn, "done")


def follow(
    person: Person,
    turn: sessions.Turn,
    *,
    after_seq: int = 0,
    to: str | None = None,
    **bounds: float,
) -> Iterator[bytes]:
    """Yield the frames of a turn, independent of the chunks."""
    for piece in event_stream.frames(
        person.app, person.credential, turn.session_id, after_seq=after_seq, turn_id=to, **bounds
    ):
        assert piece.endswith(b"\n\n"), "no frame is cut in two"
        yield from (frame + b"\n\n" for frame in piece.split(b"\n\n")[:-1])


def ids(chunks: list[bytes]) -> list[int]:
    return [int(number) for number in re.findall(rb"^id: (\d+)$", b"".join(chunks), re.MULTILINE)]


def test_a_frame_has_the_format_of_the_contract(alice: Person, turn: sessions.Turn) -> None:
    append_events(alice, turn, "Deepa owes ₹ 2,85,721.", final=True)
    with alice.acting():
        stored = sessions.events_after(turn.session_id, 0)
    chunks = list(follow(alice, turn, to=turn.id))
    assert chunks[0].startswith(b":")
    assert chunks[1] == f"id: 1\nevent: agent_event\ndata: {stored[0]['data']}\n\n".encode()
    assert b"\r" not in b"".join(chunks)


def test_a_replay_has_the_same_bytes_and_starts_after_the_number(
    alice: Person, turn: sessions.Turn
) -> None:
    append_events(alice, turn, "a", "b", "c", final=True)
    first, second = (list(follow(alice, turn, to=turn.id)) for _ in range(2))
    assert first == second
    assert ids(first) == [1, 2, 3, 4]
    assert list(follow(alice, turn, after_seq=2, to=turn.id)) == [first[0], *first[3:]]
    assert ids(list(follow(alice, turn, after_seq=4, to=turn.id))) == []


def test_a_stream_sends_new_events_and_ends_with_the_final(
    alice: Person, turn: sessions.Turn
) -> None:
    heard: list[bytes] = []
    listener = threading.Thread(target=lambda: heard.extend(follow(alice, turn, to=turn.id)))
    listener.start()
    for word in ("one", "two"):
        time.sleep(0.1)
        append_events(alice, turn, word)
    append_events(alice, turn, final=True)
    listener.join(timeout=5)
    assert not listener.is_alive()
    assert ids(heard) == [1, 2, 3]


def test_a_stream_ends_at_the_final_of_its_own_turn(alice: Person, turn: sessions.Turn) -> None:
    append_events(alice, turn, "first", final=True)
    later = alice.does(turns.start_turn, turn.session_id, message="and now?")
    append_events(alice, later, "second", final=True)
    assert ids(list(follow(alice, turn, to=later.id))) == [1, 2, 3, 4]
    assert ids(list(follow(alice, turn, to=turn.id))) == [1, 2]


def test_a_turn_that_ended_without_a_final_ends_the_stream(
    alice: Person, turn: sessions.Turn
) -> None:
    append_events(alice, turn, "half a sen")
    alice.does(lambda _actor: turns.mark_finished(turn, "failed"))
    assert ids(list(follow(alice, turn, to=turn.id, total_s=5))) == [1]


def test_heartbeats_are_sent_until_the_time_limit(alice: Person, turn: sessions.Turn) -> None:
    chunks = list(follow(alice, turn, to=turn.id, heartbeat_s=0.05, total_s=1.0))
    assert b"event: heartbeat\ndata:\n\n" in chunks
    assert ids(chunks) == []


def test_heartbeats_are_sent_while_the_listener_polls(
    alice: Person, turn: sessions.Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "is_notified", lambda _settings: False)
    settings = alice.app.extensions["voyagent.settings"]
    listener = NotifyListener(settings)
    monkeypatch.setitem(alice.app.extensions, "voyagent.listener", listener)
    chunks = list(follow(alice, turn, to=turn.id, heartbeat_s=2 * events.POLL_S, total_s=2.5))
    listener.close()
    assert chunks.count(event_stream.HEARTBEAT) == 2


def test_a_stream_without_a_turn_ends_when_the_conversation_is_deleted(
    alice: Person, turn: sessions.Turn
) -> None:
    append_events(alice, turn, "a", final=True)
    chunks = list(
        takewhile(
            lambda chunk: chunk != event_stream.HEARTBEAT, follow(alice, turn, heartbeat_s=0.05)
        )
    )
    assert ids(chunks) == [1, 2]
    alice.does(conversations.delete, turn.session_id)
    assert event_stream.HEARTBEAT not in list(follow(alice, turn, after_seq=2, total_s=5))


def test_a_deletion_ends_a_waiting_stream_before_its_heartbeat(
    alice: Person, turn: sessions.Turn
) -> None:
    append_events(alice, turn, "a", final=True)
    heard: list[bytes] = []
    listener = threading.Thread(
        target=lambda: heard.extend(follow(alice, turn, after_seq=2, heartbeat_s=10, total_s=10))
    )
    listener.start()
    time.sleep(0.5)
    alice.does(conversations.delete, turn.session_id)
    listener.join(timeout=5)
    assert not listener.is_alive()
    assert heard == [event_stream.OPENING]


def test_a_long_replay_comes_in_batches_without_a_gap(
    alice: Person, turn: sessions.Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "BATCH", 2)
    append_events(alice, turn, *"abcde", final=True)
    assert ids(list(follow(alice, turn, to=turn.id))) == [1, 2, 3, 4, 5, 6]


def test_stored_events_are_sent_in_few_blocks_of_whole_frames(
    alice: Person, turn: sessions.Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_events(alice, turn, *"abcdefgh", final=True)
    pieces = list(
        event_stream.frames(
            alice.app, alice.credential, turn.session_id, after_seq=0, turn_id=turn.id
        )
    )
    assert len(pieces) == 2, "the opening, and all the rest"
    monkeypatch.setattr(event_stream, "BLOCK_BYTES", len(pieces[1]) // 3)
    smaller = list(
        event_stream.frames(
            alice.app, alice.credential, turn.session_id, after_seq=0, turn_id=turn.id
        )
    )
    assert 3 <= len(smaller) <= 4
    assert all(piece.endswith(b"\n\n") for piece in smaller)
    assert b"".join(smaller) == b"".join(pieces)


def test_another_agency_receives_nothing(
    alice: Person, charlie: Person, turn: sessions.Turn
) -> None:
    append_events(alice, turn, "secret", final=True)
    assert list(follow(charlie, turn, to=turn.id)) == [event_stream.OPENING]


def end_by(what: str, alice: Person, bob: Person) -> None:
    rules = alice.app.extensions["voyagent.identity"]
    match what:
        case "sign-out":
            assert bob.api.post("/auth/sign-out").status_code == 204
        case "sign-out everywhere":
            assert bob.api.delete("/auth/sessions").status_code == 204
        case "removal":
            alice.does(lambda actor: team.remove_person(rules, actor, bob.credential.user_id))
        case "suspension":
            alice.does(lambda actor: agencies.suspend_agency(actor.tenant_id))


@pytest.mark.parametrize("what", ["sign-out", "sign-out everywhere", "removal", "suspension"])
def test_a_listener_who_loses_access_receives_nothing_more(
    alice: Person, bob: Person, turn: sessions.Turn, what: str
) -> None:
    """Events sent before remain sent; the stream ends before the next one."""
    heard = follow(bob, turn, to=turn.id, heartbeat_s=10, total_s=5)
    append_events(alice, turn, "before")
    assert ids([next(heard), next(heard)]) == [1]
    end_by(what, alice, bob)
    append_events(alice, turn, "after")
    assert list(heard) == []


def test_a_revoked_key_or_a_key_of_another_scope_receives_nothing(
    alice: Person, bob: Person, turn: sessions.Turn
) -> None:
    append_events(alice, turn, "before")
    for scopes, may_hear in ((("assistant",), True), (("reports",), False)):
        key_id, text = make_key(bob, scopes=scopes)
        with alice.app.test_request_context():
            listener = alice.app.extensions["voyagent.auth_adapter"].authenticate(text)
        heard = event_stream.frames(
            alice.app,
            listener,
            turn.session_id,
            after_seq=0,
            turn_id=turn.id,
            heartbeat_s=10,
            total_s=5,
        )
        assert next(heard) == event_stream.OPENING
        if may_hear:
            assert ids([next(heard)]) == [1]
            bob.does(keys.revoke_key, key_id)
            append_events(alice, turn, "after")
        assert list(heard) == []


def test_the_stream_of_a_removed_person_ends_with_the_next_heartbeat(
    alice: Person, bob: Person, turn: sessions.Turn
) -> None:
    heard = follow(bob, turn, heartbeat_s=0.05, total_s=5)
    assert [next(heard), next(heard)] == [event_stream.OPENING, event_stream.HEARTBEAT]
    end_by("removal", alice, bob)
    assert list(heard) == []


def test_a_waiting_stream_uses_no_database_connection(
    app: Flask, alice: Person, turn: sessions.Turn
) -> None:
    with app.app_context():
        pool = db.engine.pool
    before = pool.checkedout()  # type: ignore[attr-defined]
    listeners = [
        threading.Thread(
            target=lambda: list(follow(alice, turn, to=turn.id, heartbeat_s=10, total_s=1.0))
        )
        for _ in range(12)
    ]
    for listener in listeners:
        listener.start()
    time.sleep(0.5)
    assert pool.checkedout() == before  # type: ignore[attr-defined]
    for listener in listeners:
        listener.join(timeout=5)


def test_streams_end_when_the_process_goes_down(
    app: Flask, alice: Person, turn: sessions.Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = NotifyListener(app.extensions["voyagent.settings"])
    monkeypatch.setitem(app.extensions, "voyagent.listener", listener)
    heard: list[bytes] = []
    follower = threading.Thread(target=lambda: heard.extend(follow(alice, turn, to=turn.id)))
    follower.start()
    time.sleep(0.2)
    listener.close()
    follower.join(timeout=2)
    assert not follower.is_alive()
    assert ids(heard) == []


# --- seats ---


def somebody(turn: sessions.Turn) -> Credential:
    """Return a stream that counts against the limit and is not read."""
    return Credential(turn.tenant_id, new_id(), None)


def open_stream(
    app: Flask, listener: Credential, turn: sessions.Turn, line: socket.socket | None = None
) -> event_stream.Stream:
    return event_stream.Stream(
        app, listener=listener, session_id=turn.session_id, after_seq=0, turn_id=turn.id, line=line
    )


@pytest.fixture
def seats(app: Flask, monkeypatch: pytest.MonkeyPatch) -> event_stream.Seats:
    seats = event_stream.Seats(streams_max=3, per_person_max=2, share_max=3)
    monkeypatch.setitem(app.extensions, "voyagent.streams", seats)
    return seats


def test_streams_are_limited_per_person_and_per_process(
    app: Flask, seats: event_stream.Seats, turn: sessions.Turn
) -> None:
    neha, ravi, joseph = somebody(turn), somebody(turn), somebody(turn)
    opened = [open_stream(app, neha, turn), open_stream(app, neha, turn)]
    with pytest.raises(event_stream.TooManyStreams) as refused:
        open_stream(app, neha, turn)
    assert refused.value.retry_after_s > 0
    opened.append(open_stream(app, ravi, turn))
    with pytest.raises(event_stream.StreamsFull) as full:
        open_stream(app, joseph, turn)
    assert full.value.retry_after_s > 0
    opened[0].close()
    opened[0].close()
    assert seats.taken == 2
    opened.append(open_stream(app, joseph, turn))
    for one in opened:
        one.close()
    assert seats.taken == 0


@pytest.mark.parametrize("shared", ["agency", "network"])
def test_an_agency_and_a_network_have_a_quarter_of_the_streams(shared: str) -> None:
    seats = event_stream.Seats(200)
    agency = new_id()

    def sitter(number: int) -> event_stream.Sitter:
        return (
            event_stream.Sitter(new_id(), agency, f"192.0.2.{number}")
            if shared == "agency"
            else event_stream.Sitter(new_id(), new_id(), "2001:db8::/64")
        )

    taken = [sitter(number) for number in range(50)]
    for one in taken:
        seats.take(one)
    with pytest.raises(event_stream.StreamsFull):
        seats.take(sitter(50))
    seats.take(event_stream.Sitter(new_id(), new_id(), "198.51.100.1"))
    seats.leave(taken[0])
    seats.take(sitter(50))


def test_people_without_a_stream_find_a_seat_when_others_have_many() -> None:
    seats = event_stream.Seats(200)
    opened = []
    for _ in range(13):
        user_id, tenant_id = new_id(), new_id()
        for number in range(16):
            one = event_stream.Sitter(user_id, tenant_id, f"192.0.2.{number}")
            with suppress(event_stream.StreamsFull):
                seats.take(one)
                opened.append(one)
    assert len(opened) < 200
    seats.take(event_stream.Sitter(new_id(), new_id(), "198.51.100.1"))
    for one in opened:
        seats.leave(one)
    assert seats.taken == 1


def test_a_finished_or_unread_stream_is_removed_from_the_count(
    app: Flask, seats: event_stream.Seats, alice: Person, turn: sessions.Turn
) -> None:
    append_events(alice, turn, "a", final=True)
    assert ids(list(open_stream(app, alice.credential, turn))) == [1, 2]
    assert seats.taken == 0
    begun = open_stream(app, somebody(turn), turn)
    next(begun)
    begun.close()
    open_stream(app, somebody(turn), turn).close()
    assert seats.taken == 0


def test_the_limit_of_the_process_comes_from_the_settings(app: Flask) -> None:
    assert event_stream.seats(app) is event_stream.seats(app)
    assert event_stream.seats(app)._max == app.extensions["voyagent.settings"].streams_max  # noqa: SLF001 - there is no other way to see it


# --- lines ---


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a connection: the server's and the client's."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()[:2]) as client,
        listening.accept()[0] as server,
    ):
        client.settimeout(5)
        yield server, client


def test_a_client_that_does_not_read_is_disconnected(
    app: Flask, alice: Person, turn: sessions.Turn, ends: tuple[socket.socket, socket.socket]
) -> None:
    """The server's write fails after its timeout.

    The connection is closed and the rest is dropped.
    """
    server, client = ends
    append_events(alice, turn, "a")
    heard = open_stream(app, alice.credential, turn, server)
    assert server.gettimeout() == event_stream.TAKES_NOTHING_S
    next(heard)
    server.settimeout(0.1)
    with pytest.raises(TimeoutError):
        server.sendall(b"x" * 20_000_000)
    heard.close()
    server.close()
    with pytest.raises(ConnectionResetError):
        while client.recv(1_000_000):
            pass


def test_a_connection_whose_stream_ended_or_never_began_stays_open(
    app: Flask, alice: Person, turn: sessions.Turn, ends: tuple[socket.socket, socket.socket]
) -> None:
    server, client = ends
    append_events(alice, turn, "a", final=True)
    open_stream(app, alice.credential, turn, server).close()
    assert ids(list(open_stream(app, alice.credential, turn, server))) == [1, 2]
    server.sendall(b"next")
    assert client.recv(4) == b"next"
