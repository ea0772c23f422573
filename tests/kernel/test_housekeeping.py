"""Housekeeping visits only agencies with unfinished work, found by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from tests.people import Person
from voyagent.approvals import queries as approvals
from voyagent.chat.models import ChatSession
from voyagent.chat.queries import sessions as chat
from voyagent.chat.service import conversations, turns
from voyagent.kernel import housekeeping, stored_texts
from voyagent.kernel.db import db, transaction
from voyagent.kernel.stored_texts import Masking
from voyagent.kernel.tenancy import current_tenant
from voyagent.trips.queries import trips

LOOK_UPS = ["tenants_with_turns", "tenants_with_proposals", "tenants_with_offers"]


@pytest.fixture
def stopping() -> Iterator[None]:
    housekeeping.stopping.set()
    yield
    housekeeping.stopping.clear()


def found(app: Flask, find: Callable[[], list[UUID]]) -> set[UUID]:
    with app.app_context(), transaction():
        return set(find())


def visited(app: Flask, *agencies: Person) -> list[UUID | None]:
    seen: list[UUID | None] = []
    with app.app_context():
        housekeeping.in_agencies(
            lambda: [person.actor.tenant_id for person in agencies],
            lambda: seen.append(current_tenant(db.session())),
        )
    return seen


def test_each_agency_is_bound_while_it_is_visited(
    app: Flask, alice: Person, charlie: Person
) -> None:
    assert visited(app, alice, charlie) == [alice.actor.tenant_id, charlie.actor.tenant_id]


def test_a_failure_in_one_agency_stops_neither_other_agencies_nor_other_acts(
    app: Flask, alice: Person, charlie: Person
) -> None:
    seen: list[tuple[str, UUID | None]] = []

    def act(name: str) -> None:
        seen.append((name, current_tenant(db.session())))
        if seen[-1] == ("first", alice.actor.tenant_id):
            db.session.execute(sa.text("select 1 / 0"))

    ids = [person.actor.tenant_id for person in (alice, charlie)]
    with app.app_context(), pytest.raises(housekeeping.AgenciesFailed) as failed:
        housekeeping.in_agencies(lambda: ids, lambda: act("first"), lambda: act("second"))
    assert seen == [(name, one) for name in ("first", "second") for one in ids]
    assert isinstance(failed.value.__cause__, sa.exc.DBAPIError)


def test_agencies_take_turns_until_the_act_finds_no_more(
    app: Flask, alice: Person, charlie: Person
) -> None:
    ids = [person.actor.tenant_id for person in (alice, charlie)]
    left = dict(zip(ids, (3, 1), strict=True))
    seen: list[tuple[str, UUID]] = []

    def act(name: str) -> int:
        seen.append((name, current_tenant(db.session())))
        if name == "first":
            left[seen[-1][1]] -= 1
            return left[seen[-1][1]]
        return 0

    with app.app_context():
        housekeeping.in_agencies(
            lambda: ids, lambda: act("first"), lambda: act("second"), more=lambda left: left > 0
        )
    assert seen == [
        *(("first", one) for one in ids),
        *(("second", one) for one in ids),
        *[("first", ids[0])] * 2,
    ]


@pytest.mark.parametrize("is_committed", [True, False], ids=["many calls", "one call"])
def test_an_act_that_never_ends_is_left_to_the_next_run(
    app: Flask, alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    """Committed calls of the agency stay, and the other agency's acts are done."""
    ids = [person.actor.tenant_id for person in (alice, charlie)]
    add = sa.text(
        "insert into chat_sessions (tenant_id, id, created_by_user_id)"
        " values (:t, gen_random_uuid(), :u)"
    )
    done: list[tuple[str, UUID]] = []

    def rest() -> None:
        db.session.execute(sa.text("select pg_sleep(0.02)"))

    def endless() -> bool:
        agency = current_tenant(db.session())
        if agency == ids[1]:
            done.append(("endless", agency))
            return False
        db.session.execute(add, {"t": agency, "u": alice.actor.user_id})
        rest()
        while not is_committed:
            rest()
        return True

    def other() -> bool:
        done.append(("other", current_tenant(db.session())))
        return False

    monkeypatch.setattr(housekeeping, "log", structlog.get_logger())
    with app.app_context(), capture_logs([merge_contextvars]) as logs:
        housekeeping.in_agencies(lambda: ids, endless, other, more=bool, agency_max_s=0.3)
    assert done == [("endless", ids[1]), ("other", ids[0]), ("other", ids[1])]
    assert [(one["event"], one["agency"]) for one in logs] == [
        ("job.agency_postponed", str(ids[0]))
    ]
    with app.app_context(), transaction(ids[0]):
        number = db.session.scalar(sa.text("select count(*) from chat_sessions"))
    assert (number > 0) is is_committed


