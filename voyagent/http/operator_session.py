"""Session of the operator's pages, which is apart from the sessions of people.

An operator signs in with the token of `VOYAGENT_OPERATOR_TOKEN`. The session is a signed
cookie that only pages below PATH receive. It names the token by a keyed hash, so a new token ends
it. It ends after 30 minutes without a request, at the latest 12 hours after the sign-in, and when
an operator signs out, also for those who have a copy of the cookie.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import Response, abort, after_this_request, redirect, request
from itsdangerous import BadSignature, URLSafeSerializer

from voyagent.http.extensions import installed
from voyagent.kernel import clock, operator_sessions
from voyagent.kernel.config import Settings
from voyagent.kernel.keyring import Keyring

PATH = "/operator"
SIGN_IN_PATH = f"{PATH}/sign-in"
IDLE_MAX_S = 30 * 60
LIFE_MAX_S = 12 * 3600
_PURPOSE = "operator"


def cookie_name() -> str:
    """Return the name of the cookie.

    If the public URL is https, the name begins with `__Secure-`: browsers then accept and send the
    cookie only over HTTPS.
    """
    prefix = "__Secure-" if installed(Settings, "settings").is_https else ""
    return f"{prefix}voyagent_operator"


def is_token(given: str) -> bool:
    """Return True if a text is the operator's token, compared in constant time."""
    return hmac.compare_digest(_mark(given), _mark(_token()))


def begin_session() -> None:
    """Give the browser a session with the response to this request."""
    _keep(clock.seconds())


def end_sessions() -> None:
    """End the sessions of all operators, who share one token; delete the cookie."""
    operator_sessions.end_all()

    @after_this_request
    def stamp(response: Response) -> Response:
        response.delete_cookie(
            cookie_name(),
            path=PATH,
            secure=installed(Settings, "settings").is_https,
            httponly=True,
            samesite="Strict",
        )
        return response


def require_session() -> None:
    """Extend the operator's session, or redirect to the page that asks for the token."""
    began = _began()
    if began is None:
        abort(redirect(SIGN_IN_PATH, 303))
    _keep(began)


def _began() -> float | None:
    """Return the time of the sign-in, None without a valid session.

    The time is in seconds since 1970.
    """
    try:
        content: Any = _serializer().loads(request.cookies.get(cookie_name(), ""))
        mark, began, seen = content
    except (BadSignature, TypeError, ValueError):
        return None
    now = int(clock.seconds())
    is_valid = (
        hmac.compare_digest(str(mark), _mark(_token()))
        and now - seen <= IDLE_MAX_S
        and now - int(began) <= LIFE_MAX_S
        and began > operator_sessions.valid_from()
    )
    return began if is_valid else None


def _keep(began: float) -> None:
    @after_this_request
    def stamp(response: Response) -> Response:
        response.set_cookie(
            cookie_name(),
            _serializer().dumps([_mark(_token()), began, int(clock.seconds())]),
            path=PATH,
            secure=installed(Settings, "settings").is_https,
            httponly=True,
            samesite="Strict",
        )
        return response


def _token() -> str:
    return installed(Settings, "settings").operator_token.get_secret_value()


def _mark(token: str) -> str:
    return installed(Keyring, "keyring").digest(_PURPOSE, token).hex()


def _serializer() -> URLSafeSerializer:
    # The serializer signs with the last key, and verifies with all.
    return URLSafeSerializer(installed(Keyring, "keyring").secrets[::-1], salt=_PURPOSE)
