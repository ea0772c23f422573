"""Rebuild of stored sums: each difference is printed, corrected and recorded."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.approvals.conftest import Desk
from tests.audit.conftest import untied
from tests.audit_rows import EVENTS
from tests.billing.papers import DUE, advance, issued, line, pay
from tests.enquiries.acts import logged
from tests.enquiries.test_counts import written
from tests.ledger.books import DAY, inr, post, stored
from tests.people import People, Person
from tests.reports.books import MAY, trade
from tests.trips.things import a_trip
from voyagent.audit.queries import chain
from voyagent.kernel.actor import Actor, system_actor
from voyagent.kernel.database.roll_ups import Difference, RollUp
from voyagent.kernel.db import db, transaction
from voyagent.kernel.ids import new_id
from voyagent.ledger.service import entries
from voyagent.reports.queries.roll_ups import ROLL_UPS
from voyagent.reports.service import rebuilding

SOURCE = Path(__file__).resolve().parents[2] / "voyagent"
BY_NAME = {one.table.name: one for one in ROLL_UPS}
MONTHS = BY_NAME["monthly_balances"]
OTHER_KEY = {"currency": "XAF", "status": "unknown", "hour": datetime(2025, 1, 1, tzinfo=UTC)}
"""A value of a column of the key that no row has."""
SOLD = [entries.debit("bank", inr(10_000)), entries.credit("revenue_services", inr(10_000))]
ROUNDS = 8
Command = Callable[..., Result]
Row = dict[str, Any]
Done = TypeVar("Done")


@pytest.fixture
def books(app: Flask) -> Command:
    """Run a command on the books of a person's agency."""

    def run(command: str, person: Person, *options: str) -> Result:
        agency = str(person.actor.tenant_id)
        return app.test_cli_runner().invoke(args=["books", command, "--agency", agency, *options])

    return run


@pytest.fixture(scope="module")
def trader(app: Flask, owners: sa.Engine) -> Person:
    """Somebody whose agency has at least three rows in every table of stored sums.

    Each test leaves the sums as they were.
    """
    alice = People(app).sign_up("Alice Owner", agency="Alice Travels")
    trade(alice)
    trip_id = a_trip(alice)
    for days in range(3):
        day = MAY + timedelta(days=days)
        issued(alice, line("1000.00"), issue_date=day, due_date=day, trip_id=trip_id)
    advance(alice, 5_000, DUE, direction="out", party_name="Air India")
    statuses = enumerate(("new", "quoted", "booked"))
    written(alice, [(datetime(2026, 3, 25, hour, tzinfo=UTC), status) for hour, status in statuses])
    desk = Desk(owners)
    desk.propose(alice)
    desk.run("update approvals set status = 'expired' where id = :i", i=desk.propose(alice))
    desk.run(
        "update approvals set status = 'rejected', resolved_at = now() where id = :i",
        i=desk.propose(alice),
    )
    return alice


def rows(connection: sa.Connection, roll_up: RollUp, person: Person) -> list[Row]:
    """Return the rows that have a sum, in the order of the key."""
    some = " or ".join(f"{name} <> 0" for name in roll_up.sums)
    found = connection.execute(
        sa.text(
            f"select * from {roll_up.table.name} where tenant_id = :t and ({some})"
            f" order by {', '.join(roll_up.key)}"
        ),
        {"t": person.actor.tenant_id},
    )
    return [dict(row) for row in found.mappings()]


def versions(engine: sa.Engine, person: Person) -> set[tuple[str, str]]:
    """Return the version and the text of each row of stored sums, with its table."""
    one = "select '{0}', r.xmin || ' ' || r::text from {0} r where tenant_id = :t"
    with engine.connect() as connection:
        found = connection.execute(
            sa.text(" union all ".join(map(one.format, BY_NAME))), {"t": person.actor.tenant_id}
        )
        return {(row[0], row[1]) for row in found}


