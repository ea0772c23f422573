"""Counters of sliding windows: in this process, in Redis, or in both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
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
    """A limit on the attempts of one caller, or of all callers together, in a period.

    `amount` is the largest number of attempts in a sliding period of `seconds` seconds. `key`
    contains a keyed hash, which does not reveal the caller. `per` names what is counted, such as
    `account`.

    A caller is busy if its own window has at least `fair` attempts; 0 means that the caller is
    never busy. The window of all callers has a second, lower limit: `busy_amount` applies instead
    of `amount` to an attempt of a busy caller.
    """

    key: str
    amount: int
    seconds: int
    per: str = ""
    fair: int = 0
    busy_amount: int = 0


@dataclass(frozen=True, slots=True)
class Full:
    """A window that refused an attempt, and the seconds until it has room again."""

    window: Window
    wait_s: float


class Windows(Protocol):
    """Protocol of the counters of attempts in sliding windows."""

    def take(self, windows: Sequence[Window]) -> list[Full]:
        """Add one entry to each window in one step, or to none if one of them is full.

        Returns the full windows. The list is empty if the attempt was counted.
        """

    def give_back(self, windows: Sequence[Window]) -> None:
        """Remove the newest entry of each window."""

    def forget(self, window: Window) -> None:
        """Remove all entries of the window."""

    def is_full(self, windows: Sequence[Window]) -> bool:
        """Return True if one of the windows has no room now."""


@dataclass(slots=True)
class _Taken:
    seconds: int
    at: list[float] = field(default_factory=list)


class LocalWindows:
    """Counters in the memory of this process.

    The time of each attempt is stored, so the memory grows with the number of attempts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, _Taken] = {}
        self._swept_at = 0.0

    def take(self, windows: Sequence[Window]) -> list[Full]:
        """Count an attempt in all windows, or return the full ones (`Windows.take`)."""
        now = _seconds()
        with self._lock:
            self._sweep(now)
            is_busy = any(
                window.fair and self._wait_s(window, window.fair, now) is not None
                for window in windows
            )
            full = []
            for window in windows:
                amount = window.busy_amount if is_busy and window.busy_amount else window.amount
                wait_s = self._wait_s(window, amount, now)
                if wait_s is not None:
                    full.append(Full(window, wait_s))
            if not full:
                for window in windows:
                    taken = self._taken.setdefault(window.key, _Taken(window.seconds))
                    taken.at = [at for at in taken.at if at > now - window.seconds]
                    taken.at.append(now)
            return full

    def give_back(self, windows: Sequence[Window]) -> None:
        """Remove the newest entry of each window (`Windows.give_back`)."""
        with self._lock:
            for window in windows:
                taken = self._taken.get(window.key)
                if taken is not None and taken.at:
                    taken.at.pop()
                if taken is not None and not taken.at:
                    del self._taken[window.key]

    def forget(self, window: Window) -> None:
        """Remove all entries of the window (`Windows.forget`)."""
        with self._lock:
            self._taken.pop(window.key, None)

    def is_full(self, windows: Sequence[Window]) -> bool:
        """Return True if one of the windows has no room now (`Windows.is_full`)."""
        now = _seconds()
        with self._lock:
            return any(self._wait_s(each, each.amount, now) is not None for each in windows)

    def _wait_s(self, window: Window, amount: int, now: float) -> float | None:
        taken = self._taken.get(window.key)
        if taken is None or len(taken.at) < amount:
            return None
        wait_s = taken.at[-amount] + window.seconds - now
        return wait_s if wait_s > 0 else None

    def _sweep(self, now: float) -> None:
        if abs(now - self._swept_at) < SWEEP_EVERY_S:
            return
        self._swept_at = now
        self._taken = {
            key: taken
            for key, taken in self._taken.items()
            if taken.at and taken.at[-1] > now - taken.seconds
        }


