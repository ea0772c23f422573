"""Turns whose job was lost or has failed are resumed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.people import Person
from voyagent.assistant import tasks
from voyagent.assistant.service import turn_jobs
from voyagent.chat.queries import sessions
from voyagent.chat.service import conversations, turns


@pytest.fixture
def turn(alice: Person) -> sessions.Turn:
    with alice.acting() as actor:
        session_id = conversations.create_session(actor).id
    return alice.does(turns.start_turn, session_id, message="help")


def jobs_of(turn: sessions.Turn, engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.scalar(
                sa.text(
                    "select count(*) from procrastinate_jobs where args->>'turn_id' = :i and status"
                    " = 'todo'"
                ),
                {"i": turn.id},
            )
            or 0
        )


def lose(turn: sessions.Turn, engine: sa.Engine, *, how: str, age: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(how), {"i": turn.id})
        connection.execute(
            sa.text(
                "update chat_turns set created_at = now() - cast(:age as interval) where id = :i"
            ),
            {"i": turn.id, "age": age},
        )


@pytest.mark.parametrize(
    "how",
    [
        "delete from procrastinate_jobs where args->>'turn_id' = :i",
        "update procrastinate_jobs set status = 'failed' where args->>'turn_id' = :i",
    ],
    ids=["lost", "out of tries"],
)
def test_a_turn_without_a_job_is_resumed(
    alice: Person,
    owner_engine: sa.Engine,
    turn: sessions.Turn,
    drain: Callable[[], None],
    how: str,
) -> None:
    lose(turn, owner_engine, how=how, age="61 s")
    with alice.app.app_context():
        tasks.housekeeping.run(0)
    assert jobs_of(turn, owner_engine) == 1
    assert alice.does(lambda _actor: turn_jobs.resume()) == 0, "it has one now"
    drain()
    with alice.acting():
        assert sessions.get_turn(turn.id).status == "done"


def test_a_turn_with_a_job_or_a_new_turn_is_not_resumed(
    alice: Person, owner_engine: sa.Engine, turn: sessions.Turn
) -> None:
    lose(turn, owner_engine, how="select :i", age="10 min")
    assert alice.does(lambda _actor: turn_jobs.resume()) == 0
    lose(
        turn,
        owner_engine,
        how="delete from procrastinate_jobs where args->>'turn_id' = :i",
        age="30 s",
    )
    assert alice.does(lambda _actor: turn_jobs.resume()) == 0
    assert jobs_of(turn, owner_engine) == 0
