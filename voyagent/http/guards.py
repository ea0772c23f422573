"""Guards of blueprints: public, bearer token, session cookie, operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlsplit
from uuid import UUID

import psycopg
import structlog
from flask import Flask, Response, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from psycopg_pool import PoolTimeout
from sqlalchemy import Select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from voyagent.http import after
from voyagent.http.htmx import is_htmx
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor, Channel, Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import (
    ReadPool,
    RequestReader,
    actor_of,
)
from voyagent.kernel.database.reauthentication import find_caller
from voyagent.kernel.db import db, next_act
from voyagent.kernel.errors import NotFound, Unauthorized
from voyagent.kernel.ids import parse_id
from voyagent.kernel.limits.callers import note_person
from voyagent.kernel.logs import bind_actor
from voyagent.kernel.metrics import meters
from voyagent.kernel.tenancy import name_agency, record_bound_agency

Answer = TypeVar("Answer")
log = structlog.get_logger(__name__)
TOKEN_BYTES_MAX = 4096
DEAD_END = "agency.read"  # a permission that every member of an agency has
EVENT_STREAM = "text/event-stream"
CREDENTIAL = "voyagent.credential"
"""Key of the WSGI environment by which a worker passes a request's credential.

A client cannot set this key, because keys of request headers begin with `HTTP_`.
"""
IDLE_MAX = timedelta(days=14)
_SEEN_EVERY_S = 3600
CONFIRMED_FOR_S = 10 * 60
"""Time in seconds for which a browser counts as fresh after a password was entered in it."""
_CONFIRMED = "confirmed_at"


class Guard(StrEnum):
    """The authentication that a blueprint requires."""

    PUBLIC = "public"
    BEARER = "bearer"
    SIGNED_IN = "signed_in"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class AuthAdapter:
    """Functions of packages above `http` that authenticate callers and record actions.

    `authenticate` returns the credential of a bearer token. `shell` returns the select of the data
    that every page shows, and `lane` is the pool for reads. `note_seen` records the time of a
    request, and `note_export` records an export with its file name and filters. `why_ended` returns
    a sentence on why a session ended. `confirm` checks a password and code, and `asks_code` returns
    True if a code is needed. `make_later` starts a job that makes the file at a URL, and returns
    the id of the file.
    """

    authenticate: Callable[[str], Credential]
    shell: Callable[[], Select[Any]]
    lane: ReadPool
    note_seen: Callable[[Credential], None]
    note_export: Callable[[Actor, str, Mapping[str, str]], None]
    why_ended: Callable[[Credential], str]
    confirm: Callable[[Actor, str, str], Actor]
    asks_code: Callable[[Actor], bool]
    make_later: Callable[[Actor, str], UUID]


class SignedIn(UserMixin):
    """User object of Flask-Login: the credential from the signed session cookie.

    Each request checks the credential in the database.
    """

    def __init__(self, credential: Credential) -> None:
        self.credential = credential

    def get_id(self) -> str:
        """Return the ids of agency, person and session, separated by colons."""
        return f"{self.credential.tenant_id}:{self.credential.user_id}:{self.credential.session_id}"


class _Logins(LoginManager):
    """Login manager of Flask-Login that does not read the session for API requests.

    If the session were read, API responses would get the header `Vary: Cookie`.
    """

    def _update_remember_cookie(self, response: Response) -> Response:
        return (
            response
            if (request.endpoint or "").startswith("api_")
            else super()._update_remember_cookie(response)
        )


def install(app: Flask, settings: Settings, auth_adapter: AuthAdapter) -> None:
    """Configure the session cookie and Flask-Login, and store the adapter."""
    app.extensions["voyagent.auth_adapter"] = auth_adapter
    app.config.update(
        SESSION_COOKIE_NAME="__Host-voyagent_session" if settings.is_https else "voyagent_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=IDLE_MAX,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    manager = _Logins()
    manager.session_protection = None
    manager.init_app(app)
    manager.user_loader(_load)


def auth_adapter() -> AuthAdapter:
    """Return the adapter that `install` stored."""
    return cast("AuthAdapter", current_app.extensions["voyagent.auth_adapter"])


def bearer_token() -> str | None:
    """Return the bearer token of the Authorization header.

    The result is None if the token is missing or too long.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= TOKEN_BYTES_MAX else None


def bearer_credential() -> Credential:
    """Return the credential of the Authorization header. Raises Unauthorized."""
    if CREDENTIAL in request.environ:
        return cast("Credential", request.environ[CREDENTIAL])
    token = bearer_token()
    if token is None:
        raise Unauthorized
    return auth_adapter().authenticate(token)


def browser_credential() -> Credential:
    """Return the credential of the session cookie. Raises Unauthorized."""
    if CREDENTIAL in request.environ:
        return cast("Credential", request.environ[CREDENTIAL])
    if not current_user.is_authenticated:
        raise Unauthorized
    credential = cast("SignedIn", current_user).credential
    if _note_seen():
        auth_adapter().note_seen(credential)
        next_act()  # to unlock the row of the session
    return replace(credential, fresh=_is_confirmed())


def authenticate(credential: Credential) -> Actor:
    """Authenticate a caller and bind the database session to the caller's agency.

    Raises Unauthorized if the person was removed or the session has ended.
    """
    note_person(credential.user_id)
    name_agency(db.session(), credential.tenant_id)
    caller = find_caller(credential)
    record_bound_agency(db.session(), credential.tenant_id)
    actor = actor_of(credential, caller)
    g.actor = actor
    bind_actor(actor)
    return actor


