"""Calls to drivers, each with a time limit and one log entry.

A call raises only errors that are derived from SupplierError.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

from voyagent.drivers.suppliers.errors import (
    PermanentFailure,
    SupplierError,
    TransientFailure,
    UpstreamTimeout,
)

Answer = TypeVar("Answer")
HANGING_MAX = 16
log = structlog.get_logger(__name__)


@dataclass
class _Call(Generic[Answer]):
    """A call in a thread; `answer` (its result) or `error` is set, and then `done`."""

    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    error: BaseException | None = None


class Guard:
    """Limits each call to a driver to `timeout_s` seconds.

    Each call has its own thread, which is abandoned at the time limit. While HANGING_MAX calls of a
    Guard are running, including abandoned ones, further calls fail at once.
    """

    def __init__(self, driver: str, timeout_s: float) -> None:
        self.driver = driver
        self.timeout_s = timeout_s
        self._places = threading.BoundedSemaphore(HANGING_MAX)

    def call(self, act: str, work: Callable[[], Answer], *, changes: bool = False) -> Answer:
        """Run `work` in a thread and return its result.

        `act` names the call in the log. `changes` is true if the call changes something at the
        supplier. Raises only SupplierError. If `changes` is true, and the call exceeds the time
        limit or the driver raises an unexpected exception, `in_doubt` of the error is true.
        """
        if not self._places.acquire(blocking=False):
            raise TransientFailure(self.driver, f"{act}: {HANGING_MAX} calls are already running")
        began = time.monotonic()
        call: _Call[Answer] = _Call()
        context = copy_context()
        try:
            threading.Thread(
                target=context.run,
                args=(self._run, call, work),
                name=f"supplier-{self.driver}-{act}",
                daemon=True,
            ).start()
        except RuntimeError:  # the system has no thread left; nothing was sent
            self._places.release()
            raise TransientFailure(self.driver, f"{act}: no thread is available") from None
        in_time = call.done.wait(self.timeout_s)
        error = (
            self._failure(act, call.error, changes=changes)
            if in_time
            else UpstreamTimeout(self.driver, act, in_doubt=changes)
        )
        took_ms = round((time.monotonic() - began) * 1000)
        if error is not None:
            log.warning(
                "supplier.failed",
                driver=self.driver,
                act=act,
                took_ms=took_ms,
                error=error.code,
                reason=error.reason,
                vendor_ref=error.vendor_ref,
            )
            raise error from call.error if error is not call.error else None
        log.info("supplier.answered", driver=self.driver, act=act, took_ms=took_ms)
        return call.answer  # type: ignore[return-value]

    def _run(self, call: _Call[Answer], work: Callable[[], Answer]) -> None:
        try:
            call.answer = work()
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            call.error = error
        finally:
            self._places.release()
            call.done.set()

    def _failure(
        self, act: str, error: BaseException | None, *, changes: bool
    ) -> SupplierError | None:
        if error is None or isinstance(error, SupplierError):
            return error
        # A driver must raise only SupplierError. After another error it is not certain if a change
        # was made at the supplier.
        failure = PermanentFailure(self.driver, f"{act}: {type(error).__name__}")
        failure.in_doubt = changes
        return failure
