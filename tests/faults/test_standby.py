"""Reads of a standby that falls behind or is killed, under load."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import Report, Rounds
from tests.faults.load import CLIENTS, READS, Site, check_books, site
from tests.faults.web import Web
from tests.people import People, Person
from tests.standby import Pair, pair_of_servers
from voyagent.factory import create_app
from voyagent.http.after import HEADER

WINDOW_S, WINDOW_MIN_S = 40, 6
BEHIND_S, AGE_MAX_S = 6.0, 3.0
STARTS_WITHIN_S = 20.0
LIMIT = 100


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with pair_of_servers(tmp_path) as made:
        yield made


class Watch:
    """One person writes and reads the own writes; a colleague reads all that time."""

    def __init__(self, web: Web, writer: Person, colleague: Person) -> None:
        self._web, self._writer, self._colleague = web, writer, colleague
        self._acknowledged: dict[str, float] = {}
        self._over = threading.Event()
        self.own = self.others = self.behind = 0
        self.oldest_s = 0.0

    def until(self, end: float) -> None:
        """Write and read until the time of `time.monotonic`."""
        with ThreadPoolExecutor(2) as pool:
            working = [pool.submit(self._write), pool.submit(self._read)]
            time.sleep(max(0.0, end - time.monotonic()))
            self._over.set()
            for one in working:
                one.result()

    def _write(self) -> None:
        while not self._over.wait(0.05):
            body = {"customer_name": "Ravi"}
            made = self._web.answer("POST", "/api/enquiries", body, person=self._writer)
            assert made.status == 201, made.content
            self._acknowledged[made.json["id"]] = time.monotonic()
            sent = {HEADER: made.headers[HEADER]}
            assert made.json["id"] in self._ids(self._writer, **sent), "an own write is missing"
            self.own += 1

    def _read(self) -> None:
        while not self._over.wait(0.05):
            before = dict(self._acknowledged)
            began = time.monotonic()
            shown = self._ids(self._colleague)
            ages = [began - at for id_, at in before.items() if id_ not in shown]
            # The list has the newest only, and all of them are newer than those left out.
            if len(shown) < LIMIT:
                self.oldest_s = max(self.oldest_s, *ages, 0.0)
                self.behind += bool(ages)
            self.others += 1

    def _ids(self, person: Person, **headers: str) -> set[str]:
        path = f"/api/enquiries?limit={LIMIT}"
        found = self._web.answer("GET", path, person=person, **headers)
        assert found.status == 200, found.content
        return {one["id"] for one in found.json["items"]}


def test_a_standby_that_falls_behind_hides_no_own_write_and_nothing_old(
    pair: Pair, tmp_path: Path, report: Report
) -> None:
    with site(pair.settings, tmp_path) as program:
        until_read(program)
        people = People(create_app(pair.settings))
        writer = people.sign_up("Asha Owner", agency="Asha Travels")
        watch = Watch(program.web, writer, people.colleague(writer, "Bina", role="agent"))
        pair.catch_up()
        with pair.paused():
            watch.until(time.monotonic() + BEHIND_S)
        counts = fallbacks(program.web)
    report(
        f"replay paused for {BEHIND_S:.0f} s: {watch.own} own writes were all shown at once;"
        f" {watch.behind} of {watch.others} reads of a colleague lacked a write, the oldest of"
        f" {watch.oldest_s:.2f} s; fallbacks {counts}"
    )
    assert watch.behind, "the standby was not read while it was behind"
    assert watch.oldest_s <= AGE_MAX_S
    assert counts["not_replayed"]
    assert counts["stale"]


def test_no_read_fails_when_a_standby_is_killed(
    pair: Pair, tmp_path: Path, rounds: Rounds, report: Report
) -> None:
    window_s = max(WINDOW_MIN_S, rounds(WINDOW_S))
    with site(pair.settings, tmp_path) as program:
        load = program.load
        until_read(program)
        with load.running():
            time.sleep(window_s)
            killed = time.monotonic()
            pair.standby.kill()
            time.sleep(window_s)
            pair.standby.start()
            time.sleep(window_s)
        counts = fallbacks(program.web)
        until_read(program)
        program.check_processes()
    failed = [one for one in load.attempts if one.kind in READS and not one.is_success]
    statuses = load.check_refusals()
    stored = load.check_stored(pair.settings)
    check_books(create_app(pair.settings))
    slowest = max(one.ended - one.began for one in load.attempts if one.began >= killed)
    report(
        f"{len(load.attempts)} requests of {CLIENTS} clients: {len(failed)} failed reads,"
        f" {statuses[503]} answers of 503 to writes; {stored} acknowledged writes are stored;"
        f" fallbacks {counts}; slowest request after the kill {slowest:.2f} s"
    )
    assert failed == []
    assert counts["down"]
    assert {one.kind for one in load.attempts if one.began >= killed} >= set(READS)


def until_read(program: Site) -> None:
    """Wait until the standby answers reads, which needs a heartbeat of the worker."""
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        before = sum(fallbacks(program.web).values())
        for _ in range(8):
            assert program.load.send(["list"])[0].is_success
        if sum(fallbacks(program.web).values()) == before:
            return
        time.sleep(0.5)
    raise AssertionError(fallbacks(program.web))


def fallbacks(web: Web) -> dict[str, int]:
    """Return the reads that the primary answered in place of the standby, by reason."""
    found = re.findall(
        r'^voyagent_read_fallbacks_total\{reason="(\w+)"\} ([0-9.]+)$', web.metrics(), re.MULTILINE
    )
    return {reason: int(float(number)) for reason, number in found}
