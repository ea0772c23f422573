"""A database server whose disk is full.

It is the disk of its data, or that of its write-ahead log.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path

import psycopg

from tests.conftest import fresh_database
from tests.faults.conftest import Report, Rounds
from tests.faults.load import READS, TABLES, Attempt, Site, check_books, site
from tests.faults.server import Ballast, Server, server_of, small_disk
from tests.faults.web import wait
from voyagent.drivers.postgres.place import find_location
from voyagent.factory import create_app

WRITES, WRITES_MIN = 200, 60
DISK_MIB = 512
MOSTLY_LARGE = ["enquiry", "enquiry", "enquiry", "entry", "draft"]
NOTES_BYTES = 3_000
"""Random bytes in the notes of an enquiry, so that its table needs new pages."""
AT_ONCE = 5
"""Writes between two changes of the file of the write-ahead log."""
WORKS_WITHIN_S = 5.0
REFUSED = {503, 507}
LOG_BYTES_PER_REQUEST_MAX, LOG_BYTES_PER_S_MAX = 4_000, 10_000
IDLE_S = 3.0
"""Time without requests in which the growth of the logs is measured."""


@contextmanager
def server_on_small_disk(folder: Path, *, is_for_data: bool) -> Iterator[tuple[Server, Ballast]]:
    """Run a server with its data, or its write-ahead log, on a small disk."""
    data_dir, wal_dir = folder / "server", folder / "wal"
    home, wal = find_location(data_dir).home, find_location(wal_dir).home
    small = home if is_for_data else wal
    try:
        with small_disk(small, DISK_MIB), server_of(data_dir) as server:
            server.move_wal(wal)
            yield server, Ballast(small)
    finally:
        for place in (home, wal):
            shutil.rmtree(place, ignore_errors=True)


def kinds_of(choice: Sequence[str], number: int) -> list[str]:
    return list(islice(cycle(choice), number))


def random_notes() -> str:
    return secrets.token_hex(NOTES_BYTES)


def logged_by(program: Site, requests: int, since_bytes: int) -> tuple[float, float]:
    """Return the bytes logged for each request and in each idle second."""
    by_requests = program.log_bytes()
    time.sleep(IDLE_S)
    return (by_requests - since_bytes) / requests, (program.log_bytes() - by_requests) / IDLE_S


def statuses_of(attempts: list[Attempt]) -> Counter[int]:
    return Counter(attempt.status for attempt in attempts)


def test_a_full_disk_of_the_data_refuses_writes_and_no_reads(
    tmp_path: Path, rounds: Rounds, report: Report
) -> None:
    writes = max(WRITES_MIN, rounds(WRITES))
    with server_on_small_disk(tmp_path, is_for_data=True) as (server, ballast):
        # On a full disk a checkpoint ends the server, as in the other test, and after a vacuum of
        # the catalogue no connection can be opened.
        server.configure(checkpoint_timeout="1h", autovacuum="off")
        with (
            fresh_database(server.urls, tmp_path) as settings,
            site(settings, tmp_path) as program,
        ):
            load = program.load
            assert statuses_of(load.send(kinds_of([*TABLES], 30))) == {201: 30}
            assert statuses_of(load.send(kinds_of([*READS], 30))) == {200: 30}
            logged = program.log_bytes()
            ballast.fill()
            full = load.send(kinds_of(MOSTLY_LARGE, writes), random_notes)
            read = load.send(kinds_of([*READS], writes))
            assert program.web.ask("GET", "/health", {}, None) == 200
            per_request, per_s = logged_by(program, 2 * writes, logged)
            ballast.remove()
            again = load.send(kinds_of(MOSTLY_LARGE, writes), random_notes)
            load.check_refusals()
            stored = load.check_stored(settings, exactly=True)
            turn_s = program.turn_s()
            program.check_processes()
            check_books(create_app(settings))
        refused = sum(status in REFUSED for status in statuses_of(full).elements())
        report(
            f"{refused} of {writes} writes refused on a full disk, {statuses_of(read)[200]} of"
            f" {writes} reads answered; {per_request:.0f} bytes logged for a request,"
            f" {per_s:.0f} for an idle second; {statuses_of(again)[201]} of {writes} writes"
            f" afterwards, {stored} acknowledged and stored; a turn took {turn_s:.1f} s"
        )
        assert refused > writes / 2, statuses_of(full)
        assert statuses_of(read) == {200: writes}
        assert statuses_of(again) == {201: writes}
        assert per_request <= LOG_BYTES_PER_REQUEST_MAX
        assert per_s <= LOG_BYTES_PER_S_MAX


def test_a_full_disk_of_the_log_refuses_until_there_is_space(
    tmp_path: Path, rounds: Rounds, report: Report
) -> None:
    writes = max(WRITES_MIN, rounds(WRITES))
    with server_on_small_disk(tmp_path, is_for_data=False) as (server, ballast):
        with (
            fresh_database(server.urls, tmp_path) as settings,
            site(settings, tmp_path) as program,
        ):
            load = program.load
            assert statuses_of(load.send(kinds_of([*TABLES], 30))) == {201: 30}
            logged = program.log_bytes()
            ballast.fill()
            full: list[Attempt] = []
            for _ in range(writes // AT_ONCE):
                full += load.send(kinds_of([*TABLES], AT_ONCE))
                with suppress(psycopg.OperationalError):
                    server.tell("select pg_switch_wal()")  # the next write needs a new file
            assert program.web.ask("GET", "/health", {}, None) == 200
            per_request, per_s = logged_by(program, writes, logged)
            ballast.remove()
            server.start()  # PostgreSQL has ended itself, and whoever runs it starts it again
            up = time.monotonic()
            wait(
                lambda: load.send(["enquiry"])[0].is_success,
                program.web.log_end,
                WORKS_WITHIN_S,
            )
            again_s = time.monotonic() - up
            again = load.send(kinds_of([*TABLES], writes))
            load.check_refusals()
            stored = load.check_stored(settings)
            turn_s = program.turn_s()
            program.check_processes()
            check_books(create_app(settings))
        refused = sum(status in REFUSED for status in statuses_of(full).elements())
        report(
            f"{refused} of {writes} writes refused while the log found no space;"
            f" {per_request:.0f} bytes logged for a request, {per_s:.0f} for an idle second; first"
            f" write {again_s:.2f} s after the start, {statuses_of(again)[201]} of {writes} writes"
            f" afterwards, {stored} acknowledged and stored; a turn took {turn_s:.1f} s"
        )
        assert refused > writes / 2, statuses_of(full)
        assert statuses_of(again) == {201: writes}
        assert per_request <= LOG_BYTES_PER_REQUEST_MAX
        assert per_s <= LOG_BYTES_PER_S_MAX
