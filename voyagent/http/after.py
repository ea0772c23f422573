"""Read your own writes, where reads go to standbys.

The response to a request that may write has the primary's position in the write-ahead log: for a
browser in a cookie, for a program in the header `Voyagent-After`, which the program sends back. For
the next 30 seconds the reads of this person include everything up to the position. It is signed,
because an invented position could move all reads to the primary.

A page that has shown the state of the primary sets a cookie too, so that the next page is not
older. This is a separate cookie, because such a page can be made before a write and arrive after
the response to the write. It must not replace the position of the write.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import cast

import structlog
from flask import Flask, Response, current_app, g, has_request_context, request
from itsdangerous import BadSignature, TimestampSigner
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from voyagent.http.app import Signer
from voyagent.http.compression import FILES
from voyagent.kernel import clock
from voyagent.kernel.config import Settings
from voyagent.kernel.database.standbys import position_of
from voyagent.kernel.db import db
from voyagent.kernel.db_connections import Purpose, purpose_of_process

HEADER = "Voyagent-After"
DESCRIPTION = (
    "Lists and records may be up to three seconds old where the installation reads from copies of"
    f" its database. There, the response to a request that may write has the header `{HEADER}`."
    " Send it back with your next reads, for at most 30 seconds, and they include your write."
)
COOKIE, SEEN_COOKIE = "voyagent_after", "voyagent_seen"
LIFETIME = timedelta(seconds=30)
_READING = frozenset({"GET", "HEAD"})
_NOT_REPLAYED = "FFFFFFFF/FFFFFFFF"
"""Position that no server reaches, so the primary answers."""
_POSITION = text("select pg_current_wal_insert_lsn()::text")
log = structlog.get_logger(__name__)


def install(app: Flask, settings: Settings) -> None:
    """Add the position of the primary to responses, if reads go to standbys."""
    if not settings.reads_standbys:
        return
    app.after_request(_carry_position)
    if not event.contains(db.session, "after_begin", _note_use):
        event.listen(db.session, "after_begin", _note_use)


def position_to_read() -> int | None:
    """Return the position that the reads of this request must include; 0 for none.

    The result is None if the primary must answer: without standbys, in a request that may write,
    and in a process that is no web process.
    """
    settings: Settings = current_app.extensions["voyagent.settings"]
    if (
        not settings.reads_standbys
        or request.method not in _READING
        or purpose_of_process() is not Purpose.WEB
    ):
        return None
    sent = (
        [request.headers.get(HEADER)]
        if _is_api()
        else [request.cookies.get(_name(cookie)) for cookie in (COOKIE, SEEN_COOKIE)]
    )
    return max(_opened(one) for one in sent)


def _opened(sent: str | None) -> int:
    if sent is None:
        return 0
    try:
        position, signed_at = _signer().unsign(sent, return_timestamp=True)
    except BadSignature:
        return 0
    if clock.now() - signed_at > LIFETIME:
        return 0
    return position_of(position.decode())


def _carry_position(response: Response) -> Response:
    is_reading = request.method in _READING
    if not g.get("has_used_primary") or request.endpoint in FILES:
        return response
    if is_reading and (_is_api() or response.status_code >= 500):
        return response
    signed = _signer().sign(_position(response)).decode()
    if _is_api():
        response.headers[HEADER] = signed
    else:
        response.set_cookie(
            _name(SEEN_COOKIE if is_reading else COOKIE),
            signed,
            max_age=LIFETIME,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _note_use(*_: object) -> None:
    if has_request_context():
        g.has_used_primary = True


def _position(response: Response) -> str:
    """Return the present position of the primary in the write-ahead log.

    If the position is unknown, the result is a position that no standby has, so the primary answers
    the next reads. After a response with status 5xx the position counts as unknown, because the
    transaction may or may not be committed.
    """
    if response.status_code >= 500:
        return _NOT_REPLAYED
    try:
        engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            return cast("str", connection.scalar(_POSITION))
    except SQLAlchemyError as error:
        log.warning("position.unknown", error=type(error).__name__)
        return _NOT_REPLAYED


def _is_api() -> bool:
    return (request.endpoint or "").startswith("api_")


def _name(cookie: str) -> str:
    return f"__Host-{cookie}" if current_app.config["SESSION_COOKIE_SECURE"] else cookie


def _signer() -> TimestampSigner:
    config = current_app.config
    keys = [*reversed(config["SECRET_KEY_FALLBACKS"]), config["SECRET_KEY"]]
    return Signer(keys, salt="voyagent.after", digest_method=sha256)
