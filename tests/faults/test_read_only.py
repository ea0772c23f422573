"""A primary that accepts no writes for a while, under load."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.conftest import Report, Rounds
from tests.faults.load import BROKEN, CLIENTS, READS, TABLES, check_books, site
from tests.faults.server import Server
from tests.faults.web import Web
from voyagent.factory import create_app
from voyagent.kernel.config import Settings

WINDOW_S, WINDOW_MIN_S = 20, 6
KNOWN_AFTER_S = 1.0
"""Time in which all processes of PostgreSQL have read the changed setting."""
WORKS_WITHIN_S = 5.0


def probe(web: Web) -> tuple[int, str, str | None]:
    """Return status, message and `Retry-After` of the probe of the database."""
    answer = web.answer("GET", "/health/db")
    return answer.status, answer.json.get("message", ""), answer.headers["Retry-After"]


def test_a_read_only_database_refuses_writes_until_it_is_writable(
    own_server: Server, own_database: Settings, tmp_path: Path, rounds: Rounds, report: Report
) -> None:
    window_s = max(WINDOW_MIN_S, rounds(WINDOW_S))
    with site(own_database, tmp_path) as program:
        load = program.load
        with load.running():
            time.sleep(window_s)
            own_server.configure(default_transaction_read_only="on")
            time.sleep(KNOWN_AFTER_S)
            read_only = time.monotonic()
            said = [probe(program.web) for _ in range(4)]
            time.sleep(window_s)
            writable = time.monotonic()
            own_server.configure(default_transaction_read_only="off")
            time.sleep(WORKS_WITHIN_S + window_s)
        said_afterwards = [probe(program.web)[0] for _ in range(4)]
        turn_s = program.turn_s()
        program.check_processes()
    statuses = load.check_refusals()
    stored = load.check_stored(own_database)
    check_books(create_app(own_database))
    meanwhile = [
        attempt
        for attempt in load.attempts
        if read_only <= attempt.began and attempt.ended < writable
    ]
    read = [attempt.status for attempt in meanwhile if attempt.kind in READS]
    written = [attempt.status for attempt in meanwhile if attempt.kind in TABLES]
    again_s = load.seconds_until_success(writable, *TABLES)
    report(
        f"{len(load.attempts)} requests of {CLIENTS} clients, {window_s} s read-only:"
        f" {len(written)} writes refused with 503, {len(read)} reads answered,"
        f" {statuses[BROKEN]} broken connections, no other failure; {stored} acknowledged writes"
        f" stored; first write {again_s:.2f} s after the end; a turn afterwards took"
        f" {turn_s:.1f} s"
    )
    assert set(written) == {503}
    assert set(read) == {200}
    for status, message, retry_after in said:
        assert (status, retry_after) == (503, "5")
        assert "read-only" in message
    assert said_afterwards == [200] * 4
    assert again_s <= WORKS_WITHIN_S
    assert load.failed_in(writable + WORKS_WITHIN_S) == []
