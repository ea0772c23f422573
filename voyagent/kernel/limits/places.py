"""Places for work at the same time, of which each agency may hold only a share."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Hashable


class Places:
    """At most `total` places are held, and at most `share` of them by one party.

    A party is an agency or another caller. A free place goes to the waiting caller whose party
    holds the fewest, then to the one who waits longest. At most `waiting_max` callers of a party
    wait; further ones are refused at once, so that they do not occupy the threads of a process.
    """

    def __init__(self, total: int, share: int, *, waiting_max: int | None = None) -> None:
        self.total = total
        self.share = max(1, min(share, total))
        self._waiting_max = waiting_max
        self._changed = threading.Condition()
        self._held: Counter[Hashable] = Counter()
        self._waiting: list[tuple[Hashable, object]] = []

    def take(self, party: Hashable, wait_s: float) -> bool:
        """Take a place; return False if the party gets none within `wait_s` seconds."""
        ticket, until = (party, object()), time.monotonic() + wait_s
        with self._changed:
            waiting = sum(other == party for other, _ in self._waiting)
            if self._waiting_max is not None and waiting >= self._waiting_max:
                return False
            self._waiting.append(ticket)
            try:
                while self._next() is not ticket:
                    left_s = until - time.monotonic()
                    if left_s <= 0 or not self._changed.wait(left_s):
                        if self._next() is ticket:
                            break
                        return False
                self._held[party] += 1
                return True
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def release(self, party: Hashable) -> None:
        """Give back a place that the party has taken."""
        with self._changed:
            self._held[party] -= 1
            if self._held[party] <= 0:
                del self._held[party]
            self._changed.notify_all()

    def _next(self) -> tuple[Hashable, object] | None:
        """Return the waiting caller who gets the next free place, if there is one."""
        if self._held.total() >= self.total:
            return None
        able = [ticket for ticket in self._waiting if self._held[ticket[0]] < self.share]
        return min(able, key=lambda ticket: self._held[ticket[0]], default=None)
