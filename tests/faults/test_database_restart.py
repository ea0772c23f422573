"""A database server that ends at once and starts again, under load."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.conftest import Report, Rounds
from tests.faults.load import BROKEN, CLIENTS, check_books, site
from tests.faults.server import Server
from voyagent.factory import create_app
from voyagent.kernel.config import Settings

RESTARTS = 2
WINDOW_S, WINDOW_MIN_S = 20, 8
ANSWERS_WITHIN_S = 3.0
NO_ERROR_AFTER_S = 5.0


def test_a_restart_of_the_database_causes_refusals_only(
    own_server: Server, own_database: Settings, tmp_path: Path, rounds: Rounds, report: Report
) -> None:
    window_s = max(WINDOW_MIN_S, rounds(WINDOW_S))
    outages: list[tuple[float, float]] = []
    with site(own_database, tmp_path) as program:
        load = program.load
        with load.running():
            time.sleep(window_s / 2)
            for _ in range(RESTARTS):
                since = time.monotonic()
                own_server.restart_at_once()
                outages.append((since, time.monotonic()))
                time.sleep(window_s)
        turn_s = program.turn_s()
        program.check_processes()
    statuses = load.check_refusals()
    stored = load.check_stored(own_database)
    check_books(create_app(own_database))
    again_s = [load.seconds_until_success(up) for _, up in outages]
    ends = [*(down for down, _ in outages[1:]), float("inf")]
    late = [
        load.failed_in(up + NO_ERROR_AFTER_S, end)
        for (_, up), end in zip(outages, ends, strict=True)
    ]
    report(
        f"{len(load.attempts)} requests of {CLIENTS} clients, {RESTARTS} restarts of"
        f" {', '.join(f'{up - down:.1f}' for down, up in outages)} s: {statuses[503]} answers of"
        f" 503, {statuses[BROKEN]} broken connections, no other failure; {stored} acknowledged"
        f" writes stored; first success {max(again_s):.2f} s after the start at the latest; a turn"
        f" afterwards took {turn_s:.1f} s"
    )
    assert statuses[503] >= RESTARTS, "no request met the fault"
    assert max(again_s) <= ANSWERS_WITHIN_S
    assert late == [[]] * RESTARTS
