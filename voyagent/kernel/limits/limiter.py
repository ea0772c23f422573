"""The rate limiter: it admits an attempt, or refuses it with the number of seconds to wait."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from voyagent.kernel.config import Settings
from voyagent.kernel.errors import TooManyRequests, Unavailable
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.limits.throttles import ALL, HOME, Quota, Throttle
from voyagent.kernel.limits.windows import Window, windows

_POLL_INTERVAL_S = 0.05
_GATES = 64
_DIGEST_CHARS = 32
log = structlog.get_logger(__name__)


class Attempt:
    """An admitted attempt, counted as a failure until `succeeded` is called.

    It is a context manager and ends with its block. If the block raises Unavailable, the attempt
    could not be checked and is not counted.
    """

    __slots__ = ("__weakref__", "_decided", "_give_back")

    def __init__(self, give_back: Callable[[], None], decided: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back
        self._decided = weakref.finalize(self, decided)
        self._decided.atexit = False

    def succeeded(self) -> None:
        """Remove this attempt from the failures of its account.

        Earlier failures are still counted, so that a correct password does not allow more guesses
        at the code of the second factor.
        """
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()
        self._decided()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Unavailable):
            self.succeeded()
        self._decided()


class Limiter:
    """Rate limiter of one installation; it counts in Redis, or in this process without Redis.

    Counts are stored under keyed hashes, so no address can be read from them.
    """

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._scale = settings.limit_scale
        self._windows = windows(settings.redis_url)
        self._keyring = keyring
        self._undecided = _Undecided()
        self._gates = [threading.Lock() for _ in range(_GATES)]

    def admit(
        self, throttle: Throttle, *, account: str | None = None, address: str = ""
    ) -> Attempt:
        """Count and admit an attempt, after the schema check and before the credential check.

        `account` is the e-mail address as typed; no such account need exist. `address` is the
        client's IP address. Attempts that are still being checked count as failures of their
        account. If the throttle has `wait_max_s` and the account is at its limit only because of
        them, this attempt waits up to `wait_max_s` seconds until they are decided.

        Raises TooManyRequests with `retry_after_s`.
        """
        self._count(throttle, address)
        if not throttle.account:
            return Attempt(_nothing, _nothing)
        if account is None:
            raise ValueError(f"{throttle.name} is limited per account")
        taken = self._account_windows(throttle, account, address)
        wait_s = self._take_turn(taken, throttle.wait_max_s)
        if wait_s is not None:
            raise _refusal(throttle, "account", wait_s)
        return Attempt(partial(self._give_back, taken), partial(self._undecided.land, taken[0].key))

    def failed(self, throttle: Throttle, *, address: str = "") -> None:
        """Count a failed check of a credential that is sent with each request.

        A valid credential is never counted. Raises TooManyRequests if the client address has too
        many failures.
        """
        self._count(throttle, address)

    def note_sign_in(self, account: str, *, address: str) -> None:
        """Record that the owner of an account has signed in from a client address.

        Failures from this address are then counted separately, so that an attacker at another
        address cannot lock the owner out.
        """
        self._windows.take(self._home(account, address))

    def forgive(self, account: str, *, address: str = "") -> None:
        """Delete an account's failed attempts after a password reset.

        It deletes those from `address`, and those from all addresses from which the owner has never
        signed in.
        """
        for throttle in ALL:
            if throttle.bucket:
                for whose in (account, _at(account, address)):
                    for window in self._windows_of(throttle, whose):
                        self._windows.forget(window)

    def _count(self, throttle: Throttle, address: str) -> None:
        place = _place(address)
        of_address = [
            self._window(throttle.name, "address", place, quota, self._scale)
            for quota in throttle.address
        ]
        wait_s = self._take(of_address)
        if wait_s is not None:
            raise _refusal(throttle, "address", wait_s)
        wait_s = self._take(
            [
                self._window(throttle.name, "overall", "", quota, self._scale)
                for quota in throttle.overall
            ]
        )
        if wait_s is not None:
            self._give_back(of_address)
            raise _refusal(throttle, "overall", wait_s)

    def _take_turn(self, taken: list[Window], wait_max_s: float) -> float | None:
        key, until = taken[0].key, time.monotonic() + wait_max_s
        while True:
            others_may_succeed = self._undecided.any(key)
            with self._gates[hash(key) % _GATES]:
                wait_s = self._take(taken)
                if wait_s is None:
                    self._undecided.begin(key)
                    return None
            if not others_may_succeed and not self._undecided.any(key):
                return wait_s
            if time.monotonic() >= until:
                return wait_s
            self._undecided.wait(key)

    def _take(self, wanted: Iterable[Window]) -> float | None:
        """Add one attempt to each window, or to none if one of them is full.

        Returns None if the attempt was added, else the longest waiting time in seconds.
        """
        taken: list[Window] = []
        waits_s: list[float] = []
        for window in wanted:
            wait_s = self._windows.take(window)
            if wait_s is None:
                taken.append(window)
            else:
                waits_s.append(wait_s)
        if not waits_s:
            return None
        self._give_back(taken)
        return max(waits_s)

    def _give_back(self, taken: Iterable[Window]) -> None:
        for window in taken:
            self._windows.give_back(window)

    def _account_windows(self, throttle: Throttle, account: str, address: str) -> list[Window]:
        is_home = bool(throttle.bucket) and self._windows.holds(self._home(account, address))
        return self._windows_of(throttle, _at(account, address) if is_home else account)

    def _windows_of(self, throttle: Throttle, whose: str) -> list[Window]:
        return [
            self._window(throttle.account_bucket, "account", whose, quota, 1.0)
            for quota in throttle.account
        ]

    def _home(self, account: str, address: str) -> Window:
        return self._window("home", "place", _at(account, address), HOME, 1.0)

    def _window(self, name: str, per: str, whose: str, quota: Quota, scale: float) -> Window:
        digest = self._keyring.digest("limits", f"{name}:{per}:{whose}").hex()[:_DIGEST_CHARS]
        return Window(
            f"{name}:{per}:{quota.seconds}:{digest}",
            max(1, round(quota.amount * scale)),
            quota.seconds,
        )


class _Undecided:
    """The attempts, by account, that this process is still checking."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count: Counter[str] = Counter()

    def begin(self, key: str) -> None:
        with self._changed:
            self._count[key] += 1

    def land(self, key: str) -> None:
        with self._changed:
            self._count[key] -= 1
            if self._count[key] <= 0:
                del self._count[key]
            self._changed.notify_all()

    def any(self, key: str) -> bool:
        with self._changed:
            return key in self._count

    def wait(self, key: str) -> None:
        with self._changed:
            if key in self._count:
                self._changed.wait(_POLL_INTERVAL_S)


def _place(address: str) -> str:
    """Return the network that counts as one client: an IPv4 address or an IPv6 /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "nowhere"
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or ipaddress.IPv6Address(int(found) >> 64 << 64)
    return str(found)


def _at(account: str, address: str) -> str:
    """Return one text for account and client address, separated by a space."""
    return f"{account} {_place(address)}"


def _refusal(throttle: Throttle, per: str, wait_s: float) -> TooManyRequests:
    retry_after_s = max(1, math.ceil(wait_s))
    log.info("attempt.refused", throttle=throttle.name, per=per, retry_after_s=retry_after_s)
    return TooManyRequests(retry_after_s=retry_after_s)


def _nothing() -> None:
    pass
