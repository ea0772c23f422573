"""Calls to models: retries within the deadline until there is one answer.

If the rate limit is reached, the request is repeated up to twice, first after 1 s and then after 2
s. If the server fails or cannot be reached, the request is repeated once, after 1 s. If the server
sends `Retry-After`, that time is used instead. No retry begins after the deadline. There is no
retry after a part of the answer was shown to the user.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import structlog

from voyagent.drivers.models.assembly import Assembly, Cut, object_of
from voyagent.drivers.models.errors import (
    ModelBusy,
    ModelError,
    ModelMissing,
    ModelNonsense,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from voyagent.drivers.models.line import POLL_S, Events, Line, Stopped
from voyagent.drivers.models.protocol import ModelAnswer, ModelRequest
from voyagent.drivers.models.usage import Usage
from voyagent.kernel import clock
from voyagent.kernel.json_values import JsonObject

log = structlog.get_logger(__name__)
PAUSES_S: dict[type[ModelError], tuple[float, ...]] = {
    ModelBusy: (1.0, 2.0),
    ModelUnavailable: (1.0,),
}
_BUSY = {"rate_limit_error", "rate_limit_exceeded"}
_MISSING = {"not_found_error", "model_not_found"}
"""Names that vendors give to a missing model; a 404 without one may be a wrong URL."""
_REFUSED = {
    "authentication_error",
    "billing_error",
    "invalid_request_error",
    "permission_error",
    "request_too_large",
}


class Dialect(Protocol):
    """Protocol of the part of a driver that is specific to one API."""

    @property
    def name(self) -> str:
        """Return the name of the driver."""
        ...

    @property
    def model(self) -> str:
        """Return the name of the model."""
        ...

    @property
    def base_url(self) -> str:
        """Return the base URL of the server."""
        ...

    def ask(self, line: Line, request: ModelRequest) -> Events:
        """Send the request over `line` and return the events of the response."""
        ...

    def read(self, events: Iterator[object], answer: Assembly) -> None:
        """Read the events into `answer`. Raises ModelNonsense."""
        ...


def call(
    dialect: Dialect,
    request: ModelRequest,
    on_text: Callable[[str], None],
    should_stop: Callable[[], bool],
) -> ModelAnswer:
    """Return the answer to a request, as `ModelDriver.answer` describes."""
    spent, tries = Usage(), 0
    while True:
        tries += 1
        answer = Assembly(dialect.name, dialect.model, request, on_text)
        try:
            with Line(dialect.base_url, request.deadline, should_stop) as line:
                events = line.events(
                    lambda line: dialect.ask(line, request),
                    lambda error: _explained(error, dialect, request),
                    dialect.name,
                )
                dialect.read(events, answer)
            return answer.answer(tries, spent)
        except Cut:
            return answer.answer(tries, spent, "max_tokens")
        except Stopped:
            return answer.answer(tries, spent, "stopped")
        except ModelError as error:
            spent += answer.usage(is_whole=False)
            error.has_sent_text, error.tries, error.usage = answer.has_sent_text, tries, spent
            pause_s = _pause_before_next(error, request)
            fields: JsonObject = {
                "driver": error.driver,
                "error": type(error).__name__,
                "message": error.message,
                "vendor_ref": error.vendor_ref,
                "tries": tries,
            }
            if pause_s is None:
                log.warning("model.failed", model=dialect.model, **fields)
                raise
            log.info("model.asked_again", model=dialect.model, after_s=pause_s, **fields)
        if not _wait(pause_s, should_stop):
            return Assembly(dialect.name, dialect.model, request, on_text).answer(
                tries, spent, "stopped"
            )


def _pause_before_next(error: ModelError, request: ModelRequest) -> float | None:
    """Return the seconds to wait before a retry, None if there must be no retry."""
    pauses = PAUSES_S.get(type(error), ())
    if error.has_sent_text or error.tries >= request.tries_max or error.tries > len(pauses):
        return None
    pause_s = pauses[error.tries - 1] if error.retry_after_s is None else error.retry_after_s
    return pause_s if time.monotonic() + pause_s < request.deadline else None


def _wait(pause_s: float, should_stop: Callable[[], bool]) -> bool:
    """Wait for `pause_s` seconds; return False at once if `should_stop()` is true."""
    until = time.monotonic() + pause_s
    while (left := until - time.monotonic()) > 0:
        if should_stop():
            return False
        time.sleep(min(left, POLL_S))
    return True


def _explained(error: Exception, dialect: Dialect, request: ModelRequest) -> Exception:
    """Return the ModelError for an exception of the SDK or the HTTP library.

    The ModelError does not contain the text of the exception, because that text may contain the API
    key or the conversation. Any other exception is a programming error and is returned unchanged.
    """
    import httpx2  # noqa: PLC0415 - as in `line`

    response = getattr(error, "response", None)
    if isinstance(response, httpx2.Response):
        return _refusal(response, getattr(error, "body", None), dialect.name)
    reason = type(error).__name__
    cause = (
        error.__cause__
        if reason in {"APITimeoutError", "APIConnectionError"}
        and isinstance(error.__cause__, Exception)
        else error
    )
    if isinstance(cause, httpx2.TimeoutException) and not (
        isinstance(cause, httpx2.ConnectTimeout) and time.monotonic() < request.deadline
    ):
        return ModelTimeout(type(cause).__name__, driver=dialect.name)
    if isinstance(cause, httpx2.DecodingError | ValueError):
        return ModelNonsense(
            type(cause).__name__, driver=dialect.name
        )  # malformed events, which the SDKs parse with `json.loads`
    if isinstance(cause, httpx2.HTTPError | OSError):
        return ModelUnavailable(type(cause).__name__, driver=dialect.name)
    if dialect.name in type(error).__module__:
        return _by_kind(
            _words(getattr(error, "body", None)),
            reason,
            driver=dialect.name,
            vendor_ref=None,
            retry_after_s=None,
        )
    return error


def _refusal(response: Any, body: object, driver: str) -> ModelError:
    """Return the error for an HTTP status, or for an error event after status 200."""
    status = response.status_code
    particulars: dict[str, Any] = {
        "driver": driver,
        "vendor_ref": _word(
            response.headers.get("request-id") or response.headers.get("x-request-id")
        ),
    }
    wait_s = _retry_after_s(response.headers.get("retry-after"))
    words = _words(body)
    message = " ".join([str(status), *words])
    if status == 429:
        return ModelBusy(message, retry_after_s=wait_s, **particulars)
    if status >= 500 or status in {408, 409}:
        return ModelUnavailable(message, retry_after_s=wait_s, **particulars)
    if status == 404 and _MISSING & set(words):
        return ModelMissing(message, **particulars)
    if status >= 300:
        return ModelRefused(message, **particulars)
    return _by_kind(words, message, retry_after_s=wait_s, **particulars)


def _by_kind(words: list[str], message: str, **particulars: Any) -> ModelError:
    """Return the ModelError for an error event of a stream.

    `words` are the vendor's names for the error, such as `rate_limit_error`.
    """
    kinds: tuple[tuple[set[str], type[ModelError]], ...] = (
        (_BUSY, ModelBusy),
        (_MISSING, ModelMissing),
        (_REFUSED, ModelRefused),
    )
    kind = next((kind for known, kind in kinds if known & set(words)), ModelUnavailable)
    return kind(
        " ".join([message, *(word for word in words if word not in message)]), **particulars
    )


def _words(body: object) -> list[str]:
    """Return the type, the code and the field name in the vendor's error body.

    Values that are not short ASCII names, such as the vendor's message, are left out.
    """
    outer = object_of(body)
    inner = object_of(outer.get("error")) or outer
    return [
        word for name in ("type", "code", "param") if (word := _word(inner.get(name))) is not None
    ]


def _word(value: object) -> str | None:
    """Return the value if it is a short ASCII name, else None.

    A name has at most 80 characters: letters, digits and `_.-[]`.
    """
    is_name = (
        isinstance(value, str)
        and 0 < len(value) <= 80
        and value.isascii()
        and all(letter.isalnum() or letter in "_.-[]" for letter in value)
    )
    return str(value) if is_name else None


def _retry_after_s(value: str | None) -> float | None:
    """Return the seconds to wait from a `Retry-After` header (RFC 9110, 10.2.3).

    The result is None if the header is missing or invalid.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - clock.now()).total_seconds()
        except (ValueError, TypeError):  # TypeError: a date without a zone
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
