"""Log of a process: one JSON object a line, with the ids of the present work.

Lines of libraries, such as gunicorn and psycopg_pool, have the same form as those of the program. A
line has ids only, never names, e-mail addresses, texts or secrets (decision 52). Therefore a line
about an exception has its type and the places in the code, but not its message.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO
from uuid import UUID

import psycopg
import structlog

from voyagent.kernel.db_connections import purpose_of_process

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

    from voyagent.kernel.actor import Actor

Report = Callable[[str, str, dict[str, Any]], object]
"""Function that gets the event, the type of the exception and the ids of an unexpected error."""
ACCESS_FIELDS = ("address", "method", "status", "bytes", "ms")
"""Fields of gunicorn's access log."""
# The query of a URI may have a token, and the arguments of a job have sealed texts.
_VALUES = re.compile(r"\?\S+|(?<=\d\])\(.*\)", re.DOTALL)
_HOST = socket.gethostname()
_IDS = (
    *("kind", "instance", "request_id", "trace_id", "method", "route"),
    *("job", "task", "attempt", "turn"),
    *("agency", "person", "key", "session"),
)
_reports: list[Report] = []


def configure(*, as_json: bool, report: Report | None = None) -> None:
    """Write the log to standard output: as JSON, or as text for a terminal.

    `report` is called for each line about an unexpected error.
    """
    _reports.clear()
    if report is not None:
        _reports.append(report)
    structlog.configure(
        # Lines of the program do not pass through `logging`, which takes as long as all the rest.
        processors=[*_described(), _report, *_rendered(as_json=as_json)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_Lines,
        cache_logger_on_first_use=False,
    )
    handler = _StandardOutput()
    handler.setFormatter(formatter(as_json=as_json))
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _StandardOutput)]
    root.addHandler(handler)


def formatter(*, as_json: bool) -> logging.Formatter:
    """Return the formatter of the lines that libraries log."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            *_described(),
            structlog.stdlib.ExtraAdder(allow=ACCESS_FIELDS),
            _without_values,
            _report,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_rendered(as_json=as_json),
        ],
    )


def take_over() -> None:
    """Log Python's warnings and uncaught errors of threads too.

    Call this function only in a process of the program, because it changes the whole process.
    """
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_error_of_thread


def bind(**ids: object) -> None:
    """Add ids to all further log lines of this request or job, without None values."""
    structlog.contextvars.bind_contextvars(**_texts(ids))


def bind_actor(actor: Actor) -> None:
    """Add the ids of an authenticated caller to all further log lines of this request."""
    bind(agency=actor.tenant_id, person=actor.user_id, key=actor.key_id, session=actor.session_id)


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Add ids to the log lines of the block; None values are left out."""
    with structlog.contextvars.bound_contextvars(**_texts(ids)):
        yield


def request_id() -> str | None:
    """Return the id of the request that began the present work, or None."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return None if found is None else str(found)


class _Lines:
    """Logger of structlog that writes each line to standard output at once.

    A line that cannot be written, for example because the disk is full, is lost. So is the line of
    a signal handler that interrupts a write of the same thread.
    """

    _lock = threading.RLock()

    def __init__(self, name: str = "") -> None:
        self.name = name

    def info(self, line: str) -> None:
        with self._lock, suppress(OSError, ValueError, RuntimeError):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    warning = error = critical = info


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Handler that looks up standard output for each line, because it may be replaced."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stdout


def _described() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _add_process,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
    ]


def _rendered(*, as_json: bool) -> list[Processor]:
    return (
        [_describe_error, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    )


def _add_process(_logger: object, _method: str, line: EventDict) -> EventDict:
    line["kind"] = purpose_of_process().removeprefix("voyagent-")
    line["instance"] = f"{_HOST}:{os.getpid()}"
    return line


def _without_values(_logger: object, _method: str, line: EventDict) -> EventDict:
    line["event"] = _VALUES.sub("", line["event"])
    return line


def _report(_logger: object, _method: str, line: EventDict) -> EventDict:
    error = _exception(line.get("exc_info")) if line["level"] in {"error", "critical"} else None
    if error is not None:
        ids = {name: line[name] for name in _IDS if name in line}
        for report in _reports:
            report(line["event"], type(error).__name__, ids)
    return line


def _describe_error(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Replace an exception by its type, its SQLSTATE and the places in the code."""
    given = line.pop("exc_info", None)
    error = _exception(given)
    if error is None:
        return line
    line.setdefault("error", type(error).__name__)
    original = getattr(error, "orig", error)
    if isinstance(original, psycopg.Error):
        line.setdefault("sqlstate", original.sqlstate)
        line.setdefault("constraint", original.diag.constraint_name)
    line["exception"] = "\n".join(_places(error))
    return line


def _exception(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    found = given if isinstance(given, tuple) else sys.exc_info() if given else (None, None, None)
    error = found[1]
    return error if isinstance(error, BaseException) else None


def _places(error: BaseException) -> list[str]:
    """Return the tracebacks of an exception and of its causes, without their messages.

    Each traceback ends with the type of the exception.
    """
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [] if cause is None else _places(cause)
    parts = [
        line
        for part in (error.exceptions if isinstance(error, BaseExceptionGroup) else ())
        for line in _places(part)
    ]
    frames = "".join(traceback.format_tb(error.__traceback__))
    return [
        *before,
        *parts,
        f"Traceback (most recent call last):\n{frames}{type(error).__name__}",
    ]


def _log_error_of_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_type is not SystemExit:
        structlog.get_logger(__name__).error("thread.failed", exc_info=given.exc_value)


def _texts(ids: dict[str, object]) -> dict[str, object]:
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in ids.items()
        if value is not None
    }
