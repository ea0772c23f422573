"""Flask application with one database transaction for each request.

The transaction is committed before the response is sent, and rolled back after an exception.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

import structlog
from flask import Flask, Request, Response, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from voyagent.http.compression import FILES
from voyagent.http.tracing import handle_in_span
from voyagent.kernel import clock
from voyagent.kernel.db import db, finish, flush
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.limits.running_requests import running_requests

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask.ctx import RequestContext

log = structlog.get_logger(__name__)
ATTEMPTS_MAX = 3
_RETRYABLE = frozenset({"40001", "40P01"})


class Signer(TimestampSigner):
    """Signer of cookies and headers that takes the time of signing from `clock`."""

    def get_timestamp(self) -> int:
        """Return the present time in whole seconds since 1970."""
        return int(clock.seconds())


class _CookieSessions(SecureCookieSessionInterface):
    """Session cookies dated by `clock`; an unused empty session is not written.

    A signature with a later time, made by another process whose clock is slightly ahead, is
    accepted. itsdangerous itself would refuse it.
    """

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = Signer
        return serializer

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        return clock.now() + app.permanent_session_lifetime if session.permanent else None

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        cookie = request.cookies.get(self.get_cookie_name(app))
        serializer = self.get_signing_serializer(app) if cookie else None
        if cookie is None or serializer is None:
            return self.session_class()
        try:
            content, signed_at = serializer.loads(cookie, return_timestamp=True)
        except BadSignature:
            return self.session_class()
        if clock.now() - signed_at > app.permanent_session_lifetime:
            return self.session_class()
        return self.session_class(content)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint in FILES:  # with `Vary: Cookie` a cache would keep a copy per person
            return
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)


class _Rule(Rule):
    """URL rule that compiles its functions for building URLs at their first use.

    Werkzeug compiles two such functions for each rule at once, which took seven eighths of the time
    to create the application. A command builds no URL, and a web process uses few rules for it.
    """

    def _compile_builder(
        self,
        append_unknown: bool = True,  # noqa: FBT001, FBT002 - the signature of Werkzeug
    ) -> Callable[..., tuple[str, str]]:
        builder = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            return builder()(rule, **values)

        return build


class VoyagentFlask(Flask):
    """Flask application that runs each request in one transaction.

    A request that conflicts with another request in the database is run again. A streamed response
    is produced after the commit, so the stream must not write to the database.
    """

    session_interface = _CookieSessions()
    url_rule_class = _Rule

    def request_context(self, environ: WSGIEnvironment) -> RequestContext:
        """Return the context of a request; a body that ends early causes an error."""
        if environ.get("CONTENT_LENGTH"):
            # If a client disconnects, Werkzeug would take the received part for the whole body.
            environ.pop("wsgi.input_terminated", None)
        return super().request_context(environ)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function unchanged, because no view or hook is a coroutine."""
        return func

    def full_dispatch_request(self) -> Response:
        """Handle the request and its errors, in a span if traces are sent."""
        return handle_in_span(super().full_dispatch_request)

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, and commit the transaction or roll it back.

        The transaction is rolled back after an error, unless the error's `keeps_work` is true.
        After a deadlock, a serialization failure, or a connection lost before the commit, the view
        is run again. The view runs at most ATTEMPTS_MAX times.
        """
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                with running_requests:
                    return self._dispatch_once()
            except (VoyagentError, HTTPException):
                raise
            except Exception as error:
                db.session.rollback()
                self._restore_session_cookie()
                if (
                    attempt == ATTEMPTS_MAX
                    or not isinstance(error, DBAPIError)
                    or not _may_retry(error)
                ):
                    raise
                log.info("request.tried_again", attempt=attempt, sqlstate=_sqlstate(error))
                db.session.remove()  # the rollback removed the agency to which a sign-up is bound
                time.sleep(random.uniform(0, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    def _dispatch_once(self) -> ResponseReturnValue:
        g.committing = False
        try:
            response: Response = self.make_response(super().dispatch_request())
        except VoyagentError as error:
            finish(error)
            raise
        except BaseException:
            db.session.rollback()
            raise
        flush()
        g.committing = True
        finish()
        return response

    def _restore_session_cookie(self) -> None:
        """Set the session cookie back to its value in the request.

        A rollback undoes a sign-in, a sign-out or the use of a one-time token. Therefore the change
        of the cookie is undone too.
        """
        sent = self.session_interface.open_session(self, request)
        session.clear()
        session.update(sent or {})
        session.modified = False


def _may_retry(error: DBAPIError) -> bool:
    """Return True if the view may be run again after a database error.

    This is so after a serialization failure, a deadlock, or a connection lost before COMMIT.
    """
    if _sqlstate(error) in _RETRYABLE:
        return True
    return bool(error.connection_invalidated) and not g.get("committing", False)


def _sqlstate(error: DBAPIError) -> str | None:
    return cast("str | None", getattr(error.orig, "sqlstate", None))