def spoil(
    engine: sa.Engine, person: Person, roll_up: RollUp, changing: str | None = None
) -> list[str]:
    """Change a sum, delete a row and add a wrong one; return the lines of the rebuild."""
    table, one = roll_up.table.name, changing or roll_up.sums[0]
    of_key = " and ".join(f"{name} = :{name}" for name in ("tenant_id", *roll_up.key))
    columns = [column.name for column in roll_up.table.c]
    values = ", ".join(f":{name}" for name in columns)
    drop_wrong(engine, person, roll_up)
    with untied(engine) as connection:
        connection.execute(sa.text("set local timezone = 'UTC'"))
        changed, deleted, copied = rows(connection, roll_up, person)[:3]
        added = copied | {name: key for name, key in OTHER_KEY.items() if name in roll_up.key}
        for statement, row in (
            (f"update {table} set {one} = coalesce({one}, 0) + 7 where {of_key}", changed),
            (f"delete from {table} where {of_key}", deleted),
            (f"insert into {table} ({', '.join(columns)}) values ({values})", added),
        ):
            assert connection.execute(sa.text(statement), row).rowcount == 1
    found = [
        line_of(roll_up, changed, {one: ((changed[one] or 0) + 7, changed[one])}),
        line_of(roll_up, deleted, {name: (0, deleted[name]) for name in roll_up.sums}),
        line_of(roll_up, added, {name: (added[name], added[name] and 0) for name in roll_up.sums}),
    ]
    return [f"{person.actor.tenant_id}: {line_}" for line_ in found]


def line_of(roll_up: RollUp, row: Row, sums: dict[str, tuple[int | None, int | None]]) -> str:
    """Return the line about a row, of the sums that differ."""
    key = " ".join(f"{name}={row[name]}" for name in roll_up.key)
    differing = "; ".join(
        f"{name} stored {stored}, recomputed {recomputed}"
        for name, (stored, recomputed) in sums.items()
        if stored != recomputed
    )
    return f"{roll_up.table.name} {key}: {differing}"


def events(engine: sa.Engine, person: Person) -> list[tuple[str, int]]:
    """Return table and number of differences of each event, oldest first."""
    found = stored(
        engine,
        f"select inputs, outputs, actor_kind from {EVENTS} where tenant_id = :t and kind ="
        " 'books.rebuilt' order by seq",
        t=person.actor.tenant_id,
    )
    assert {row["actor_kind"] for row in found} <= {"system"}
    return [(row["inputs"]["table"], row["outputs"]["differences"]) for row in found]


def is_correct(books: Command, person: Person) -> bool:
    """Return True if `books check` finds nothing; print what it finds."""
    output = books("check", person)
    print(output.output)  # noqa: T201 - shown if the test fails
    return output.exit_code == 0


@pytest.mark.parametrize("nth", range(max(len(one.sums) for one in ROLL_UPS)))
def test_each_stored_sum_is_rebuilt(
    books: Command, trader: Person, owner_engine: sa.Engine, nth: int
) -> None:
    """The first sum of every table is changed, then the second of those that have two."""
    of_now = [one for one in ROLL_UPS if nth < len(one.sums)]
    original = [kept(owner_engine, one, trader) for one in of_now]
    earlier = events(owner_engine, trader)
    spoilt = {one: spoil(owner_engine, trader, one, one.sums[nth]) for one in of_now}
    expected = [line_ for lines in spoilt.values() for line_ in lines]
    before = versions(owner_engine, trader)

    checked = books("check", trader)
    assert checked.exit_code == 1
    for roll_up, lines in spoilt.items():
        name = roll_up.table.name
        for line_ in lines:
            place, _, _sums = line_.partition(f"{name} ")[2].partition(": ")
            found = [one for one in checked.output.splitlines() if f"{name} {place}: " in one]
            assert found, line_
            assert all(f": {roll_up.check}: " in one for one in found)

    output = books("rebuild", trader)
    assert output.exit_code == 0, output.output
    assert sorted(output.output.splitlines()) == sorted(expected)
    assert [kept(owner_engine, one, trader) for one in of_now] == original
    after = versions(owner_engine, trader)
    names = [one.table.name for one in of_now]
    replaced = Counter(table for table, _ in before - after)
    added = Counter(table for table, _ in after - before)
    assert replaced == dict.fromkeys(names, 2), "the changed and the wrong row"
    assert added == dict.fromkeys(names, 3), "and the deleted one"
    recorded = [*earlier, *((name, 3) for name in names)]
    assert events(owner_engine, trader) == recorded

    again = books("rebuild", trader)
    assert (again.exit_code, again.output) == (0, f"{trader.actor.tenant_id}: OK, 12 tables\n")
    assert versions(owner_engine, trader) == after
    assert events(owner_engine, trader) == recorded


