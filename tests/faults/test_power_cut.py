"""All processes of the embedded server are killed under writes."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

from tests.faults.conftest import Report, Rounds
from tests.faults.load import BROKEN, CLIENTS, check_books, site
from tests.faults.server import Server
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db_address import libpq_parameters

ROUNDS = 50
WRITES_FOR_S = (0.5, 1.5)
STARTS_WITHIN_S = 2.0
"""Seconds of a start after a kill, or three times those of an orderly restart on a busy disk."""
GIN = (
    "select gin_index_check(i.indexrelid) from pg_index i join pg_class c on c.oid ="
    " i.indexrelid join pg_am a on a.oid = c.relam where a.amname = 'gin'"
)


def check_files(server: Server, database: str) -> int:
    """Check every table and index of a database with amcheck.

    Returns the number of GIN indexes. pg_amcheck checks tables and B-trees, each B-tree against
    its table.
    """
    server.client(
        "pg_amcheck", "-d", database, "--install-missing", "--heapallindexed", "--parent-check"
    )
    with server.connect(database) as owner:
        return len(owner.execute(GIN).fetchall())


def test_acknowledged_writes_survive_a_kill_of_the_embedded_server(
    own_server: Server,
    own_database: Settings,
    tmp_path: Path,
    seeded: random.Random,
    rounds: Rounds,
    report: Report,
) -> None:
    took: list[float] = []
    stored = 0
    database = libpq_parameters(own_database.db_url or "")["dbname"]
    with site(own_database, tmp_path) as program:
        load = program.load
        with load.running():
            time.sleep(max(WRITES_FOR_S))
        since = time.monotonic()
        own_server.stop()
        own_server.start()
        restart_s = time.monotonic() - since
        for _ in range(rounds(ROUNDS)):
            since = time.monotonic()
            with load.running():
                time.sleep(seeded.uniform(*WRITES_FOR_S))
                own_server.kill()
            assert load.failed_in(since), "the kill met no request"
            took.append(own_server.start())
            stored = load.check_stored(own_database)
            assert check_files(own_server, database), "no GIN index was checked"
        program.check_processes()
    statuses = load.check_refusals()
    check_books(create_app(own_database))
    report(
        f"{len(took)} kills under {CLIENTS} clients: {stored} acknowledged writes stored, every"
        f" table and index sound each time; {statuses[503]} answers of 503, {statuses[BROKEN]}"
        f" broken connections, no other failure; start {statistics.median(took):.2f} s, at most"
        f" {max(took):.2f} s, an orderly restart {restart_s:.2f} s"
    )
    assert statistics.median(took) <= max(STARTS_WITHIN_S, 3 * restart_s)
