"""Run the parts that BENCH names, or all parts, and print each figure.

The exit code is 1 if a figure misses its target, and 2 if BENCH names an unknown part.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

from tools.bench import acts, audit, disk, metrics, operations, size
from tools.bench.figures import Figure, exit_code, missed
from tools.bench.ground import Ground, commit_time, ground

QUIET = 0.5
CAUTION = ": times and rates are worse than this machine's; work and ratios less so"
PARTS: dict[str, Callable[[Ground], Iterator[Figure]]] = {
    "acts": acts.measure,
    "audit": audit.measure,
    "operations": operations.measure,
    "metrics": metrics.measure,
    "disk": disk.measure,
    "size": size.measure,
}


def main(wanted: str) -> int:
    """Run the parts named in `wanted`, print each figure, and return the exit code.

    The names are separated by spaces or commas. An empty text means all parts.
    """
    names = wanted.replace(",", " ").split() or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        print(f"BENCH knows {', '.join(PARTS)}, and not {', '.join(unknown)}.", file=sys.stderr)
        return 2
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # so that everything that was started is stopped
    began = time.monotonic()
    with ground() as here:
        busy = os.getloadavg()[0]
        print(
            f"\n{os.cpu_count()} cores, of which other programs wanted {busy:.1f} in the last"
            f" minute{'' if busy < QUIET else CAUTION}."
        )
        lines = [_tell(commit_time(here))]
        for name in names:
            print(f"\n{name}", flush=True)
            lines += [_tell(figure) for figure in PARTS[name](here)]
    failed = missed(lines)
    judged = sum(figure.has_target for figure in lines)
    print(
        f"\n{judged - len(failed)} of {judged} targets met in {time.monotonic() - began:.0f} s.",
        flush=True,
    )
    for figure in failed:
        print(f"missed: {figure.row().strip()}")
    return exit_code(lines)


def _tell(figure: Figure) -> Figure:
    print(figure.row(), flush=True)
    return figure


if __name__ == "__main__":
    sys.exit(main(os.environ.get("BENCH", "")))
