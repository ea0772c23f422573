"""Call of a function of the operator for each unexpected error.

The function runs in a thread of its own, so that no request or job waits for it or fails with it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from queue import Full, Queue
from threading import Lock, Thread
from typing import Any

import structlog

from voyagent.kernel.config import ConfigurationError

WAITING_MAX = 100
"""Errors that wait for the function. Further ones are left out until it returns."""
Hook = Callable[[str, str, dict[str, Any]], object]
log = structlog.get_logger(__name__)


class ErrorHook:
    """Queue of errors, and the thread that passes them to a function one by one.

    The function is called with the name of the log event, the type of the exception, and the ids
    in the log line, such as the id of the request.
    """

    def __init__(self, function: Hook) -> None:
        self._function = function
        self._waiting: Queue[tuple[str, str, dict[str, Any]]] = Queue(WAITING_MAX)
        self._lock = Lock()
        self._thread: Thread | None = None

    def report(self, event: str, error: str, ids: dict[str, Any]) -> None:
        """Queue an error; if WAITING_MAX errors wait already, log a warning instead."""
        with self._lock:
            if self._thread is None:  # at the first error, and so after any fork of the process
                self._thread = Thread(target=self._run, name="error-hook", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait((event, error, ids))
        except Full:
            log.warning("error_hook.full")

    def _run(self) -> None:
        while True:
            given = self._waiting.get()
            try:
                self._function(*given)
            except BaseException as error:  # noqa: BLE001 - also SystemExit must not end the thread
                log.warning("error_hook.failed", error=type(error).__name__)


def load_hook(name: str) -> ErrorHook:
    """Return the hook `module:function`. Raises ConfigurationError."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        raise ConfigurationError(
            "VOYAGENT_ERROR_HOOK must name a function as module:function; its import raised"
            f" {type(error).__name__}"
        ) from None
    if not callable(found):
        raise ConfigurationError("VOYAGENT_ERROR_HOOK must name a function, as module:function")
    return ErrorHook(found)
