"""One transaction per act: commit, rollback, and work after the commit."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.kernel import events, jobs
from voyagent.kernel.db import db, next_act, pause, rows_changed, transaction
from voyagent.kernel.errors import Conflict
from voyagent.kernel.jobs import task

SEEN: list[str] = []


class Undone(Conflict):
    """An error whose work is rolled back."""


class Kept(Conflict):
    """An error whose work is committed."""

    keeps_work = True


@task("tests.note")
def note(word: str) -> None:
    SEEN.append(word)


def name_of(engine: sa.Engine, person: Person) -> str:
    with engine.connect() as connection:
        return str(
            connection.scalar(
                sa.text("select display_name from users where id = :id"),
                {"id": person.actor.user_id},
            )
        )


def rename(person: Person, name: str) -> int:
    return rows_changed(
        "update users set display_name = :name where tenant_id = :tenant_id and id = :id",
        name=name,
        id=person.actor.user_id,
    )


def test_a_block_commits_or_rolls_back_on_an_error(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    with app.app_context(), transaction(alice.actor.tenant_id):
        assert rename(alice, "Renamed") == 1
    assert name_of(owner_engine, alice) == "Renamed"
    for error in (Undone, LookupError):
        with pytest.raises(error), app.app_context(), transaction(alice.actor.tenant_id):
            rename(alice, "Lost")
            raise error
    assert name_of(owner_engine, alice) == "Renamed"


def test_an_error_can_commit_its_work(app: Flask, alice: Person, owner_engine: sa.Engine) -> None:
    with pytest.raises(Kept), app.app_context(), transaction(alice.actor.tenant_id):
        rename(alice, "Kept")
        raise Kept
    assert name_of(owner_engine, alice) == "Kept"


def test_a_pause_releases_the_connection_and_is_refused_after_a_write(
    app: Flask, alice: Person
) -> None:
    with app.app_context(), transaction(alice.actor.tenant_id):
        before = db.engine.pool.checkedout()
        db.session.execute(sa.text("select 1"))
        assert db.engine.pool.checkedout() == before + 1
        pause()
        assert db.engine.pool.checkedout() == before
        assert rename(alice, "After the pause") == 1
        from voyagent.identity.models import User  # noqa: PLC0415

        db.session.get_one(
            User, (alice.actor.tenant_id, alice.actor.user_id)
        ).display_name = "Begun"
        with pytest.raises(RuntimeError, match="already written"):
            pause()


def test_a_request_may_bind_two_agencies_in_turn(
    app: Flask, alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    with app.app_context(), transaction(alice.actor.tenant_id):
        rename(alice, "First")
        next_act()
        assert db.session().info == {}
        with transaction(charlie.actor.tenant_id):
            rename(charlie, "Second")
            assert rename(alice, "Never") == 0
    assert (name_of(owner_engine, alice), name_of(owner_engine, charlie)) == ("First", "Second")


def test_a_job_is_stored_in_the_transaction_of_the_act(
    app: Flask, alice: Person, drain: Callable[[], None]
) -> None:
    SEEN.clear()
    with pytest.raises(Undone), app.app_context(), transaction(alice.actor.tenant_id):
        jobs.defer("tests.note", word="rolled back")
        raise Undone
    with app.app_context(), transaction(alice.actor.tenant_id):
        jobs.defer("tests.note", word="committed")
        jobs.defer("tests.note", word="later", after_s=3600)
    drain()
    assert SEEN == ["committed"]


def ring(app: Flask, person: Person, topic: str) -> None:
    with app.app_context(), transaction(person.actor.tenant_id):
        events.notify(topic)


def test_a_notification_is_sent_at_commit_and_never_after_a_rollback(
    app: Flask, alice: Person
) -> None:
    listener = app.extensions["voyagent.listener"]
    topic = f"tests:{alice.actor.tenant_id}"
    with listener.waiting_for(topic) as bell, listener.waiting_for(topic + ":other") as other:
        for _ in range(40):  # until the thread listens
            ring(app, alice, topic)
            if bell.wait(0.25):
                break
        time.sleep(0.5)
        bell.clear()
        other.clear()
        with pytest.raises(Undone), app.app_context(), transaction(alice.actor.tenant_id):
            events.notify(topic)
            raise Undone
        assert not bell.wait(0.5)
        with app.app_context(), transaction(alice.actor.tenant_id):
            events.notify(topic)
            time.sleep(0.2)
            assert not bell.is_set()
        assert bell.wait(5)
        assert not other.is_set()
