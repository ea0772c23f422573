"""Second HTML page of the sign-in: the code, if two-factor authentication is on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, request, session, url_for
from flask_babel import gettext as _

from voyagent.http.guards import safe_next, sign_browser_in
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.forms.request import device, identity
from voyagent.identity.forms.two_factor import CodeForm
from voyagent.identity.service import signing_in
from voyagent.identity.service.signing_in import HalfSignIn
from voyagent.identity.views.blueprint import pages
from voyagent.kernel.actor import Channel
from voyagent.kernel.ids import parse_id

_HALF = "half_sign_in"


def keep_half(half: HalfSignIn, *, remember: bool) -> None:
    """Store a HalfSignIn in a new signed cookie.

    The new cookie replaces the cookie of an earlier session of this browser. The earlier session
    does not end.
    """
    session.clear()
    session[_HALF] = {
        "ids": [str(half.tenant_id), str(half.user_id)],
        "email": half.email,
        "password": half.password_print,
        "at": half.began_at.isoformat(),
        "remember": remember,
    }


@pages.page("/sign-in/code", methods=("GET", "POST"))
def enter_code() -> Any:
    """Complete the sign-in with a code, and redirect to the originally requested page."""
    target = safe_next(request.args.get("next"))
    half = _half()
    if half is None:
        if session.pop(_HALF, None):
            toast(_("This timed out. Sign in again."), kind="error")
        return see_other(url_for("identity.sign_in", next=target))
    form = CodeForm()
    signed_in = form.attempt(
        lambda given: signing_in.complete_sign_in(
            identity(), half, code=given.code, device=device(Channel.BROWSER)
        ),
        totp_invalid="code",
    )
    if signed_in is None:
        by_list = "recovery" in request.args
        return (
            render_template(
                "identity/sign_in_code.html",
                form=form,
                target=target,
                email=half.email,
                by_list=by_list,
            ),
            form.status,
        )
    sign_browser_in(signed_in.credential, remember=session[_HALF]["remember"])
    return see_other(target)


def _half() -> HalfSignIn | None:
    """Return the HalfSignIn in this browser's cookie while it is valid, or None."""
    stored = session.get(_HALF)
    if stored is None:
        return None
    tenant_id, user_id = map(parse_id, stored["ids"])
    if tenant_id is None or user_id is None:
        return None
    half = HalfSignIn(
        tenant_id,
        user_id,
        stored["email"],
        stored["password"],
        datetime.fromisoformat(stored["at"]),
    )
    return None if half.is_over else half
