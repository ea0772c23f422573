"""The program behind PgBouncer, under load, and when PgBouncer is killed."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest

from tests.faults.conftest import Report, Rounds
from tests.faults.load import BROKEN, READS, TABLES, check_books, site
from tests.faults.work import p95, repeating
from tests.pgbouncer import PROGRAM, pooled_database
from voyagent.factory import create_app

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed")
SECONDS, SECONDS_MIN = 60, 10
CLIENTS = 8
DOWN_S = 3.0
TURN_STARTS_WITHIN_S, TIMES_A_REQUEST = 1.5, 5
WORKS_WITHIN_S = 5.0


@pytest.mark.parametrize("listens", [True, False], ids=["listens", "polls"])
def test_pgbouncer_causes_refusals_only_while_it_is_down(
    server_urls: tuple[str, str], tmp_path: Path, rounds: Rounds, report: Report, listens: bool
) -> None:
    starts: list[float] = []
    with pooled_database(server_urls, tmp_path) as pooler:
        listen_url = pooler.direct if listens else None
        settings = pooler.settings.model_copy(update={"db_listen_url": listen_url})
        with site(settings, tmp_path) as program:
            web, load, people = program.web, program.load, program.people

            def export() -> int:
                return web.answer("GET", "/api/audit/export.csv", person=people[0]).status

            def talk() -> int:
                starts.append(web.turn(people[1])[0])
                return 200

            program.turn_s()  # the worker has started
            with load.running(CLIENTS), repeating(export, 0.1) as (exports, _), repeating(talk, 1):
                time.sleep(max(SECONDS_MIN, rounds(SECONDS)))
            assert load.failed_in(0) == []
            start_s = median(starts)
            request_s = p95([attempt.ended - attempt.began for attempt in load.attempts])
            with load.running(CLIENTS):
                time.sleep(1)
                pooler.server.kill()
                time.sleep(DOWN_S)
                probe = web.answer("GET", "/health/db").status
                pooler.server.start()
                up = time.monotonic()
                time.sleep(2 * WORKS_WITHIN_S)
            turn_s = program.turn_s()
            program.check_processes()
        statuses = load.check_refusals()
        stored = load.check_stored(settings)
        check_books(create_app(settings))
    again_s = [load.seconds_until_success(up, *kinds) for kinds in (READS, TABLES)]
    report(
        f"{len(load.attempts)} requests of {CLIENTS} clients and {exports.total()} exports;"
        f" {len(starts)} turns started after {start_s:.2f} s (median), p95 of the requests"
        f" {request_s:.2f} s; {statuses[503]} answers of 503 while PgBouncer was killed, {stored}"
        f" acknowledged writes stored; first read {again_s[0]:.2f} s and first write"
        f" {again_s[1]:.2f} s after its start; a turn afterwards took {turn_s:.1f} s"
    )
    assert set(exports) == {200}
    assert start_s <= max(TURN_STARTS_WITHIN_S, TIMES_A_REQUEST * request_s)
    assert probe == 503
    assert statuses[503], "no request met the fault"
    assert statuses[BROKEN] == 0
    assert max(again_s) <= WORKS_WITHIN_S
    assert load.failed_in(up + WORKS_WITHIN_S) == []
