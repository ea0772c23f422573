"""The rate limiter, which admits an attempt or refuses it with a waiting time."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self
from uuid import UUID

import structlog

from voyagent.kernel.config import Settings
from voyagent.kernel.db import is_away
from voyagent.kernel.errors import TooManyRequests, Unavailable
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.limits.callers import Caller, note_caller
from voyagent.kernel.limits.throttles import (
    ALL,
    BUSY_ABOVE,
    CEILINGS,
    HOME,
    Ceiling,
    Quota,
    Throttle,
)
from voyagent.kernel.limits.windows import Full, Window, windows
from voyagent.kernel.metrics import meters

_POLL_INTERVAL_S = 0.05
_GATES = 64
_DIGEST_CHARS = 32
log = structlog.get_logger(__name__)


class Attempt:
    """An admitted attempt, counted as a failure until `succeeded` is called.

    Use the attempt as a context manager around the check of the credential. If the block raises
    Unavailable or TooManyRequests, the credential was not checked, and the attempt is removed from
    all counts. If the block fails because the database is unreachable, the attempt is removed only
    from the count of its account.
    """

    __slots__ = ("__weakref__", "_decided", "_give_back", "_give_back_shared")

    def __init__(
        self,
        give_back: Callable[[], None],
        give_back_shared: Callable[[], None],
        decided: Callable[[], None],
    ) -> None:
        self._give_back: Callable[[], None] | None = give_back
        self._give_back_shared = give_back_shared
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
        # All these errors mean that the credential was not checked.
        if isinstance(error, Unavailable | TooManyRequests):
            self._give_back_shared()
            self.succeeded()
        elif error is not None and is_away(error):
            self.succeeded()
        self._decided()


class Counted(NamedTuple):
    """Result of `Limiter.count`.

    `has_room` is true if the event was within the limit. `is_last` is true if the event was the
    last one within the limit.
    """

    has_room: bool
    is_last: bool = False


class Limiter:
    """Rate limiter of one installation, which counts in Redis or in this process.

    Counts are stored under keyed hashes, which do not reveal e-mail or IP addresses.
    """

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._scale = settings.limit_scale
        self._windows = windows(settings.redis_url)
        self._keyring = keyring
        self._undecided = _Undecided()
        self._gates = [threading.Lock() for _ in range(_GATES)]

    def admit(
        self,
        throttle: Throttle,
        *,
        account: str | None = None,
        address: str = "",
        agency: UUID | None = None,
    ) -> Attempt:
        """Count an attempt and admit it, or refuse it.

        Call this method after the check of the schema and before the check of the credential.
        `account` is the e-mail address as typed; no such account need exist. `address` is the
        client's IP address. `agency` is the agency of the person who acts, if known. The attempt is
        counted for account, address and agency in one step; a refused attempt is not counted.

        While other attempts at the account are being checked, an attempt may wait up to
        `throttle.wait_max_s` seconds.

        Raises TooManyRequests with `retry_after_s`.
        """
        is_known = self._is_known(throttle, account, address)
        note_caller(Caller(_place(address), is_known))
        shared = self._shared_windows(throttle, address, agency, is_known=is_known)
        if not throttle.account:
            self._take(throttle, shared)
            return Attempt(_nothing, partial(self._windows.give_back, shared), _nothing)
        if account is None:
            raise ValueError(f"{throttle.name} is limited per account")
        whose = _at(account, address) if is_known and throttle.bucket else account
        own = self._windows_of(throttle, whose, agency)
        self._take_turn(throttle, own, shared)
        return Attempt(
            partial(self._windows.give_back, own),
            partial(self._windows.give_back, shared),
            partial(self._undecided.land, own[0].key),
        )

    def sample(self) -> None:
        """Create the metric of refusals for each limit, so that it is reported as zero."""
        for throttle in ALL:
            meters().limit_refusals.labels(throttle.name)

    def failed(self, throttle: Throttle, *, address: str = "") -> None:
        """Count a failed check of an API key, which is sent with each request.

        Call this method only for an invalid key. Raises TooManyRequests if the IP address of the
        client has too many failures.
        """
        is_known = self._is_known(throttle, None, address)
        self._take(throttle, self._shared_windows(throttle, address, None, is_known=is_known))

    def count(self, throttle: Throttle, *, account: str, agency: UUID | None = None) -> Counted:
        """Count an event, such as a mail, and return whether it is within the limit.

        This method raises no TooManyRequests. If the event is above the limit, the caller must not
        do it, for example must not send the mail. `account` is the text by which events are
        counted, such as the e-mail address of the recipient. `agency` is the agency that causes the
        event. Only the quotas in `throttle.account` and `throttle.everywhere` apply.
        """
        own = self._windows_of(throttle, account, agency)
        if self._windows.take(own):
            log.info("event.left_out", throttle=throttle.name)
            return Counted(has_room=False)
        return Counted(has_room=True, is_last=self._windows.is_full(own))

    def note_sign_in(self, account: str, *, address: str, is_confirmed: bool) -> None:
        """Record that the owner of an account has signed in from an IP address.

        The IP address becomes a known place. Failures at this account from a known place are
        counted separately, so that an attacker at another IP address cannot lock the owner out.
        When all attempts together reach their limit, attempts from known places are refused last.

        `is_confirmed` is true if the owner has confirmed the e-mail address of the account.
        Otherwise the IP address is a known place for this account only, because anybody can sign
        up.
        """
        self._windows.take([self._home(account, address)])
        if is_confirmed:
            self._windows.take([self._home_of_any(address)])

    def forgive(self, account: str, *, address: str = "") -> None:
        """Delete an account's failed attempts after a password reset.

        The failures from the IP address `address` are deleted, and the failures from all IP
        addresses from which the owner has never signed in.
        """
        for throttle in ALL:
            if throttle.bucket:
                for whose in (account, _at(account, address)):
                    for window in self._windows_of(throttle, whose):
                        self._windows.forget(window)

    def _take_turn(self, throttle: Throttle, own: list[Window], shared: list[Window]) -> None:
        key, until = own[0].key, time.monotonic() + throttle.wait_max_s
        while True:
            others_may_succeed = self._undecided.any(key)
            with self._gates[hash(key) % _GATES]:
                full = self._windows.take([*shared, *own])
                if not full:
                    self._undecided.begin(key)
                    return
            if any(each.window.per != "account" for each in full):
                raise _refusal(throttle, full)
            if not others_may_succeed and not self._undecided.any(key):
                raise _refusal(throttle, full)
            if time.monotonic() >= until:
                raise _refusal(throttle, full)
            self._undecided.wait(key)

    def _take(self, throttle: Throttle, shared: list[Window]) -> None:
        full = self._windows.take(shared)
        if full:
            raise _refusal(throttle, full)

    def _is_known(self, throttle: Throttle, account: str | None, address: str) -> bool:
        if account is not None and throttle.is_own_account:
            return self._windows.is_full([self._home(account, address)])
        return self._windows.is_full([self._home_of_any(address)])

    def _shared_windows(
        self, throttle: Throttle, address: str, agency: UUID | None, *, is_known: bool
    ) -> list[Window]:
        """Return the limits for an IP address, an agency and all attempts as windows."""
        fair = 0
        if throttle.overall:
            fair = _at_least_one(throttle.overall[0].amount * self._scale * BUSY_ABOVE)
        ceiling = CEILINGS[is_known]
        return [
            *(
                self._window(throttle.name, "address", _place(address), quota, self._scale, fair)
                for quota in throttle.address
            ),
            *(
                self._window(throttle.name, "agency", str(agency), quota, 1.0, fair)
                for quota in throttle.agency
                if agency is not None
            ),
            *(self._overall(throttle, quota, ceiling) for quota in throttle.overall),
        ]

    def _overall(self, throttle: Throttle, quota: Quota, ceiling: Ceiling) -> Window:
        all_of_it = self._window(throttle.name, "overall", "", quota, self._scale)
        return replace(
            all_of_it,
            amount=_at_least_one(all_of_it.amount * ceiling.quiet),
            busy_amount=_at_least_one(all_of_it.amount * ceiling.busy),
        )

    def _windows_of(
        self, throttle: Throttle, whose: str, agency: UUID | None = None
    ) -> list[Window]:
        within = f"{agency} {whose}" if throttle.everywhere and agency is not None else whose
        return [
            *(
                self._window(throttle.account_bucket, "account", within, quota, 1.0)
                for quota in throttle.account
            ),
            *(
                self._window(throttle.account_bucket, "everywhere", whose, quota, 1.0)
                for quota in throttle.everywhere
            ),
        ]

    def _home(self, account: str, address: str) -> Window:
        return self._window("home", "place", _at(account, address), HOME, 1.0)

    def _home_of_any(self, address: str) -> Window:
        return self._window("home", "address", _place(address), HOME, 1.0)

    def _window(
        self, name: str, per: str, whose: str, quota: Quota, scale: float, fair: int = 0
    ) -> Window:
        digest = self._keyring.digest("limits", f"{name}:{per}:{whose}").hex()[:_DIGEST_CHARS]
        return Window(
            f"{name}:{per}:{quota.seconds}:{digest}",
            _at_least_one(quota.amount * scale),
            quota.seconds,
            per,
            fair,
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
    """Return account and IP address as one text, separated by a space."""
    return f"{account} {_place(address)}"


def _at_least_one(amount: float) -> int:
    return max(1, round(amount))


def _refusal(throttle: Throttle, full: Sequence[Full]) -> TooManyRequests:
    last = max(full, key=lambda each: each.wait_s)
    retry_after_s = max(1, math.ceil(last.wait_s))
    meters().limit_refusals.labels(throttle.name).inc()
    log.info(
        "attempt.refused", throttle=throttle.name, per=last.window.per, retry_after_s=retry_after_s
    )
    return TooManyRequests(retry_after_s=retry_after_s)


def _nothing() -> None:
    pass
