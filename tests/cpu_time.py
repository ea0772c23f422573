"""CPU time that a piece of work takes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object], *, calls: int = 1) -> float:
    """Return the CPU time of the thread in seconds, the least of several calls.

    No garbage is collected meanwhile. A full collection takes about a second in a process that has
    run many tests, and begins at any moment.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return min(_once(work) for _ in range(calls))
    finally:
        if was_on:
            gc.enable()


def _once(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
