"""People who work during a fault, and the time that their requests take."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.faults.web import Web
from tests.people import Person

PAUSE_S = 0.4
TIMES_SLOWER = 2.0


def work(web: Web, people: Sequence[Person], seconds: float, seeded: random.Random) -> list[float]:
    """Let all people send a request now and then; return the seconds of each."""
    until = time.monotonic() + seconds

    def go(person: Person, dice: random.Random) -> list[float]:
        took = []
        while time.monotonic() < until:
            time.sleep(dice.uniform(0, 2 * PAUSE_S))
            since = time.perf_counter()
            assert web.answer("GET", "/api/enquiries", person=person).status == 200
            took.append(time.perf_counter() - since)
        return took

    dice = [random.Random(seeded.random()) for _ in people]  # noqa: S311
    with ThreadPoolExecutor(len(people)) as pool:
        return [took for of_one in pool.map(go, people, dice) for took in of_one]


@contextmanager
def repeating(act: Callable[[], int], pause_s: float) -> Iterator[tuple[Counter[int], list[float]]]:
    """Repeat a request until the block ends; collect each status and its seconds."""
    over, statuses, took = threading.Event(), Counter[int](), list[float]()

    def go() -> None:
        while not over.wait(pause_s):
            since = time.perf_counter()
            statuses[act()] += 1
            took.append(time.perf_counter() - since)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(go)
        try:
            yield statuses, took
        finally:
            over.set()
        working.result()


def p95(seconds: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return sorted(seconds)[int(len(seconds) * 0.95)]