def test_a_statement_that_runs_too_long_is_an_error_of_the_agency(
    app: Flask, alice: Person
) -> None:
    def act() -> None:
        db.session.execute(sa.text("set local statement_timeout = 10"))
        db.session.execute(sa.text("select pg_sleep(1)"))

    with app.app_context(), pytest.raises(housekeeping.AgenciesFailed):
        housekeeping.in_agencies(lambda: [alice.actor.tenant_id], act)


def test_the_masking_of_two_agencies_may_alternate(
    app: Flask, alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_texts, "ROWS_MAX", 1)
    for person, number in ((alice, 3), (charlie, 2)):
        with person.acting() as actor:
            for _ in range(number):
                conversations.create_session(actor, title="AAPFU0939F")
    walk = Masking(ChatSession.title, mask=lambda _title: "masked")
    with app.app_context():
        housekeeping.in_agencies(
            lambda: [person.actor.tenant_id for person in (alice, charlie)], walk, more=bool
        )
    assert walk.changed == 5


@pytest.mark.usefixtures("stopping")
def test_a_stopping_worker_visits_no_further_agency(
    app: Flask, alice: Person, charlie: Person
) -> None:
    assert visited(app, alice, charlie) == []


def test_an_agency_with_an_unfinished_old_turn_is_found(
    app: Flask, alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    with alice.acting() as actor:
        session_id = conversations.create_session(actor).id
    turn = alice.does(turns.start_turn, session_id, message="help")
    mine = alice.actor.tenant_id
    assert mine not in found(app, chat.agencies_with_turns), "it has only begun"
    change(
        owner_engine,
        "update chat_turns set created_at = now() - interval '61 s' where id = :i",
        turn.id,
    )
    assert mine in found(app, chat.agencies_with_turns)
    assert charlie.actor.tenant_id not in found(app, chat.agencies_with_turns)
    change(owner_engine, "update tenants set is_active = false where id = :i", mine)
    assert mine not in found(app, chat.agencies_with_turns), "a suspended one is left alone"
    change(owner_engine, "update tenants set is_active = true where id = :i", mine)
    change(
        owner_engine,
        "update chat_turns set status = 'stopped', finished_at = now() where id = :i",
        turn.id,
    )
    assert mine not in found(app, chat.agencies_with_turns), "it is over"


def test_an_agency_without_proposals_and_offers_is_not_found(app: Flask, alice: Person) -> None:
    assert alice.actor.tenant_id not in found(app, approvals.agencies_with_proposals) | found(
        app, trips.agencies_with_offers
    )


@pytest.mark.parametrize("look_up", LOOK_UPS)
def test_unfinished_work_is_found_by_an_index(owner_engine: sa.Engine, look_up: str) -> None:
    with owner_engine.begin() as connection:
        body = str(
            connection.scalar(
                sa.text("select prosrc from pg_proc where proname = :n"), {"n": look_up}
            )
        )
        inner = body.split(" in (", 1)[1].rsplit(");", 1)[0].replace("<= at", "<= now()")
        connection.execute(sa.text("set local enable_seqscan = off"))
        plan = "\n".join(connection.scalars(sa.text(f"explain {inner}")))
    assert "Seq Scan" not in plan


def change(engine: sa.Engine, statement: str, which: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement), {"i": which})
