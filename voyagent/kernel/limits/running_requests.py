"""Precedence of short requests over exports in the same process.

An export uses much processor time. Without a pause between its pieces, each request that another
person sends meanwhile would take about twice as long.
"""

from __future__ import annotations

import time
from threading import Condition
from types import TracebackType

PAUSE_S = 0.02


class RunningRequests:
    """Context manager that counts running requests, so that long work can wait.

    Each request is handled in a block of it. Long work, such as an export, calls `give_way` between
    its pieces. A streamed response, such as an export or an event stream, is sent after its request
    was handled, so it does not count as a running request.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._number = 0
        self._began = 0.0

    def __enter__(self) -> None:
        with self._changed:
            self._number += 1
            self._began = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changed:
            self._number -= 1
            if not self._number:
                self._changed.notify_all()

    def give_way(self) -> None:
        """Wait until no request runs.

        The wait ends at most PAUSE_S seconds after the beginning of the newest request. A request
        that itself waits for something long therefore does not stop an export.
        """
        with self._changed:
            left_s = self._began + PAUSE_S - time.monotonic()
            if self._number and left_s > 0:
                self._changed.wait_for(lambda: not self._number, left_s)


running_requests = RunningRequests()
"""The requests of this process."""
