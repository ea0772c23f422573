"""Base classes of expected errors.

`voyagent/http/errors.py` maps each base class to an HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, NamedTuple


def N_(  # noqa: N802
    sentence: str,
) -> str:
    """Mark a sentence for translation and return it unchanged.

    The sentence is translated when it is shown.
    """
    return sentence


class Remedy(NamedTuple):
    """A page where a person can remove the cause of an error.

    `label` is marked with `N_`. `endpoint` and `query` make the address of the page.
    """

    label: str
    endpoint: str
    query: Mapping[str, str]


class VoyagentError(Exception):
    """Base class of expected errors: `code` is for programs, `message` for people.

    Neither `code` nor `message` contains input. The error rolls the transaction back, unless
    `keeps_work` is true; then the transaction is committed. The response is not sent before
    `answer_at`, a value of `time.perf_counter()`, so that the response time reveals nothing.

    `body`, if there is one, becomes the member `detail` of the response. `beside` has further
    members of a JSON response. `further` is a second sentence for people, marked with `N_`, and the
    values of its placeholders. `remedy` is the page that helps; forms and error pages link to it.
    """

    code: ClassVar[str] = "error"
    message: ClassVar[str] = N_("This could not be done.")
    keeps_work: ClassVar[bool] = False
    answer_at: float | None = None
    body: dict[str, str] | None = None
    beside: Mapping[str, object] | None = None
    further: tuple[str, Mapping[str, str | date]] | None = None
    remedy: Remedy | None = None

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.code)
        self.detail = detail or self.code


class Invalid(VoyagentError):
    """A value has the right type and form, but breaks a business rule."""

    code = "invalid"


class StructuredInvalid(Invalid):
    """A value breaks a business rule, which the object `body` explains."""

    def __init__(self, body: dict[str, str]) -> None:
        super().__init__(body.get("code"))
        self.body = body


class Unprocessable(VoyagentError):
    """Input cannot be read or breaks the schema; `field` is the name of the field."""

    code = "unprocessable"
    field: str | None = None


class Unauthorized(VoyagentError):
    """The caller is not authenticated."""

    code = "unauthorized"
    message = N_("Please sign in again.")


class Forbidden(VoyagentError):
    """The caller lacks the permission."""

    code = "forbidden_role"
    message = N_("Your role does not allow this. An administrator of your agency can change it.")


class NotFound(VoyagentError):
    """The record does not exist or belongs to another agency."""

    code = "not_found"
    message = N_("This was not found. It may have been removed.")


class Conflict(VoyagentError):
    """The state of the record does not allow the action."""

    code = "conflict"


class StructuredConflict(Conflict):
    """The record does not allow the action, which the object `body` explains."""

    def __init__(self, body: dict[str, str]) -> None:
        super().__init__(body.get("code"))
        self.body = body


class PreconditionFailed(VoyagentError):
    """The record has changed since the version that the caller named in `If-Match`."""

    code = "precondition_failed"
    message = N_("This was changed after you opened it. Reload it, then repeat your changes.")


class TooManyRequests(VoyagentError):
    """The caller sent too many requests and may retry after `retry_after_s` seconds."""

    code = "too_many_requests"
    message = N_("Too many requests.")
    retry_after_s = 60

    def __init__(self, detail: str | None = None, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s


class Unavailable(VoyagentError):
    """A service that the program depends on is unavailable; nothing was changed."""

    code = "unavailable"
    message = N_("The service is unavailable. Nothing was changed. Try again in a moment.")
    retry_after_s: int | None = 5