def kept(engine: sa.Engine, roll_up: RollUp, person: Person) -> list[Row]:
    with engine.connect() as connection:
        return rows(connection, roll_up, person)


def test_the_dry_run_prints_the_differences_and_changes_nothing(
    books: Command, trader: Person, owner_engine: sa.Engine
) -> None:
    expected = [line_ for one in ROLL_UPS for line_ in spoil(owner_engine, trader, one)]
    before, earlier = versions(owner_engine, trader), events(owner_engine, trader)
    output = books("rebuild", trader, "--dry-run")
    assert output.exit_code == 1
    assert sorted(output.output.splitlines()) == sorted(expected)
    assert versions(owner_engine, trader) == before
    assert events(owner_engine, trader) == earlier
    assert sorted(books("rebuild", trader).output.splitlines()) == sorted(expected)
    assert events(owner_engine, trader) == [
        *earlier,
        *((one.table.name, 3) for one in ROLL_UPS),
    ]
    assert is_correct(books, trader)
    output = books("rebuild", trader, "--dry-run")
    assert (output.exit_code, output.output) == (0, f"{trader.actor.tenant_id}: OK, 12 tables\n")


def test_another_agency_is_untouched(
    app: Flask,
    books: Command,
    alice: Person,
    charlie: Person,
    owner_engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for person in (alice, charlie):
        for day in range(3):
            post(person, SOLD, entry_date=MAY + timedelta(days=32 * day))
    hers, his = (spoil(owner_engine, person, MONTHS) for person in (alice, charlie))
    before = versions(owner_engine, charlie)
    assert sorted(books("rebuild", alice).output.splitlines()) == sorted(hers)
    assert versions(owner_engine, charlie) == before
    assert events(owner_engine, charlie) == []

    both = [alice.actor.tenant_id, charlie.actor.tenant_id]
    monkeypatch.setattr(chain, "every_agency", lambda: iter(both))
    output = app.test_cli_runner().invoke(args=["books", "rebuild"]).output.splitlines()
    assert output[0] == f"{alice.actor.tenant_id}: OK, 12 tables"
    assert sorted(output[1:]) == sorted(his)
    assert events(owner_engine, charlie) == [("monthly_balances", 3)]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_an_agency_without_data_has_nothing_to_rebuild(
    books: Command, alice: Person, owner_engine: sa.Engine, options: tuple[str, ...]
) -> None:
    output = books("rebuild", alice, *options)
    assert (output.exit_code, output.output) == (0, f"{alice.actor.tenant_id}: OK, 12 tables\n")
    assert versions(owner_engine, alice) == set()
    assert events(owner_engine, alice) == []


def test_an_unknown_agency_is_refused(app: Flask) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    output = app.test_cli_runner().invoke(args=["books", "rebuild", "--agency", nobody])
    assert (output.exit_code, "there is no agency" in output.output) == (1, True)


def test_every_table_that_triggers_add_to_is_declared() -> None:
    written_by_triggers = {
        table
        for path in SOURCE.glob("**/sql/*.sql")
        if "returns trigger" in (text := path.read_text())
        for table in re.findall(r"insert into (\w+)", text)
    }
    assert written_by_triggers == set(BY_NAME)


# Beside postings
# --------------------------------------------------------------------------------


def test_a_posting_that_waits_for_the_rebuild_is_not_lost(
    app: Flask, books: Command, alice: Person, owner_engine: sa.Engine
) -> None:
    for _ in range(3):
        post(alice, SOLD)
    change(owner_engine, alice, "update monthly_balances set debit_minor = debit_minor + 7")
    with ThreadPoolExecutor(1) as pool:
        with app.app_context(), transaction(alice.actor.tenant_id):
            assert len(rebuilding.rebuild(system_actor(alice.actor.tenant_id), MONTHS)) == 2
            posting = pool.submit(post, alice, SOLD)
            wait_for_lock(owner_engine)
        posting.result(timeout=10)
    assert is_correct(books, alice)


@pytest.mark.parametrize("is_missing", [False, True])
def test_a_rebuild_that_waits_for_a_posting_keeps_it(
    app: Flask, books: Command, alice: Person, owner_engine: sa.Engine, is_missing: bool
) -> None:
    """The posting has written the changed rows, or rows that were missing."""
    post(alice, SOLD)
    change(
        owner_engine,
        alice,
        "delete from monthly_balances"
        if is_missing
        else "update monthly_balances set debit_minor = debit_minor + 7",
    )
    with ThreadPoolExecutor(1) as pool:
        with alice.acting() as actor:
            post_within(actor)
            rebuild = pool.submit(books, "rebuild", alice)
            wait_for_lock(owner_engine)
        output = rebuild.result(timeout=10)
    assert output.exit_code == 0, output.output
    assert len(output.output.splitlines()) == 2
    assert is_correct(books, alice)


def test_a_rebuild_during_another_one_is_refused(
    app: Flask, books: Command, alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    post(alice, SOLD)
    change(owner_engine, alice, "delete from monthly_balances")
    with ThreadPoolExecutor(1) as pool, app.app_context(), transaction(alice.actor.tenant_id):
        assert len(rebuilding.rebuild(system_actor(alice.actor.tenant_id), MONTHS)) == 2
        output = pool.submit(books, "rebuild", alice).result(timeout=10)
        assert output.exit_code == 1
        assert "another command rebuilds the stored sums" in output.output
        assert pool.submit(books, "rebuild", charlie).result(timeout=10).exit_code == 0
    assert is_correct(books, alice)


def test_a_rebuild_that_waits_too_long_tries_again_and_then_gives_up(
    books: Command, alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[str] = []
    rebuild = rebuilding.rebuild

    def hurried(actor: Actor, roll_up: RollUp) -> list[Difference]:
        waits.append(roll_up.table.name)
        db.session.execute(sa.text("set local lock_timeout = '50ms'"))
        return rebuild(actor, roll_up)

    monkeypatch.setattr(rebuilding, "rebuild", hurried)
    post(alice, SOLD)
    change(owner_engine, alice, "update monthly_balances set debit_minor = debit_minor + 7")
    with ThreadPoolExecutor(1) as pool, alice.acting() as actor:
        post_within(actor)
        output = pool.submit(books, "rebuild", alice).result(timeout=10)
    assert output.exit_code == 1
    assert "rows of monthly_balances locked; run it again" in output.output
    assert waits == ["monthly_balances"] * 5
    assert len(books("rebuild", alice).output.splitlines()) == 2
    assert is_correct(books, alice)


def test_stored_sums_are_right_after_rebuilds_under_load(
    books: Command, trader: Person, owner_engine: sa.Engine
) -> None:
    """Two people write while rows are changed, deleted and added, and rebuilt."""
    trip_id, over = a_trip(trader), Event()

    def sell() -> int:
        done = 0
        while not over.is_set():
            day = MAY + timedelta(days=done % 3)
            dates: dict[str, Any] = {"issue_date": day, "due_date": day}
            sold = again(issued, trader, line("10.00"), trip_id=trip_id, **dates)
            again(pay, trader, sold, 1_000, day)
            again(advance, trader, 100, day)
            done += 1
        return done

    def work() -> int:
        done = 0
        while not over.is_set():
            again(post, trader, SOLD, entry_date=MAY)
            again(logged, trader)
            again(Desk(owner_engine).propose, trader)
            done += 1
        return done

    rebuilt: dict[str, int] = dict.fromkeys(BY_NAME, 0)
    with ThreadPoolExecutor(2) as pool:
        people = [pool.submit(sell), pool.submit(work)]
        try:
            for n in range(ROUNDS):
                for roll_up in ROLL_UPS:
                    (spoil if n % 2 else spoil_all)(owner_engine, trader, roll_up)
                output = books("rebuild", trader)
                assert output.exit_code == 0, output.output
                left = books("rebuild", trader, "--dry-run")
                assert left.exit_code == 0, left.output
                for name, roll_up in BY_NAME.items():
                    rebuilt[name] += output.output.count(f": {name} ")
                    drop_wrong(owner_engine, trader, roll_up)
        finally:
            over.set()
        done = [one.result(timeout=60) for one in people]
    print(f"{done} rounds of two people, differences corrected: {rebuilt}")  # noqa: T201
    assert min(done) >= 5
    assert min(rebuilt.values()) >= 3 * ROUNDS
    assert is_correct(books, trader)
    assert books("rebuild", trader).output == f"{trader.actor.tenant_id}: OK, 12 tables\n"


def again(act: Callable[..., Done], *given: Any, **named: Any) -> Done:
    """Do an act, and once more after a deadlock, as requests are repeated."""
    try:
        return act(*given, **named)
    except sa.exc.OperationalError as error:
        if "deadlock" not in str(error.orig):
            raise
        return act(*given, **named)


def spoil_all(engine: sa.Engine, person: Person, roll_up: RollUp) -> None:
    """Change every row, locked in the order of the key."""
    table, one, t = roll_up.table.name, roll_up.sums[-1], {"t": person.actor.tenant_id}
    with untied(engine) as connection:
        of_agency, order = "tenant_id = :t", ", ".join(roll_up.key)
        locked = f"select from {table} where {of_agency} order by {order} for update"
        connection.execute(sa.text(locked), t)
        connection.execute(
            sa.text(f"update {table} set {one} = coalesce({one}, 0) + 7 where {of_agency}"), t
        )


def drop_wrong(engine: sa.Engine, person: Person, roll_up: RollUp) -> None:
    """Delete the rows that a rebuild has set to zero, so that they can be added again."""
    zero = " and ".join(f"coalesce({name}, 0) = 0" for name in roll_up.sums)
    change(engine, person, f"delete from {roll_up.table.name}", zero)


def change(engine: sa.Engine, person: Person, statement: str, condition: str = "true") -> None:
    with untied(engine) as connection:
        connection.execute(
            sa.text(f"{statement} where tenant_id = :t and {condition}"),
            {"t": person.actor.tenant_id},
        )


def post_within(actor: Actor) -> None:
    """Post a sale in the open transaction."""
    entries.post(
        actor,
        source_type="test",
        source_id=new_id(),
        purpose="sale",
        narration="A sale",
        lines=SOLD,
        entry_date=DAY,
    )
    db.session.flush()


def wait_for_lock(engine: sa.Engine) -> None:
    """Return when a connection waits for a lock that another one of this database has."""
    waiting = sa.text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname ="
        " current_database()"
    )
    until = time.monotonic() + 10
    with engine.connect() as connection:
        while not connection.scalar(waiting):
            connection.rollback()
            assert time.monotonic() < until, "nobody waits"
            time.sleep(0.02)
