"""Password hashing with argon2id, and the rules for passwords."""

from __future__ import annotations

import os
import re
import time
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import cache

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from voyagent.kernel.config import Settings
from voyagent.kernel.errors import N_, Unavailable
from voyagent.kernel.limits import Places, present_caller

WAIT_S = 5
LENGTH_MIN, LENGTH_MAX = 12, 128
PHRASE_LENGTH = 20
EVEN_SHARE = 0.5
CORES = os.cpu_count() or 1
TIME_COST_MAX, MEMORY_COST_MAX, PARALLELISM_MAX = 10, 256 * 1024, 16
WORK_MAX = 4 * 100 * 1024
"""Highest parameters of a stored hash that is computed, memory in KiB.

A hash that came with an imported agency names its own cost. Its work is the product of passes and
memory; the highest is twice that of the usual settings. The passes are limited too, because each
starts four threads for each degree of parallelism.
"""
ADDRESS_WAITING_MAX, STRANGERS_WAITING_MAX = 32, 32
_places = Places(CORES, CORES, waiting_max=ADDRESS_WAITING_MAX, queue_max=STRANGERS_WAITING_MAX)
_refusal_at: ContextVar[float | None] = ContextVar("refusal_at", default=None)


class PasswordsBusy(Unavailable):
    """The server is computing as many password hashes as it can."""

    code = "passwords_busy"
    message = N_("Too many sign-ins right now. Try again in a few seconds.")


class Passwords:
    """Hashes and verifies passwords with the configured argon2id parameters."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.auth_argon2_time_cost,
            memory_cost=settings.auth_argon2_memory_cost,
            parallelism=settings.auth_argon2_parallelism,
        )

    def hash(self, password: str) -> str:
        """Return the argon2id hash of a password in PHC format. Raises PasswordsBusy."""
        with _place():
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Return True if the password matches the stored hash.

        If `stored` is None, a dummy hash is verified, so that an unknown e-mail address takes as
        long as a known one. No password matches a hash that costs too much. Raises PasswordsBusy.
        """
        if stored is not None and not self._is_affordable(stored):
            stored = None
        with _place():
            dummy = self._dummy()
            began = time.perf_counter()
            try:
                self._hasher.verify(stored or dummy, password)
            except (VerificationError, InvalidHashError):
                return False
            finally:
                ended = time.perf_counter()
                _refusal_at.set(ended + (ended - began) * EVEN_SHARE)
        return stored is not None

    def _is_affordable(self, stored: str) -> bool:
        if not stored.isascii():  # the library raises UnicodeEncodeError
            return False
        try:
            cost = extract_parameters(stored)
        except InvalidHashError:
            return False
        own = self._hasher
        return (
            cost.time_cost * cost.memory_cost <= max(own.time_cost * own.memory_cost, WORK_MAX)
            and cost.time_cost <= max(own.time_cost, TIME_COST_MAX)
            and cost.memory_cost <= max(own.memory_cost, MEMORY_COST_MAX)
            and cost.parallelism <= max(own.parallelism, PARALLELISM_MAX)
        )

    @property
    def refusal_at(self) -> float | None:
        """Return the earliest time at which a refusal may be sent.

        The time is a value of `time.perf_counter`. A refusal at this time does not reveal whether
        the account exists. The result is None if the request has verified no password.
        """
        return _refusal_at.get()

    def is_stale(self, stored: str) -> bool:
        """Return True if a hash has other parameters than the configured ones."""
        return self._hasher.check_needs_rehash(stored)

    @cache  # noqa: B019 - one object per process
    def _dummy(self) -> str:
        return self._hasher.hash("nobody has this password")


def breaks_rule(password: str) -> tuple[str, str] | None:
    """Return error type and message for a password that breaks the rules, else None.

    A password needs at least one letter and one digit, unless it has 20 characters or more.
    """
    if len(password) >= PHRASE_LENGTH:
        return None
    if re.search(r"[^\W\d_]", password) is None:
        return "password_no_letter", "Password must contain at least one letter"
    if re.search(r"\d", password) is None:
        return "password_no_digit", "Password must contain at least one digit"
    return None


def _place() -> AbstractContextManager[None]:
    caller = present_caller()
    return _places.held(caller.place, WAIT_S, PasswordsBusy, is_first=caller.is_known)
