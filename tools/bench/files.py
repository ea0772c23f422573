"""Benchmark of streamed files: lines per second, time to the first lines, memory.

The memory is that of a web process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from tools.bench import probes
from tools.bench.figures import Figure, percentile
from tools.bench.ground import BenchFailed, Web
from tools.bench.load import Call, connected

FIRST, PIECE = 4_096, 65_536  # the first piece is longer than the header, so it has lines
FILES = 3
LINES_MIN, BEGINNING_MAX_MS, MEMORY_MAX_MIB = 300_000, 50, 8


def measure(web: Web, name: str, call: Call, *, is_judged: bool) -> Iterator[Figure]:
    """Measure the download of one file several times.

    The number of lines per second has a target only if `is_judged` is true, because a short file
    does not show the speed.
    """
    for _ in range(2 * FILES):  # each process has made the file before anything is measured
        fetch(web.port, call)
    probes.forget_peaks(web.pids)
    before = {pid: probes.peak_mib([pid]) for pid in web.pids}
    downloads = [fetch(web.port, call) for _ in range(FILES)]
    more = max(probes.peak_mib([pid]) - before[pid] for pid in web.pids)
    lines = downloads[0][0]
    yield Figure(f"{name}: lines", lines)
    yield Figure(
        "… a second, p50",
        percentile([lines / whole_s for _, _, whole_s in downloads], 0.5),
        "/s",
        at_least=LINES_MIN if is_judged else None,
    )
    yield Figure(
        "… first lines there, p50",
        percentile([first_s for _, first_s, _ in downloads], 0.5) * 1000,
        "ms",
        at_most=BEGINNING_MAX_MS,
    )
    yield Figure(
        "… memory of a web process beyond what it had", more, "MiB", at_most=MEMORY_MAX_MIB
    )


def fetch(port: int, call: Call) -> tuple[int, float, float]:
    """Download a whole file and discard the contents.

    Returns the number of lines without the header, the seconds until the first lines, and the
    seconds until the end. Raises BenchFailed.
    """
    with connected(port) as connection:
        began = time.perf_counter()
        connection.request(call.method, call.path, headers=dict(call.headers))
        answer = connection.getresponse()
        piece = answer.read(FIRST)
        first_s, lines = time.perf_counter() - began, 0
        if answer.status != call.expects:
            raise BenchFailed(f"{call.path} was answered by {answer.status}")
        while piece:
            lines += piece.count(b"\n")  # no cell has a line break
            piece = answer.read(PIECE)
        return lines - 1, first_s, time.perf_counter() - began
