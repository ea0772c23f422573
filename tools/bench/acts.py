"""Audited acts per minute, for one agency and for fifty agencies.

The target is 10,000 audit events a minute on two cores. The audit log of one agency must not delay
another agency. An act logs an enquiry: it writes a row, a counter, and an event in the agency's
hash chain.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tools.bench import cast, probes
from tools.bench.cast import Person
from tools.bench.figures import Figure, Timings, joined
from tools.bench.ground import Ground, Installation
from tools.bench.load import Call, Caller, as_json, drive, drive_beside
from tools.bench.workers import Workers, act
from voyagent.audit.service import checks

PER_SECOND = 10_000 / 60
AGENCIES = 50
PROCESSES, THREADS = 2, 4
CONNECTIONS, CALM, CROWD = 16, 4, 44
CORES = 2
SECONDS, NEIGHBOUR_SECONDS, ROUNDS = 4.0, 2.5, 2
HELD_S = 1.0


def measure(ground: Ground) -> Iterator[Figure]:
    """Measure acts by calls of the service in several processes, then over HTTP."""
    with ground.installation() as here:
        people = cast.agencies(here, AGENCIES)
        before = _written(here)
        with Workers(here.settings, PROCESSES + 1) as workers:
            done = 0
            for name, some in _scopes(people):
                timings = _acting(ground, workers, some)
                done += len(timings.seconds)
                yield from _throughput(
                    f"{name}, by the service ({PROCESSES} processes × {THREADS})", timings
                )
            more, figures = _neighbours(workers, people)
            yield from figures
        yield Figure(
            "acts that left no event, or events of no act",
            abs(_written(here) - before - done - more),
            at_most=0,
        )
        yield from _held(here, people)
        with here.serve() as web:
            for name, some in _scopes(people):
                with probes.working(lambda: (*web.pids, *ground.database_pids())) as worked_s:
                    timings = drive(
                        web.port, _logging(some), connections=CONNECTIONS, seconds=SECONDS
                    )
                    timings = replace(timings, work_s=worked_s())
                yield from _throughput(f"{name}, over HTTP ({CONNECTIONS} connections)", timings)
            yield from _crowd(web.port, people)
        yield from _sound(here, people)


def _scopes(people: Sequence[Person]) -> list[tuple[str, Sequence[Person]]]:
    return [("one agency", people[:1]), (f"{AGENCIES} agencies", people)]


def _acting(ground: Ground, workers: Workers, people: Sequence[Person]) -> Timings:
    actors = [person.actor for person in people]
    with probes.working(ground.database_pids) as worked_s:
        parts = workers.act(
            *[(actors[n::PROCESSES] or actors, THREADS, True) for n in range(PROCESSES)],
            seconds=SECONDS,
        )
        return joined(parts, SECONDS, work_s=worked_s() + sum(part.work_s for part in parts))


def _throughput(name: str, timings: Timings) -> Iterator[Figure]:
    yield Figure(f"audited acts of {name}", timings.rate, "/s", at_least=PER_SECOND)
    yield Figure(
        "… cores that 10,000 a minute keep busy, PostgreSQL included",
        timings.work_ms / 1000 * PER_SECOND,
        at_most=CORES,
    )
    yield Figure("… one act, p50", timings.ms(0.5), "ms")
    yield Figure("… one act, p99", timings.ms(0.99), "ms")


def _neighbours(workers: Workers, people: Sequence[Person]) -> tuple[int, list[Figure]]:
    """Measure the acts of agency B while agency A acts without a pause.

    The acts of A are audited and, for comparison, not audited. Acts that are not audited write
    their rows, but no events to the hash chain. Returns the number of audited acts, and the
    figures.
    """
    busy, calm = [people[0].actor], [people[1].actor]
    seen: dict[str, list[Timings]] = {"alone": [], "beside rows": [], "beside acts": []}
    done = 0
    for _ in range(ROUNDS):
        for name, (threads, audited) in {
            "alone": (0, True),
            "beside rows": (THREADS, False),
            "beside acts": (THREADS, True),
        }.items():
            ours, *theirs = workers.act(
                (calm, 1, True), *[(busy, threads, audited)] * PROCESSES, seconds=NEIGHBOUR_SECONDS
            )
            seen[name].append(ours)
            done += len(ours.seconds) + sum(len(part.seconds) for part in theirs if audited)
    b = {name: joined(parts, ROUNDS * NEIGHBOUR_SECONDS) for name, parts in seen.items()}
    figures = [
        Figure(f"an act of B {name}, p{share * 100:.0f}", timings.ms(share), "ms")
        for name, timings in b.items()
        for share in (0.5, 0.99)
    ]
    for share in (0.5, 0.99):
        ratio = b["beside acts"].ms(share) / b["beside rows"].ms(share)
        figures.append(
            Figure(
                f"B's p{share * 100:.0f} beside A's audited acts ÷ beside A's rows without audit",
                ratio,
                "×",
                at_most=2,
            )
        )
    return done, figures


def _held(here: Installation, people: Sequence[Person]) -> Iterator[Figure]:
    """Lock the head of agency A's hash chain for HELD_S seconds and measure acts.

    An act of A must wait for the lock. Acts of agency B must not.
    """
    a, b = people[0], people[1]
    act(here.app, b.actor)
    with ThreadPoolExecutor(2) as threads:
        with cast.as_program(here, a) as holder:
            holder.execute("select from audit_heads for update")
            until = time.monotonic() + HELD_S
            waiting = threads.submit(act, here.app, a.actor)
            acting = threads.submit(_act_until, here, b, until)
            time.sleep(HELD_S)
            holder.rollback()
        waited_s, slowest_s = waiting.result(), acting.result()
    yield Figure(
        f"an act of A while the end of A's chain is held for {HELD_S:.0f} s",
        waited_s * 1000,
        "ms",
        at_least=HELD_S * 900,
    )
    yield Figure("B's slowest act meanwhile", slowest_s * 1000, "ms", at_most=HELD_S * 250)


def _act_until(here: Installation, person: Person, until: float) -> float:
    slowest_s = 0.0
    while time.monotonic() < until:
        slowest_s = max(slowest_s, act(here.app, person.actor))
    return slowest_s


def _crowd(port: int, people: Sequence[Person]) -> Iterator[Figure]:
    """Measure the requests of agency B while CROWD other connections send requests.

    The measurement is made twice: the other connections send for many agencies, and they send for
    agency A only. In the second case, all their acts wait for one hash chain.
    """
    ours, one, many = _logging(people[1:2]), _logging(people[:1]), _logging(people[2:])
    spread: list[Timings] = []
    queued: list[Timings] = []
    for _ in range(ROUNDS):
        for caller, parts in ((many, spread), (one, queued)):
            parts.append(
                drive_beside(
                    port, ours, caller, connections=(CALM, CROWD), seconds=NEIGHBOUR_SECONDS
                )
            )
    calm, busy = (joined(parts, ROUNDS * NEIGHBOUR_SECONDS) for parts in (spread, queued))
    yield Figure(
        f"B's request beside {CROWD} connections of {AGENCIES - 2} agencies, p50",
        calm.ms(0.5),
        "ms",
    )
    yield Figure(
        f"B's request beside {CROWD} connections of agency A alone, p50", busy.ms(0.5), "ms"
    )
    for share in (0.5, 0.99):
        yield Figure(
            f"… the second ÷ the first, p{share * 100:.0f}",
            busy.ms(share) / calm.ms(share),
            "×",
            at_most=2,
        )


def _sound(here: Installation, people: Sequence[Person]) -> Iterator[Figure]:
    """Check that there was no deadlock and that the longest hash chain is valid."""
    yield Figure(
        "deadlocks",
        here.count("select deadlocks from pg_stat_database where datname = current_database()"),
        at_most=0,
    )
    with here.app.app_context():
        verdict = checks.walk(people[0].actor.tenant_id)
    yield Figure("events in A's chain", verdict.seq)
    yield Figure("breaks in A's chain", 0 if verdict.ok else 1, at_most=0)


def _logging(people: Sequence[Person]) -> Caller:
    body = {
        "customer_name": "Meera Nair",
        "origin": "BLR",
        "destination": "SIN",
        "depart_date": "2027-03-01",
        "pax_count": 2,
    }
    calls = [
        as_json("POST", "/api/enquiries", person.token, body, expects=201) for person in people
    ]

    def call(n: int) -> Call:
        return calls[n % len(calls)]

    return call


def _written(here: Installation) -> int:
    return here.count("select coalesce(sum(seq), 0) from audit_heads")
