"""Error responses with their HTTP status, as JSON for programs or as a page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus

import psycopg
import psycopg_pool
import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext, ngettext, refresh
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    TimeoutError as PoolTimeoutError,
)
from werkzeug.exceptions import ClientDisconnected, HTTPException

from voyagent.http import step_up
from voyagent.http.guards import (
    current_actor,
    is_signed_in,
    needs_sign_in,
    present_actor,
    to_sign_in,
)
from voyagent.http.htmx import is_htmx
from voyagent.http.pace import answer_no_earlier_than
from voyagent.http.template_filters import day
from voyagent.kernel import errors
from voyagent.kernel.database.session_pool import ShareInUse
from voyagent.kernel.db import READ_ONLY, is_away, is_of_commit

log = structlog.get_logger(__name__)

STATUS: dict[type[errors.VoyagentError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.Unprocessable: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
LOST_IN_COMMIT = errors.N_(
    "The connection to the database was lost while saving. Check whether your change was saved"
    " before you try again."
)
_COUNTED_IN_SECONDS, _COUNTED_IN_MINUTES = 90, 90 * 60
_HTTP_DETAIL = {
    404: "Not Found",
    405: "Method Not Allowed",
    413: "payload_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    429: "too_many_requests",
    431: "headers_too_large",
}
# Sentences of JSON responses; HTML pages have their own.
_HTTP_SENTENCES = {
    404: errors.N_("Page not found"),
    405: errors.N_("This address does not accept this method."),
    413: errors.N_("This is larger than the limit. Send a smaller file or a shorter text."),
    415: errors.N_("This address accepts JSON only."),
}


class SchemaViolation(errors.Unprocessable):
    """The input does not match the schema.

    Each of `items` has the keys `type`, `loc` and `msg`. The items do not contain the input itself.
    """

    def __init__(self, items: list[dict[str, object]]) -> None:
        super().__init__("schema_violation")
        self.items = items


def status_of(error: errors.VoyagentError | type[errors.VoyagentError]) -> HTTPStatus:
    """Return the HTTP status of an error or error class.

    The status is that of the nearest base class in `STATUS`, and 500 if there is none.
    """
    kind = error if isinstance(error, type) else type(error)
    for base in kind.__mro__:
        if base in STATUS:
            return STATUS[base]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def install(app: Flask) -> None:
    """Register error handlers for all exceptions."""
    app.register_error_handler(errors.VoyagentError, _expected)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ParseException, _malformed_body)
    app.register_error_handler(ClientDisconnected, _incomplete_body)
    for kind in (DBAPIError, PoolTimeoutError, psycopg.Error, psycopg_pool.PoolTimeout):
        app.register_error_handler(kind, _database)
    app.register_error_handler(Exception, _last_resort)


def is_api() -> bool:
    """Return True for a path of programs, such as a path below /api or of a probe."""
    return request.path.startswith(
        ("/api/", "/health", "/internal/", "/schemas/")
    ) or request.path in {"/api", "/ready"}


def answer(
    status: int,
    detail: object,
    message: str | None = None,
    headers: dict[str, str] | None = None,
    *,
    remedy: errors.Remedy | None = None,
    beside: Mapping[str, object] | None = None,
) -> Response:
    """Return an error response: JSON for programs, a page for browsers.

    `detail` is for programs: an error code, or a JSON value that explains the error. `message` is a
    translated sentence for people. Without `message`, a page shows a general sentence for the
    status. A page links to the `remedy`. `beside` has further members of the JSON.
    """
    if is_api():
        body: dict[str, object] = {"detail": detail, "request_id": g.get("request_id")}
        if message:
            body["message"] = message
        body.update(beside or {})
        response = jsonify(body)
    else:
        response = _page(status, message, remedy)
    response.status_code = status
    response.headers.update(headers or {})
    return response


def sentence_of(error: errors.VoyagentError) -> str:
    """Return the translated message of an error, with its further sentence.

    The further sentence of a rate limit is the time to wait.
    """
    sentence = gettext(error.message)
    if isinstance(error, errors.TooManyRequests):
        return f"{sentence} {_wait(error.retry_after_s)}"
    if error.further is None:
        return sentence
    template, values = error.further
    shown = {
        name: day(value, year=True) if isinstance(value, date) else value
        for name, value in values.items()
    }
    return f"{sentence} {gettext(template, **shown)}"


def _wait(seconds: int) -> str:
    if seconds < _COUNTED_IN_SECONDS:
        return ngettext("Try again in one second.", "Try again in %(num)d seconds.", seconds)
    if seconds < _COUNTED_IN_MINUTES:
        return ngettext(
            "Try again in one minute.",
            "Try again in %(num)d minutes.",
            math.ceil(seconds / 60),
        )
    return ngettext(
        "Try again in one hour.",
        "Try again in %(num)d hours.",
        math.ceil(seconds / 3600),
    )


def _load_visitor() -> None:
    """Authenticate the visitor of an error page, to show their language and menu."""
    if is_api() or request.endpoint == "static" or present_actor() is not None:
        return
    if current_actor() is not None:
        refresh()  # the language may have been chosen before the person was known


def _page(status: int, message: str | None, remedy: errors.Remedy | None) -> Response:
    known = (
        400
        if status == HTTPStatus.REQUEST_TIMEOUT
        else status
        if status in {400, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503}
        else 500
        if status >= 500
        else 404
    )
    template = "errors/_alert.html" if is_htmx() else f"errors/{known}.html"
    response = Response(
        render_template(
            template,
            status=status,
            message=message,
            remedy=remedy,
            request_id=g.get("request_id"),
        ),
        mimetype="text/html",
    )
    if is_htmx():
        response.headers["HX-Retarget"] = "#alerts"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _expected(error: errors.VoyagentError) -> Response:
    status = status_of(error)
    if error.answer_at is not None:
        answer_no_earlier_than(error.answer_at)
    headers = {}
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    detail: object = error.body or getattr(error, "items", error.detail)
    if not is_api() and isinstance(error, errors.Unauthorized):
        return to_sign_in()
    _load_visitor()
    if not is_api() and not is_htmx() and step_up.asks(error):
        response = step_up.question(current_actor(), error, sentence_of(error))
        response.status_code = status
        response.headers.update(headers)
        return response
    return answer(
        status, detail, sentence_of(error), headers, remedy=error.remedy, beside=error.beside
    )


def _csrf(_error: CSRFError) -> Response:
    if (
        needs_sign_in() and not is_signed_in()
    ):  # signed out in another tab, so the cookie has another CSRF token
        return to_sign_in()
    _load_visitor()
    return answer(
        HTTPStatus.BAD_REQUEST,
        "csrf_failed",
        gettext("This page was open too long. Reload it and try again."),
    )


def _http(error: HTTPException) -> Response:
    if error.response is not None and error.code is not None and error.code < 400:
        return Response(
            error.response.get_data(),  # type: ignore[attr-defined]
            error.response.status_code,
            error.response.headers,
        )
    status = error.code or 500
    if 300 <= status < 400:
        return Response(status=status, headers={"Location": getattr(error, "new_url", "/")})
    _load_visitor()
    headers = {}
    if status == HTTPStatus.METHOD_NOT_ALLOWED and getattr(error, "valid_methods", None):
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))  # type: ignore[attr-defined]
    sentence = _HTTP_SENTENCES.get(status) if is_api() else None
    return answer(status, _detail_of(status), gettext(sentence) if sentence else None, headers)


def _detail_of(status: int) -> str:
    return _HTTP_DETAIL.get(status, HTTPStatus(status).phrase.lower().replace(" ", "_"))


def _malformed_body(error: Exception) -> Response:
    """Return the response to a body that gunicorn cannot parse.

    An example is a malformed chunk: gunicorn parses a chunked body only while the program reads it.
    There is no separate log entry, because anybody can cause this error.
    """
    structlog.contextvars.bind_contextvars(malformed=type(error).__name__)
    _load_visitor()
    return answer(
        HTTPStatus.BAD_REQUEST,
        "malformed_body",
        gettext("The request was damaged on its way. Send it again."),
    )


def _incomplete_body(error: ClientDisconnected) -> Response:
    """Return the response to a request whose body is incomplete.

    The status is 408 if the rest did not arrive before the deadline, else 400.
    """
    status = (
        HTTPStatus.REQUEST_TIMEOUT
        if isinstance(error.__context__, TimeoutError | BlockingIOError)
        else HTTPStatus.BAD_REQUEST
    )
    return answer(
        status,
        _detail_of(status),
        gettext("The request did not arrive completely. Send it again."),
    )


def _database(error: Exception) -> Response:
    original = getattr(error, "orig", error)
    if isinstance(error, DataError) or isinstance(original, psycopg.DataError):
        # Last check for a value that its column cannot store; schemas should have refused it.
        log.warning("database.value_refused", sqlstate=getattr(original, "sqlstate", None))
        return answer(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            [
                {
                    "type": "value_out_of_range",
                    "loc": ["body"],
                    "msg": "A value is outside what can be stored",
                }
            ],
        )
    if not is_away(error):
        return _last_resort(error)
    if isinstance(error, ShareInUse):
        log.warning("database.share_in_use")
    else:
        log.error(
            "database.unavailable",
            error=type(original).__name__,
            sqlstate=getattr(original, "sqlstate", None),
        )
    return answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database_unreachable",
        gettext(LOST_IN_COMMIT if _may_be_saved(error) else errors.Unavailable.message),
        {"Retry-After": "5"},
    )


def _may_be_saved(error: Exception) -> bool:
    """Return True if the connection was lost during COMMIT.

    The changes may then be saved. The result is False if the server refused the last statement
    because the server is read-only.
    """
    return (
        g.get("committing", False)
        and isinstance(error, DBAPIError)
        and error.connection_invalidated
        and is_of_commit(error.statement)
        and getattr(error.orig, "sqlstate", None) != READ_ONLY
    )


def _last_resort(error: Exception) -> Response:
    log.error("request.failed", error=type(error).__name__, exc_info=error)
    return answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        gettext("Something went wrong on our side. Nothing was saved. Try again."),
    )