# Each list has the times of the counted attempts, the newest first, as the library `limits` keeps
# them. The library counts one key at a time; this script counts all keys of an attempt or none.
_TAKE = """
local now, is_busy, full = tonumber(ARGV[1]), false, {}
local function wait(key, amount, seconds)
  local at = redis.call('lindex', key, amount - 1)
  if not at then return nil end
  local left = tonumber(at) + seconds - now
  if left > 0 then return left end
end
local function given(i) return tonumber(ARGV[i]) end
for i, key in ipairs(KEYS) do
  local fair = given(i * 4)
  if fair > 0 and wait(key, fair, given(i * 4 - 1)) then is_busy = true end
end
for i, key in ipairs(KEYS) do
  local amount, busy_amount = given(i * 4 - 2), given(i * 4 + 1)
  if is_busy and busy_amount > 0 then amount = busy_amount end
  local left = wait(key, amount, given(i * 4 - 1))
  if left then
    full[#full + 1] = tostring(i)
    full[#full + 1] = string.format('%.6f', left)
  end
end
if #full > 0 then return full end
for i, key in ipairs(KEYS) do
  redis.call('lpush', key, ARGV[1])
  redis.call('ltrim', key, 0, given(i * 4 - 2) - 1)
  redis.call('expire', key, given(i * 4 - 1))
end
return full
"""


class SharedWindows(RedisStorage):
    """Counters in Redis, shared by all processes.

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
        self._take = self.storage.register_script(_TAKE)

    def take(self, windows: Sequence[Window]) -> list[Full]:
        """Count an attempt in all windows, or return the full ones (`Windows.take`)."""
        values: list[float] = [_seconds()]
        for window in windows:
            values += (window.amount, window.seconds, window.fair, window.busy_amount)
        found = self._take(keys=[self.prefixed_key(window.key) for window in windows], args=values)
        pairs = zip(found[::2], found[1::2], strict=True)
        return [Full(windows[int(place) - 1], float(wait_s)) for place, wait_s in pairs]

    def give_back(self, windows: Sequence[Window]) -> None:
        """Remove the newest entry of each window (`Windows.give_back`)."""
        with self.storage.pipeline(transaction=True) as pipe:
            for window in windows:
                pipe.lpop(self.prefixed_key(window.key))
            pipe.execute()

    def forget(self, window: Window) -> None:
        """Remove all entries of the window (`Windows.forget`)."""
        self.clear(window.key)

    def is_full(self, windows: Sequence[Window]) -> bool:
        """Return True if one of the windows has no room now (`Windows.is_full`)."""
        with self.storage.pipeline(transaction=False) as pipe:
            for window in windows:
                pipe.lindex(self.prefixed_key(window.key), window.amount - 1)
            oldest = pipe.execute()
        return any(
            at is not None and float(at) + window.seconds > _seconds()
            for window, at in zip(windows, oldest, strict=True)
        )

    def probe(self) -> None:
        """Check over a new connection that Redis can count.

        A ping would not prove this, because a read-only replica answers it too. Raises the errors
        of the Redis client.
        """
        self.storage.connection_pool.disconnect(inuse_connections=False)
        self.acquire_entry("probe", 1, 1)


class FailoverWindows:
    """Counters in Redis; while Redis is down, counters in this process.

    The first call without a response within `REDIS_TIMEOUT_S` seconds switches to the counters of
    this process. The counters of this process are used until Redis can count again. No method
    raises an error of Redis.
    """

    def __init__(self, url: str) -> None:
        self._shared = SharedWindows(url)
        self._local = LocalWindows()
        self._lock = threading.Lock()
        self._is_unavailable = False

    def take(self, windows: Sequence[Window]) -> list[Full]:
        """Count an attempt in all windows, or return the full ones (`Windows.take`)."""
        nothing: list[Full] = []
        decided, full = self._ask(lambda: self._shared.take(windows), nothing)
        if not decided:
            return self._local.take(windows)
        if not full:
            self._local.take(windows)  # so that the count is right if Redis fails
        return full

    def give_back(self, windows: Sequence[Window]) -> None:
        """Remove the newest entry of each window (`Windows.give_back`)."""
        self._ask(lambda: self._shared.give_back(windows), None)
        self._local.give_back(windows)

    def forget(self, window: Window) -> None:
        """Remove all entries of the window (`Windows.forget`)."""
        self._ask(lambda: self._shared.forget(window), None)
        self._local.forget(window)

    def is_full(self, windows: Sequence[Window]) -> bool:
        """Return True if one of the windows is full in Redis or in this process."""
        _decided, is_full = self._ask(lambda: self._shared.is_full(windows), otherwise=False)
        return is_full or self._local.is_full(windows)

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
    """Return counters in Redis if there is a Redis URL, else in this process.

    The connection to Redis is opened at the first attempt.
    """
    return FailoverWindows(redis_url) if redis_url else LocalWindows()


def _seconds() -> float:
    return clock.seconds()
