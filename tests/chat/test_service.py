"""Rules of conversations: permissions, counts, one turn at a time, deletion."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import voyagent.chat.tasks  # noqa: F401 - the worker must know the task
from tests.chat.parallel import at_once
from tests.people import Person
from voyagent.chat.queries import sessions
from voyagent.chat.service import conversations, turns
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.pages import InvalidCursor

BLOCKS = [{"type": "text", "text": "Two to Dubai in March"}]


@pytest.fixture
def session_id(alice: Person) -> UUID:
    return begun(alice)


def begun(person: Person, title: str | None = None) -> UUID:
    with person.acting() as actor:
        return conversations.create_session(actor, title=title).id


def title_of(person: Person, session_id: UUID) -> str | None:
    with person.acting():
        return sessions.get_session(session_id).title


def column(engine: sa.Engine, sql: str, **values: Any) -> Any:
    with engine.connect() as connection:
        return connection.scalar(sa.text(sql), values)


def kinds(engine: sa.Engine, person: Person) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.scalars(
                sa.text("select kind from audit_events where tenant_id = :t order by seq"),
                {"t": person.actor.tenant_id},
            )
        )


# --- sessions ---


def test_a_new_conversation_belongs_to_the_agency_and_leaves_an_event(
    alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    with alice.acting() as actor:
        made = conversations.create_session(actor, title="  Krishnan family ")
        assert (made.title, made.created_by_user_id, made.message_count) == (
            "Krishnan family",
            actor.user_id,
            0,
        )
        assert made.created_at.tzinfo is not None
        session_id = made.id
    with bob.acting():
        assert sessions.exists(session_id)
    assert kinds(owner_engine, alice)[-1] == "chat.created"


def test_a_viewer_cannot_write(victor: Person, session_id: UUID) -> None:
    acts: list[Callable[[Any], Any]] = [
        conversations.create_session,
        lambda actor: conversations.append_message(actor, session_id, role="user", blocks=BLOCKS),
        lambda actor: conversations.rename(actor, session_id, "x"),
        lambda actor: conversations.delete(actor, session_id),
        lambda actor: conversations.restore(actor, session_id),
        lambda actor: turns.start_turn(actor, session_id, message="hello"),
        lambda actor: turns.request_stop(actor, session_id),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            victor.does(act)


def test_a_conversation_of_another_agency_is_not_found(charlie: Person, session_id: UUID) -> None:
    acts: list[Callable[[Any], Any]] = [
        lambda actor: conversations.append_message(actor, session_id, role="user", blocks=BLOCKS),
        lambda actor: conversations.rename(actor, session_id, "x"),
        lambda actor: conversations.delete(actor, session_id),
        lambda actor: conversations.restore(actor, session_id),
        lambda actor: turns.start_turn(actor, session_id, message="hello"),
        lambda actor: turns.request_stop(actor, session_id),
        lambda _actor: sessions.get_session(session_id),
        lambda _actor: sessions.last_seq(session_id),
    ]
    for act in acts:
        with pytest.raises(sessions.SessionNotFound):
            charlie.does(act)
    with charlie.acting():
        assert not sessions.exists(session_id)
        assert sessions.newest_turn(session_id) is None
        assert sessions.events_after(session_id, 0) == []
    with charlie.reading() as reader:
        assert sessions.messages(reader, session_id) == []
        assert sessions.list_sessions(reader) == ([], None)


def test_an_unknown_conversation_is_404(alice: Person) -> None:
    with pytest.raises(sessions.SessionNotFound):
        alice.does(conversations.rename, new_id(), "x")


def test_renaming_trims_and_refuses_blank_and_long_names(alice: Person, session_id: UUID) -> None:
    alice.does(conversations.rename, session_id, " Goa \n")
    assert title_of(alice, session_id) == "Goa"
    with pytest.raises(conversations.TitleEmpty):
        alice.does(conversations.rename, session_id, "  \t")
    with pytest.raises(conversations.TitleTooLong):
        alice.does(conversations.rename, session_id, "x" * 201)
    alice.does(conversations.rename, session_id, "x" * 200)
    assert title_of(alice, session_id) == "x" * 200


def test_renaming_to_the_same_name_records_no_event(
    alice: Person, session_id: UUID, owner_engine: sa.Engine
) -> None:
    alice.does(conversations.rename, session_id, "Goa")
    alice.does(conversations.rename, session_id, "Goa")
    assert kinds(owner_engine, alice).count("chat.renamed") == 1


def test_the_list_is_newest_first_with_counts_and_pages_by_cursor(alice: Person) -> None:
    made = [begun(alice, f"c{n}") for n in range(5)]
    alice.does(conversations.append_message, made[0], role="user", blocks=BLOCKS)
    with alice.reading() as reader:
        rows, cursor = sessions.list_sessions(reader, limit=3)
        rest, end = sessions.list_sessions(reader, limit=3, cursor=cursor)
        assert [row["id"] for row in rows + rest] == made[::-1]
        assert rest[-1]["message_count"] == 1
        assert end is None
        with pytest.raises(InvalidCursor):
            sessions.list_sessions(reader, cursor="nonsense")


def test_listing_needs_one_statement_for_any_number(alice: Person, statements: list[str]) -> None:
    for _ in range(4):
        alice.does(conversations.create_session)
    with alice.reading() as reader:
        statements.clear()
        sessions.list_sessions(reader)
    assert len([s for s in statements if "chat_" in s]) == 1
    assert "count(" not in statements[0]


# --- messages ---


def test_messages_are_numbered_from_one_and_counted(
    alice: Person, bob: Person, session_id: UUID
) -> None:
    alice.does(conversations.append_message, session_id, role="user", blocks=BLOCKS)
    bob.does(
        conversations.append_message,
        session_id,
        role="assistant",
        blocks=[{"type": "text", "text": "Noted."}],
    )
    with alice.reading() as reader:
        [session], messages = reader.read(
            sessions.session_statement(session_id), sessions.messages_statement(session_id)
        )
        assert [(m["sequence"], m["role"], m["created_by_user_id"]) for m in messages] == [
            (1, "user", alice.actor.user_id),
            (2, "assistant", None),
        ]
        assert session["message_count"] == 2
        assert sessions.messages(reader, session_id, after=1)[0]["blocks"] == [
            {"type": "text", "text": "Noted."}
        ]
        assert len(sessions.messages(reader, session_id, limit=1)) == 1


def test_parallel_messages_get_consecutive_numbers(alice: Person, session_id: UUID) -> None:
    at_once(
        [lambda: alice.does(conversations.append_message, session_id, role="user", blocks=BLOCKS)]
        * 12
    )
    with alice.reading() as reader:
        assert [m["sequence"] for m in sessions.messages(reader, session_id)] == list(range(1, 13))


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("  Two to Dubai  ", "Two to Dubai"),
        ("x" * 70, "x" * 60),
        ("a" * 59 + "  b", "a" * 59 + " "),
    ],
)
def test_the_first_words_of_a_person_name_the_conversation(
    alice: Person, session_id: UUID, words: str, title: str
) -> None:
    alice.does(
        conversations.append_message,
        session_id,
        role="assistant",
        blocks=[{"type": "text", "text": "Hello, how can I help?"}],
    )
    alice.does(
        conversations.append_message,
        session_id,
        role="user",
        blocks=[{"type": "text", "text": "   "}],
    )
    alice.does(
        conversations.append_message,
        session_id,
        role="user",
        blocks=[{"type": "text", "text": words}],
    )
    alice.does(
        conversations.append_message,
        session_id,
        role="user",
        blocks=[{"type": "text", "text": "later"}],
    )
    assert title_of(alice, session_id) == title


def test_a_given_name_is_kept(alice: Person) -> None:
    made = begun(alice, "Krishnan")
    alice.does(conversations.append_message, made, role="user", blocks=BLOCKS)
    assert title_of(alice, made) == "Krishnan"


def test_a_message_cannot_refer_to_another_agency(
    charlie: Person, session_id: UUID, app_engine: sa.Engine
) -> None:
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match="fk_chat_messages_session"),
    ):
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"),
            {"t": str(charlie.actor.tenant_id)},
        )
        connection.execute(
            sa.text(
                "insert into chat_messages (tenant_id, id, session_id, sequence, role, blocks)"
                " values (:t, :i, :s, 1, 'user', '[]')"
            ),
            {"t": charlie.actor.tenant_id, "i": new_id(), "s": session_id},
        )


# --- turns ---


def test_a_turn_stores_the_message_and_queues_its_job(
    alice: Person, session_id: UUID, owner_engine: sa.Engine
) -> None:
    turn = alice.does(turns.start_turn, session_id, message="Who owes us?")
    assert turn.id.startswith("t-")
    assert len(turn.id) == 14
    assert (turn.kind, turn.status, turn.attempt, turn.message, turn.user_id) == (
        "message",
        "queued",
        0,
        "Who owes us?",
        alice.actor.user_id,
    )
    with alice.reading() as reader:
        [session], messages = reader.read(
            sessions.session_statement(session_id), sessions.messages_statement(session_id)
        )
        assert messages[0]["blocks"] == [{"type": "text", "text": "Who owes us?"}]
        assert messages[0]["turn_id"] == turn.id
        assert session["title"] == "Who owes us?"
    with owner_engine.connect() as connection:
        job = connection.execute(
            sa.text("select lock, args from procrastinate_jobs where args->>'turn_id' = :t"),
            {"t": turn.id},
        ).one()
    assert job.lock == str(session_id)
    assert job.args == {"tenant_id": str(alice.actor.tenant_id), "turn_id": turn.id}


def test_a_second_message_is_refused_during_a_turn(
    alice: Person, bob: Person, session_id: UUID
) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    with pytest.raises(turns.TurnInProgress):
        bob.does(turns.start_turn, session_id, message="two")
    with alice.acting():
        running = sessions.find_running_turn(session_id)
        assert running is not None
        assert (running.id, running.message) == (turn.id, "one")
        assert turns.mark_finished(turn, "done")
        assert sessions.find_running_turn(session_id) is None
    assert bob.does(turns.start_turn, session_id, message="two").message == "two"


def test_of_parallel_messages_one_starts_a_turn(alice: Person, session_id: UUID) -> None:
    results = at_once(
        [lambda n=n: alice.does(turns.start_turn, session_id, message=f"m{n}") for n in range(12)]
    )
    started = [r for r in results if isinstance(r, sessions.Turn)]
    assert len(started) == 1
    assert all(isinstance(r, turns.TurnInProgress) for r in results if r is not started[0])
    with alice.reading() as reader:
        assert len(sessions.messages(reader, session_id)) == 1


def test_the_database_refuses_a_second_running_turn(
    alice: Person, session_id: UUID, app_engine: sa.Engine
) -> None:
    alice.does(turns.start_turn, session_id, message="one")
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match="uq_chat_turns_active_message"),
    ):
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"), {"t": str(alice.actor.tenant_id)}
        )
        connection.execute(
            sa.text(
                "insert into chat_turns (tenant_id, id, session_id, number, user_id, kind) values"
                " (:t, 't-000000000000', :s, 9, :u, 'message')"
            ),
            {"t": alice.actor.tenant_id, "s": session_id, "u": alice.actor.user_id},
        )


def test_a_continuation_waits_for_the_running_turn_and_starts_once(
    alice: Person, session_id: UUID, owner_engine: sa.Engine
) -> None:
    running = alice.does(turns.start_turn, session_id, message="one")
    first = alice.does(turns.start_continuation, session_id, approval_id="ap-1")
    again = alice.does(turns.start_continuation, session_id, approval_id="ap-1")
    assert first is not None
    assert again is not None
    assert (first.id, first.kind, first.approval_id) == (again.id, "continuation", "ap-1")
    with alice.acting():
        found = sessions.find_running_turn(session_id)
        assert found is not None
        assert found.id == running.id
        newest = sessions.newest_turn(session_id)
        assert newest is not None
        assert newest.id == first.id
    assert (
        column(
            owner_engine,
            "select count(*) from procrastinate_jobs where lock = :s",
            s=str(session_id),
        )
        == 2
    )


def test_parallel_continuations_of_one_decision_are_one_turn(
    alice: Person, session_id: UUID
) -> None:
    results = at_once(
        [lambda: alice.does(turns.start_continuation, session_id, approval_id="ap-7")] * 8
    )
    assert len({turn.id for turn in results}) == 1


def test_a_worker_claims_or_takes_over_a_turn_and_an_ended_turn_is_refused(
    alice: Person, session_id: UUID
) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    with alice.acting():
        first = turns.begin_turn(turn.id)
    with alice.acting():
        second = turns.begin_turn(turn.id)
    assert first is not None
    assert second is not None
    assert [first.attempt, second.attempt, second.status] == [1, 2, "running"]
    with alice.acting():
        turns.record_step(second, 1, "planned", {"tool": "who_owes"})
        assert [(s.number, s.kind, s.outcome) for s in sessions.steps_of(turn.id)] == [
            (1, "planned", {"tool": "who_owes"})
        ]
        assert turns.mark_finished(second, "done")
        assert not turns.mark_finished(second, "failed")
        assert turns.begin_turn(turn.id) is None
        assert sessions.get_turn(turn.id).status == "done"


def test_a_worker_that_lost_its_turn_can_neither_write_nor_end_it(
    alice: Person, session_id: UUID
) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    with alice.acting():
        lost = turns.begin_turn(turn.id)
    with alice.acting():
        turns.begin_turn(turn.id)
    assert lost is not None
    with pytest.raises(turns.TurnTakenOver), alice.acting():
        turns.append_event(lost, "text_delta", text="ghost")
    with alice.acting():
        assert not turns.mark_finished(lost, "done")
        assert sessions.last_seq(session_id) == 0


def test_a_turn_ends_only_in_a_final_status(alice: Person, session_id: UUID) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    with pytest.raises(ValueError, match="running"), alice.acting():
        turns.mark_finished(turn, "running")


def test_a_stop_request_marks_the_running_turn(
    alice: Person, bob: Person, session_id: UUID
) -> None:
    assert not bob.does(turns.request_stop, session_id)
    turn = alice.does(turns.start_turn, session_id, message="one")
    with alice.acting():
        assert not turns.stop_requested(turn.id)
    assert bob.does(turns.request_stop, session_id)
    with alice.acting():
        assert turns.stop_requested(turn.id)


# --- events ---


def test_an_event_has_every_key_of_the_contract(alice: Person, session_id: UUID) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    with alice.acting():
        assert (
            turns.append_event(
                turn,
                "tool_use",
                tool_name="find_enquiries",
                tool_call_id="c1",
                tool_input={"q": "दुबई\n"},
            )
            == 1
        )
        stored = sessions.events_after(session_id, 0)[0]
    event = json.loads(stored["data"])
    assert list(event) == [
        "kind",
        "session_id",
        "turn_id",
        "timestamp",
        "text",
        "tool_name",
        "tool_input",
        "tool_output",
        "tool_call_id",
        "approval_id",
        "approval_summary",
        "error_message",
    ]
    assert event["tool_input"] == {"q": "दुबई\n"}
    assert (event["kind"], event["session_id"], event["turn_id"], event["text"]) == (
        "tool_use",
        str(session_id),
        turn.id,
        None,
    )
    assert "\n" not in stored["data"]
    assert event["timestamp"].endswith("Z")


def test_an_event_with_an_unknown_field_or_kind_is_refused(alice: Person, session_id: UUID) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    with pytest.raises(ValueError, match="colour"), alice.acting():
        turns.append_event(turn, "text_delta", colour="red")
    with pytest.raises(sa.exc.IntegrityError, match="ck_chat_events_kind"), alice.acting():
        turns.append_event(turn, "thinking", text="hm")


def test_a_turn_has_one_final(alice: Person, session_id: UUID) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    alice.does(lambda _actor: turns.append_event(turn, "final"))
    with pytest.raises(sa.exc.IntegrityError, match="uq_chat_events_final"), alice.acting():
        turns.append_event(turn, "final")
    with alice.acting():
        assert sessions.last_seq(session_id) == 1


def test_parallel_events_get_consecutive_numbers(alice: Person, session_id: UUID) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")

    def speak() -> list[int]:
        numbers = []
        for _ in range(5):
            with alice.acting():
                numbers.append(turns.append_event(turn, "text_delta", text="x"))
        return numbers

    numbers_of_all = [n for numbers in at_once([speak] * 8) for n in numbers]
    assert sorted(numbers_of_all) == list(range(1, 41))
    with alice.acting():
        assert [e["seq"] for e in sessions.events_after(session_id, 0)] == list(range(1, 41))
        assert sessions.get_turn(turn.id).first_event_seq == 1


def test_event_numbers_continue_over_turns(alice: Person, session_id: UUID) -> None:
    for n in range(2):
        turn = alice.does(turns.start_turn, session_id, message=f"m{n}")
        with alice.acting():
            turns.append_event(turn, "text_delta", text="x")
            turns.append_event(turn, "final")
            turns.mark_finished(turn, "done")
    with alice.acting():
        assert sessions.get_turn(turn.id).first_event_seq == 3
        assert sessions.last_seq(session_id) == 4
        assert [e["seq"] for e in sessions.events_after(session_id, 0, turn_id=turn.id)] == [3, 4]


def test_a_rolled_back_message_leaves_no_gap(alice: Person, session_id: UUID) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    with pytest.raises(RuntimeError), alice.acting():
        turns.append_event(turn, "text_delta", text="lost")
        raise RuntimeError
    with alice.acting():
        assert turns.append_event(turn, "text_delta", text="kept") == 1


# --- deletion ---


def test_a_deleted_conversation_is_hidden_at_once_and_its_turn_is_stopped(
    alice: Person, bob: Person, session_id: UUID, owner_engine: sa.Engine
) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    bob.does(conversations.delete, session_id)
    with alice.acting():
        assert not sessions.exists(session_id)
        assert turns.stop_requested(turn.id)
        with pytest.raises(sessions.SessionNotFound):
            sessions.get_session(session_id)
    with alice.reading() as reader:
        assert sessions.messages(reader, session_id) == []
        assert sessions.list_sessions(reader)[0] == []
        assert reader.read(sessions.session_statement(session_id))[0] == []
    for act in (conversations.delete, turns.request_stop):
        with pytest.raises(sessions.SessionNotFound):
            alice.does(act, session_id)
    assert alice.does(turns.start_continuation, session_id, approval_id="ap-9") is None
    assert "chat.deleted" in kinds(owner_engine, alice)


def test_a_deletion_can_be_undone_for_ten_minutes(
    alice: Person, session_id: UUID, owner_engine: sa.Engine
) -> None:
    alice.does(conversations.append_message, session_id, role="user", blocks=BLOCKS)
    alice.does(conversations.delete, session_id)
    alice.does(conversations.restore, session_id)
    with alice.reading() as reader:
        assert len(sessions.messages(reader, session_id)) == 1
    alice.does(conversations.delete, session_id)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update chat_sessions set deleted_at = now() - interval '10 minutes 1 second' where"
                " id = :s"
            ),
            {"s": session_id},
        )
    with pytest.raises(sessions.SessionNotFound):
        alice.does(conversations.restore, session_id)


def test_a_conversation_that_was_not_deleted_cannot_be_restored(
    alice: Person, session_id: UUID
) -> None:
    with pytest.raises(sessions.SessionNotFound):
        alice.does(conversations.restore, session_id)


def wipe_now(engine: sa.Engine, session_id: UUID) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "update procrastinate_jobs set scheduled_at = now() where args->>'session_id' = :s"
            ),
            {"s": str(session_id)},
        )


def test_the_rows_are_deleted_after_the_time_for_undo(
    alice: Person, session_id: UUID, owner_engine: sa.Engine, drain: Callable[[], None]
) -> None:
    alice.does(conversations.append_message, session_id, role="user", blocks=BLOCKS)
    alice.does(conversations.delete, session_id)
    with owner_engine.connect() as connection:
        due = connection.scalar(
            sa.text(
                "select scheduled_at - now() from procrastinate_jobs where args->>'session_id' = :s"
            ),
            {"s": str(session_id)},
        )
    assert timedelta(minutes=9, seconds=50) < due <= timedelta(minutes=10)
    wipe_now(owner_engine, session_id)
    drain()
    for table, key in (("chat_sessions", "id"), ("chat_messages", "session_id")):
        assert (
            column(owner_engine, f"select count(*) from {table} where {key} = :s", s=session_id)
            == 0
        )


def test_an_undone_deletion_deletes_nothing(
    alice: Person, session_id: UUID, owner_engine: sa.Engine, drain: Callable[[], None]
) -> None:
    alice.does(conversations.append_message, session_id, role="user", blocks=BLOCKS)
    alice.does(conversations.delete, session_id)
    alice.does(conversations.restore, session_id)
    wipe_now(owner_engine, session_id)
    drain()
    assert (
        column(
            owner_engine, "select count(*) from chat_messages where session_id = :s", s=session_id
        )
        == 1
    )


def test_the_job_of_an_earlier_deletion_does_not_wipe_after_a_later_one(
    alice: Person, session_id: UUID, owner_engine: sa.Engine
) -> None:
    alice.does(conversations.delete, session_id)
    with owner_engine.connect() as connection:
        first = connection.scalar(
            sa.text(
                "select args->>'deleted_at' from procrastinate_jobs where args->>'session_id' = :s"
            ),
            {"s": str(session_id)},
        )
    alice.does(conversations.restore, session_id)
    alice.does(conversations.delete, session_id)
    with alice.acting():
        assert not conversations.wipe(session_id, first)
    assert (
        column(owner_engine, "select count(*) from chat_sessions where id = :s", s=session_id) == 1
    )


def test_deletion_waits_for_a_running_turn(
    alice: Person, session_id: UUID, owner_engine: sa.Engine
) -> None:
    turn = alice.does(turns.start_turn, session_id, message="one")
    alice.does(conversations.delete, session_id)
    with owner_engine.connect() as connection:
        mark = connection.scalar(
            sa.text(
                "select args->>'deleted_at' from procrastinate_jobs where args->>'session_id' = :s"
            ),
            {"s": str(session_id)},
        )
    with alice.acting():
        assert not conversations.wipe(session_id, mark)
    assert (
        column(
            owner_engine,
            "select count(*) from procrastinate_jobs where args->>'session_id' = :s",
            s=str(session_id),
        )
        == 2
    )
    with alice.acting():
        turns.mark_finished(turn, "stopped")
        assert conversations.wipe(session_id, mark)
    assert column(owner_engine, "select count(*) from chat_turns where id = :t", t=turn.id) == 0


def test_a_deleted_conversation_is_hidden_from_other_packages(
    alice: Person, session_id: UUID
) -> None:
    gone = begun(alice)
    alice.does(conversations.delete, gone)
    with alice.reading() as reader:
        rows = [
            reader.read(sa.select(sessions.is_live(sa.literal(s, sa.Uuid)).label("live")))[0][0][
                "live"
            ]
            for s in (session_id, gone, new_id())
        ]
    assert rows == [True, False, False]
