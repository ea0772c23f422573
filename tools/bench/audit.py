"""Benchmark of the audit log with 1,000 and with 100,000 events.

The API list, the page and the CSV file are measured. The list and the page must take about the same
time at both sizes. The larger file must need little more memory than the smaller file.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.bench import cast, probes
from tools.bench.cast import Person
from tools.bench.figures import Figure, percentile
from tools.bench.files import fetch
from tools.bench.ground import BenchFailed, Ground, Installation, Web
from tools.bench.load import Call, always, as_json, browser_cookie, take_turns

SMALL, LARGE = 1_000, 100_000
ROOM = 100  # events below the limit of a file, because the benchmark adds some itself
READINGS, FILES = 120, 3
GROWTH_MAX, STATEMENTS_MAX, PAGE_STATEMENTS_MAX, COUNTING_MAX_MS = 1.2, 3, 6, 40
MEMORY_MAX_MIB, BEGINNING_MAX_MS = 32, 250


def measure(ground: Ground) -> Iterator[Figure]:
    """Measure two agencies of one database, one with few and one with many events."""
    with ground.installation() as here:
        short, long = cast.agencies(here, 2)
        for person, events in ((short, SMALL), (long, LARGE)):
            cast.write_events(here, person, events - ROOM)
        with here.as_owner() as connection:
            connection.execute("vacuum analyze")  # the server does it by itself, later
        with here.serve() as web:
            yield from _readings(here, web, short, long)
            yield from _files(web, short, long)


def _readings(here: Installation, web: Web, short: Person, long: Person) -> Iterator[Figure]:
    cookies = {
        person: browser_cookie(web.port, person.email, cast.PASSWORD) for person in (short, long)
    }
    one_kind = f"kind={cast.KINDS[0]}"

    def page(person: Person, query: str = "") -> Call:
        return Call("GET", f"/audit?{query}", {"Cookie": cookies[person]})

    whole = {
        "list": [as_json("GET", "/api/audit", person.token) for person in (short, long)],
        "page": [page(person) for person in (short, long)],
        "page, one kind": [page(person, one_kind) for person in (short, long)],
    }
    for name, calls in whole.items():
        small, large = take_turns([(web.port, always(call)) for call in calls], rounds=READINGS)
        yield Figure(f"{name}: at {SMALL:,} events, p50", small.ms(0.5), "ms")
        yield Figure(f"{name}: at {LARGE:,} events, p50", large.ms(0.5), "ms")
        yield Figure(
            f"{name}: the second ÷ the first",
            large.ms(0.5) / small.ms(0.5),
            "×",
            at_most=GROWTH_MAX,
        )
    counting = as_json("GET", f"/api/audit?{one_kind}", long.token)
    (counted,) = take_turns([(web.port, always(counting))], rounds=READINGS)
    yield Figure(
        f"list, one kind, its exact total counted among {LARGE:,}, p50",
        counted.ms(0.5),
        "ms",
        at_most=COUNTING_MAX_MS,
    )
    yield Figure(
        "list: statements", probes.statements(here, *[whole["list"][1]] * 2), at_most=STATEMENTS_MAX
    )
    yield Figure(
        "page: statements",
        probes.statements(here, *[whole["page"][1]] * 2),
        at_most=PAGE_STATEMENTS_MAX,
    )


def _files(web: Web, short: Person, long: Person) -> Iterator[Figure]:
    for _ in range(
        2 * FILES
    ):  # each process has made a short file, and none a long one, before anything is compared
        fetch(web.port, _file(short))
    peaks, rates, firsts = [], [], []
    for person in (short, long):
        probes.forget_peaks(web.pids)
        for _ in range(FILES):
            rows, first_s, whole_s = fetch(web.port, _file(person))
            if person is long:
                rates.append(rows / whole_s)
                firsts.append(first_s)
        peaks.append(probes.peak_mib(web.pids))
    if rows < LARGE - ROOM:
        raise BenchFailed(f"the file had {rows} rows")
    yield Figure(f"file of {rows:,} events: rows, p50", percentile(rates, 0.5), "/s")
    yield Figure(
        "… first events there, p50", percentile(firsts, 0.5) * 1000, "ms", at_most=BEGINNING_MAX_MS
    )
    yield Figure(f"web process, peak while {SMALL:,} events are exported", peaks[0], "MiB")
    yield Figure(
        "… beyond that, while the long file is", peaks[1] - peaks[0], "MiB", at_most=MEMORY_MAX_MIB
    )


def _file(person: Person) -> Call:
    return as_json("GET", "/api/audit/export.csv", person.token)
