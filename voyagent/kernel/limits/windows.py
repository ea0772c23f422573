"""Counters of sliding windows: in this process, in Redis, or in both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import redis
import structlog
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from voyagent.kernel import clock

REDIS_TIMEOUT_S = 0.2
PROBE_EVERY_S = 1.0
CONNECTIONS_MAX = 300
SWEEP_EVERY_S = 60
FAULTS = (redis.RedisError, OSError, ValueError, LookupError)
Answer = TypeVar("Answer")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of one caller: at most `amount` in any period of `seconds`.

    `key` contains a keyed hash, so that it does not reveal the caller.
    """

    key: str
    amount: int
    seconds: int


class Windows(Protocol):
    """Protocol of counters."""

    def take(self, window: Window) -> float | None:
        """Add one and return None; if the limit is reached, only return the seconds to wait."""

    def give_back(self, window: Window) -> None:
        """Remove the newest entry of the window."""

    def forget(self, window: Window) -> None:
        """Remove all entries of the window."""

    def holds(self, window: Window) -> bool:
        """Return True if the window has an entry now."""


@dataclass(slots=True)
class _Taken:
    seconds: int
    at: list[float] = field(default_factory=list)


class LocalWindows:
    """Exact counts in this process; the memory grows with the attempts within the windows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, _Taken] = {}
        self._swept_at = 0.0

    def take(self, window: Window) -> float | None:
        """Implement `Windows.take`."""
        now = _seconds()
        with self._lock:
            self._sweep(now)
            taken = self._taken.setdefault(window.key, _Taken(window.seconds))
            taken.at = [at for at in taken.at if at > now - window.seconds]
            if len(taken.at) >= window.amount:
                return taken.at[-window.amount] + window.seconds - now
            taken.at.append(now)
            return None

    def give_back(self, window: Window) -> None:
        """Implement `Windows.give_back`."""
        with self._lock:
            taken = self._taken.get(window.key)
            if taken is not None and taken.at:
                taken.at.pop()
            if taken is not None and not taken.at:
                del self._taken[window.key]

    def forget(self, window: Window) -> None:
        """Implement `Windows.forget`."""
        with self._lock:
            self._taken.pop(window.key, None)

    def holds(self, window: Window) -> bool:
        """Implement `Windows.holds`."""
        with self._lock:
            taken = self._taken.get(window.key)
            return taken is not None and any(at > _seconds() - window.seconds for at in taken.at)

    def _sweep(self, now: float) -> None:
        if abs(now - self._swept_at) < SWEEP_EVERY_S:
            return
        self._swept_at = now
        self._taken = {
            key: taken
            for key, taken in self._taken.items()
            if taken.at and taken.at[-1] > now - taken.seconds
        }


class SharedWindows(RedisStorage):
    """Counts in Redis, shared by all processes, with the scripts of the library `limits`.

    Methods raise the errors of the Redis client.
    """

    def __init__(self, url: str) -> None:
        super().__init__(
            url,
            key_prefix="voyagent:limits",
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type] # passed on to the client
            max_connections=CONNECTIONS_MAX,
        )

    def take(self, window: Window) -> float | None:
        """Implement `Windows.take`."""
        if self.acquire_entry(window.key, window.amount, window.seconds):
            return None
        start, _count = self.get_moving_window(window.key, window.amount, window.seconds)
        return start + window.seconds - _seconds()

    def give_back(self, window: Window) -> None:
        """Implement `Windows.give_back`."""
        self.storage.lpop(self.prefixed_key(window.key))

    def forget(self, window: Window) -> None:
        """Implement `Windows.forget`."""
        self.clear(window.key)

    def holds(self, window: Window) -> bool:
        """Implement `Windows.holds`."""
        _start, count = self.get_moving_window(window.key, window.amount, window.seconds)
        return count > 0

    def probe(self) -> None:
        """Count over a new connection; a ping does not prove that Redis can store counts."""
        self.storage.connection_pool.disconnect(inuse_connections=False)
        self.acquire_entry("probe", 1, 1)


class FailoverWindows:
    """Counts in Redis; while Redis is down, counts in this process.

    The first call without a response within `REDIS_TIMEOUT_S` seconds switches to the counts of
    this process. They are used until Redis can count again, which is checked every `PROBE_EVERY_S`
    seconds. No method raises an error, and the limits apply at all times.
    """

    def __init__(self, url: str) -> None:
        self._shared = SharedWindows(url)
        self._local = LocalWindows()
        self._lock = threading.Lock()
        self._is_unavailable = False

    def take(self, window: Window) -> float | None:
        """Implement `Windows.take`."""
        decided, wait_s = self._ask(lambda: self._shared.take(window), None)
        if not decided:
            return self._local.take(window)
        if wait_s is None:
            self._local.take(window)  # so that the count is right if Redis fails
        return wait_s

    def give_back(self, window: Window) -> None:
        """Implement `Windows.give_back`."""
        self._ask(lambda: self._shared.give_back(window), None)
        self._local.give_back(window)

    def forget(self, window: Window) -> None:
        """Implement `Windows.forget`."""
        self._ask(lambda: self._shared.forget(window), None)
        self._local.forget(window)

    def holds(self, window: Window) -> bool:
        """Return True if Redis or this process has an entry, also after Redis lost its data."""
        _decided, is_held = self._ask(lambda: self._shared.holds(window), otherwise=False)
        return is_held or self._local.holds(window)

    def _ask(self, call: Callable[[], Answer], otherwise: Answer) -> tuple[bool, Answer]:
        if self._is_unavailable:
            return False, otherwise
        try:
            return True, call()
        except FAULTS as error:
            self._open(error)
            return False, otherwise

    def _open(self, error: Exception) -> None:
        with self._lock:
            if self._is_unavailable:
                return
            self._is_unavailable = True
        log.warning("limits.redis_away", error=type(error).__name__)
        threading.Thread(target=self._await_return, name="voyagent-limits", daemon=True).start()

    def _await_return(self) -> None:
        pause = threading.Event()
        while not pause.wait(PROBE_EVERY_S):
            try:
                self._shared.probe()
            except FAULTS:
                continue
            self._is_unavailable = False
            log.info("limits.redis_back")
            return


def windows(redis_url: str | None) -> Windows:
    """Return the counter of the installation; it connects to Redis at the first attempt."""
    return FailoverWindows(redis_url) if redis_url else LocalWindows()


def _seconds() -> float:
    return clock.now().timestamp()
