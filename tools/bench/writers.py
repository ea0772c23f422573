"""Many connections that write for one agency, without the web.

They repeat the recorded statements of an act. Each repetition gets new ids, so that it inserts new
rows. Each act is one message to the database, and many connections send at once. A commit takes a
millisecond, as on a usual disk: on a faster disk, PostgreSQL is set to wait before each commit
(`commit_delay`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from tools.bench import bare, probes
from tools.bench.bare import Sent
from tools.bench.figures import Figure, Timings
from tools.bench.ground import Installation, admin
from tools.bench.load import Call
from voyagent.kernel.ids import new_id

WRITERS, SECONDS, WARM_UP = 16, 4.0, 3
COMMIT_S = 0.001
WRITES_MIN = 400
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


def measure(
    here: Installation, size: int, acts: dict[str, Call], commit_s: float
) -> Iterator[Figure]:
    """Measure acts per second of all writers of one agency, and count deadlocks.

    `acts` has the request of each act by name. `commit_s` is the measured time of a commit on this
    disk, in seconds.
    """
    before = here.count(_DEADLOCKS)
    with _slowed(here, max(0.0, COMMIT_S - commit_s)):
        for name, call in acts.items():
            timings = _write(here, *[probes.answered(here, call) for _ in range(2)])
            yield Figure(
                f"{name} at {size:,}, in the database: one agency, {WRITERS} writers",
                timings.rate,
                "/s",
                at_least=WRITES_MIN,
            )
            yield Figure("… one, p50", timings.ms(0.5), "ms")
    time.sleep(1)  # a connection reports its counts when it ends
    yield Figure(f"deadlocks at {size:,}", here.count(_DEADLOCKS) - before, at_most=0)


def renewed(sent: Sent, keys: set[str]) -> Sent:
    """Return statements in which each id of `keys` is replaced by a new id.

    An id is replaced wherever it occurs in the values of the statements.
    """
    new = {key: str(new_id()) for key in keys}

    def value(old: Any) -> Any:
        if isinstance(old, UUID):
            return UUID(new.get(str(old), str(old)))
        return (
            _KEY.sub(lambda found: new.get(found[0], found[0]), old)
            if isinstance(old, str)
            else old
        )

    return [(query, {name: value(old) for name, old in values.items()}) for query, values in sent]


def made_anew(first: Sent, second: Sent) -> set[str]:
    """Return the ids that occur only in the second of two recordings of an act.

    The act has created these ids. The other ids belong to existing records.
    """
    return _keys(second) - _keys(first)


def _keys(sent: Sent) -> set[str]:
    return {
        key
        for _, values in sent
        for value in values.values()
        if isinstance(value, str | UUID)
        for key in _KEY.findall(str(value))
    }


def _write(here: Installation, first: Sent, second: Sent) -> Timings:
    keys = made_anew(first, second)
    begin = time.monotonic() + 1
    with ThreadPoolExecutor(WRITERS) as threads:
        running = [
            threads.submit(_repeat, here, second, keys, begin, begin + SECONDS)
            for _ in range(WRITERS)
        ]
        return Timings(tuple(took for one in running for took in one.result()), SECONDS)


def _repeat(
    here: Installation, sent: Sent, keys: set[str], begin: float, end: float
) -> list[float]:
    took = []
    with bare.connected(here) as connection:
        for _ in range(WARM_UP):
            _act(connection, renewed(sent, keys))
        time.sleep(max(0.0, begin - time.monotonic()))
        while (began := time.monotonic()) < end:
            _act(connection, renewed(sent, keys))
            took.append(time.monotonic() - began)
    return took


def _act(connection: psycopg.Connection[Any], sent: Sent) -> None:
    """Send one act as one message and one transaction, as the read pool does.

    The call returns when the commit is confirmed.

    Raises psycopg.Error if a statement failed.
    """
    with connection.pipeline():
        for query, values in sent:
            connection.execute(query, values)


@contextmanager
def _slowed(here: Installation, delay_s: float) -> Iterator[None]:
    """Delay each commit of connections that are opened in the block.

    The delay comes before the commit is written to the disk.
    """
    with admin(here) as connection:
        (name,) = connection.execute("select current_database()").fetchone() or ("",)
        for setting, value in (
            ("commit_delay", round(delay_s * 1_000_000)),
            ("commit_siblings", 0),
        ):
            connection.execute(f"alter database {name} set {setting} = {value}".encode())
        try:
            yield
        finally:
            for setting in ("commit_delay", "commit_siblings"):
                connection.execute(f"alter database {name} reset {setting}".encode())