def request_reader(
    credential: Credential,
    permission: str,
    *,
    with_shell: bool = False,
    from_primary: bool = False,
) -> RequestReader:
    """Return a reader that authenticates the caller with its first read.

    With `with_shell`, the first read also reads the data that every page shows. With
    `from_primary`, no standby is read.
    """
    note_person(credential.user_id)
    reader = RequestReader(
        auth_adapter().lane,
        credential,
        permission,
        auth_adapter().shell if with_shell else None,
        after=None if from_primary else after.position_to_read(),
    )
    g.reader = reader
    return reader


def answer_of(reader: RequestReader | None, act: Callable[[], Answer]) -> Answer:
    """Return the result of a handler, which is repeated if a standby lacks a record.

    A caller may know a record from a notification before the standby has it. The second attempt
    reads from the primary.
    """
    try:
        return act()
    except NotFound:
        if reader is None or not reader.has_read_standby:
            raise
        meters().read_fallbacks.labels("not_found").inc()
        reader.use_primary()
        return act()


def present_actor() -> Actor | None:
    """Return the actor that this request has authenticated; None if there is none yet."""
    reader = g.get("reader")
    return g.get("actor") or (reader.actor if reader is not None else None)


def current_actor() -> Actor | None:
    """Return the actor of this request; if necessary, authenticate the cookie first.

    The result is None if nobody is signed in or the database does not answer.
    """
    actor = present_actor()
    if actor is not None or not current_user.is_authenticated:
        return actor
    try:
        return request_reader(
            cast("SignedIn", current_user).credential, DEAD_END, with_shell=True
        ).authenticate()
    except Unauthorized:
        return None
    except (psycopg.OperationalError, PoolTimeout) as error:
        log.warning("dead_end.without_menu", error=type(error).__name__)
        return None


def sign_browser_in(credential: Credential, *, remember: bool = False) -> None:
    """Sign the browser in with a new session and a new CSRF token.

    With `remember`, the session continues after the browser is closed. Every session ends after 14
    days without a request.
    """
    session.clear()
    session.permanent = remember
    login_user(SignedIn(credential))
    _note_seen()
    note_confirmation()


def sign_browser_out() -> None:
    """Sign the browser out by clearing its session cookie."""
    logout_user()
    session.clear()


def note_confirmation() -> None:
    """Store in the session cookie that the user has entered the password just now.

    For the next ten minutes, the browser need not ask for the password again.
    """
    session[_CONFIRMED] = int(clock.seconds())


def is_signed_in() -> bool:
    """Return True if the session cookie names a person; the database is not queried."""
    return bool(current_user.is_authenticated)


def to_sign_in() -> Response:
    """Redirect to the sign-in page, which returns to the present page afterwards.

    If the person was signed in, the sign-in page shows the reason why the session ended. A request
    of htmx gets status 401 with the URL in `HX-Redirect`. A request for an event stream gets only
    status 401, because an event stream shows no page.
    """
    if request.accept_mimetypes.best == EVENT_STREAM:
        return Response(status=401)
    if current_user.is_authenticated:
        flash(gettext(auth_adapter().why_ended(cast("SignedIn", current_user).credential)), "error")
    elif request.method == "POST":
        flash(gettext("You were signed out and nothing was saved. Sign in again."), "error")
    logout_user()
    target = request.full_path.rstrip("?") if request.method == "GET" else _page_that_sent()
    address = url_for("identity.sign_in") + "?next=" + quote(target, safe="/")
    if is_htmx():
        return Response(status=401, headers={"HX-Redirect": address})
    return cast("Response", redirect(address, 303))


def needs_sign_in() -> bool:
    """Return True if the requested page is for signed-in people only."""
    return (
        getattr(current_app.view_functions.get(request.endpoint or ""), "guard", None)
        is Guard.SIGNED_IN
    )


def _page_that_sent() -> str:
    """Return the path of the page whose form was sent.

    The result is the home page if that page is unknown or is on another host.
    """
    sender = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    address = f"{sender.path}?{sender.query}" if sender.query else sender.path
    return safe_next(address if sender.netloc == request.host else None)


def safe_next(address: str | None) -> str:
    """Return `address` if it is a page of this site, else the home page.

    An address on another host, an API path and the path of a static file are not pages of this
    site.
    """
    home = url_for("home.index")
    if (
        not address
        or not address.startswith("/")
        or address.startswith("//")
        or "\\" in address
        or not address.isprintable()
    ):
        return home
    parts = urlsplit(address)
    try:
        endpoint, _ = current_app.url_map.bind("").match(parts.path, method="GET")
    except (HTTPException, RoutingException):
        return home
    if parts.scheme or parts.netloc or endpoint.startswith(("api_", "static")):
        return home
    return address


def _is_confirmed() -> bool:
    return 0 <= int(clock.seconds()) - int(session.get(_CONFIRMED, 0)) <= CONFIRMED_FOR_S


def _note_seen() -> bool:
    """Store the time of this request in the session cookie, at most once an hour.

    Returns True if the time was stored.
    """
    now = int(clock.seconds())
    if now - session.get("seen", 0) < _SEEN_EVERY_S:
        return False
    session["seen"] = now
    return True


def _load(stored: str) -> SignedIn | None:
    ids: list[UUID | None] = [parse_id(part) for part in stored.split(":")]
    if len(ids) != 3 or None in ids:
        return None
    tenant_id, user_id, session_id = cast("list[UUID]", ids)
    return SignedIn(Credential(tenant_id, user_id, session_id, channel=Channel.BROWSER))
