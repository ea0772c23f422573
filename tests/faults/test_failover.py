"""A primary that is lost, and its standby that is promoted, under load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fresh_database
from tests.faults.conftest import Report, Rounds
from tests.faults.load import BROKEN, CLIENTS, TABLES, check_books, site
from tests.faults.server import Server, with_host_of
from tests.faults.web import wait
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db_address import libpq_parameters, psycopg_url

WINDOW_S, WINDOW_MIN_S = 20, 4
WITHOUT_PRIMARY_S = 2.0
WORKS_WITHIN_S = 5.0


@pytest.fixture
def standby(tmp_path: Path) -> Iterator[Server]:
    """A second server, which does not run yet."""
    server = Server(tmp_path / "standby")
    yield server
    server.remove()


@pytest.fixture(params=[False, True], ids=["reads of the primary", "reads of the standby"])
def pair(
    own_server: Server, standby: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    """A database whose address names a primary and its synchronous standby."""
    own_server.copy_to(standby, "-R")
    standby.start()
    own_server.configure(synchronous_standby_names="*")
    with own_server.connect() as primary:
        state = "select count(*) from pg_stat_replication where sync_state = 'sync'"
        wait(lambda: primary.execute(state).fetchone() == (1,), lambda: "no standby follows")
    admin, application = (
        with_host_of(one, other) for one, other in zip(own_server.urls, standby.urls, strict=True)
    )
    with fresh_database((admin, application), tmp_path) as settings:
        assert "," in libpq_parameters(settings.db_url or "")["host"]
        reads = f"{psycopg_url(settings.db_url or '')}&target_session_attrs=prefer-standby"
        yield settings.model_copy(update={"db_read_url": reads if request.param else None})


def test_the_program_continues_on_a_promoted_standby(
    own_server: Server,
    standby: Server,
    pair: Settings,
    tmp_path: Path,
    rounds: Rounds,
    report: Report,
) -> None:
    window_s = max(WINDOW_MIN_S, rounds(WINDOW_S))
    with site(pair, tmp_path) as program:
        load = program.load
        with load.running():
            time.sleep(window_s)
            killed = time.monotonic()
            own_server.kill()
            time.sleep(WITHOUT_PRIMARY_S)
            standby.control("promote")
            promoted = time.monotonic()
            time.sleep(WORKS_WITHIN_S + window_s)
        turn_s = program.turn_s()
        program.check_processes()
    statuses = load.check_refusals()
    stored = load.check_stored(pair)
    check_books(create_app(pair))
    again_s = load.seconds_until_success(promoted, *TABLES)
    refused = load.failed_in(killed, promoted)
    report(
        f"{len(load.attempts)} requests of {CLIENTS} clients: {statuses[503]} answers of 503,"
        f" {statuses[BROKEN]} broken connections, no other failure; {stored} acknowledged writes"
        f" are on the standby; first write {again_s:.2f} s after the promotion; a turn afterwards"
        f" took {turn_s:.1f} s"
    )
    assert refused, "no request met the fault"
    assert again_s <= WORKS_WITHIN_S
    assert load.failed_in(promoted + WORKS_WITHIN_S) == []
