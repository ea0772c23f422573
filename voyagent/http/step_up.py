"""Page that asks for the password after a form that needs step-up was sent.

If the service raises NotFresh, the response is a page that asks for the password, and for a code if
two-factor is on.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, render_template, request

from voyagent.http.guards import auth_adapter, note_confirmation, safe_next
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.errors import TooManyRequests, VoyagentError

PASSWORD, CODE = "step_up_password", "step_up_code"
_REFUSALS = frozenset({"invalid_password", "totp_invalid"})
_OWN = frozenset({PASSWORD, CODE, "csrf_token"})


def is_answer() -> bool:
    """Return True if the request comes from the page that asks for the password."""
    return request.method == "POST" and PASSWORD in request.form


def confirmed(actor: Actor) -> Actor:
    """Check the password in the request and return the actor with `fresh` set.

    Raises InvalidPassword, TotpRefused, TooManyRequests.
    """
    fresh = auth_adapter().confirm(actor, request.form[PASSWORD], request.form.get(CODE, ""))
    note_confirmation()
    return fresh


def asks(error: VoyagentError) -> bool:
    """Return True if the response to an error is the page that asks for the password.

    The result is False for a form with files, because the page cannot send the files again.
    """
    if request.method != "POST" or request.files:
        return False
    if isinstance(error, NotFresh):
        return True
    return is_answer() and (error.code in _REFUSALS or isinstance(error, TooManyRequests))


def question(actor: Actor | None, error: VoyagentError, sentence: str) -> Response:
    """Return a page that asks for the password and then submits the form again."""
    kept = [
        (name, value)
        for name, values in request.form.lists()
        if name not in _OWN
        for value in values
    ]
    return current_app.make_response(
        render_template(
            "errors/step_up.html",
            kept=kept,
            action=request.full_path.rstrip("?"),
            back=safe_next(urlsplit(request.referrer or "").path),
            asks_code=actor is not None and auth_adapter().asks_code(actor),
            sentence="" if isinstance(error, NotFresh) else sentence,
            names={"password": PASSWORD, "code": CODE},
        )
    )
