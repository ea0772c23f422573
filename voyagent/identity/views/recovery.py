"""HTML pages of mailed links: confirm an e-mail address, reset a password.

The token of a link moves at once from the URL into the cookie of the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, session, url_for
from flask_babel import gettext as _, ngettext

from voyagent.http.client import client_address
from voyagent.http.forms import SchemaForm
from voyagent.http.guards import current_actor, is_signed_in, sign_browser_out
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.forms.account import ForgotForm, ResetForm, VerifyForm
from voyagent.identity.forms.request import device, identity
from voyagent.identity.schemas.account import ForgotPage
from voyagent.identity.service import reset, verification
from voyagent.identity.service.one_time import Holder
from voyagent.identity.service.verification import Known
from voyagent.identity.views.blueprint import pages
from voyagent.kernel.actor import Channel

_VERIFY_TOKEN, _RESET_TOKEN = "verify_token", "reset_token"
_ASKED = "reset_asked"
_TOKEN_MAX = 128
TYPED = "typed_address"
"""Session key of the e-mail address in a refused sign-in; prefills the password reset."""
UNVERIFIED = "unverified"
"""Session key of a user whose password was correct and whose address is unconfirmed."""


@pages.page("/verify-email", methods=("GET", "POST"))
def verify_email() -> Any:
    """Confirm an e-mail address when a button is pressed.

    Opening the link is not enough, because mail scanners open links too.
    """
    if "token" in request.args:
        return _take_token(_VERIFY_TOKEN, ".verify_email")
    token, form, known = session.get(_VERIFY_TOKEN, ""), VerifyForm(), _known()
    confirmed = form.attempt(
        lambda given: verification.verify_on_page(
            identity(),
            token=token,
            password=given.password,
            known=known,
            device=device(Channel.BROWSER),
        ),
        token_invalid="",
        password_missing="password",  # noqa: S106 - a code and its field
        invalid_password="password",  # noqa: S106 - the same
    )
    if confirmed is None:
        return _link_page(
            "identity/verify.html",
            form,
            verification.find_verification,
            token,
            asks_password=lambda holder: verification.needs_password(holder, known),
        )
    session.pop(_VERIFY_TOKEN)
    session.pop(UNVERIFIED, None)
    toast(_("%(address)s confirmed.", address=confirmed))
    return see_other(url_for("home.index" if is_signed_in() else ".sign_in"))


@pages.page("/verify-email/again", methods=("POST",))
def send_verification_again() -> Any:
    """Mail the confirmation link again after a correct password."""
    email = session.get(UNVERIFIED)
    if email is not None:
        verification.send_again(identity(), email=email, device=device(Channel.BROWSER))
        toast(_("Link sent again. Check your e-mail and the spam folder."))
    return see_other(url_for(".sign_in"))


@pages.page("/forgot-password", methods=("GET", "POST"))
def forgot_password() -> Any:
    """Request a reset link; the next page does not reveal whether the account exists."""
    form = ForgotForm(data={"email": session.get(TYPED)})
    result = form.attempt(_ask)
    if result is None:
        return (
            render_template("identity/forgot.html", form=form, asked=session.pop(_ASKED, None)),
            form.status,
        )
    session[_ASKED] = result
    return see_other(url_for(".forgot_password"))


@pages.page("/reset-password", methods=("GET", "POST"))
def reset_password() -> Any:
    """Set a new password with a mailed link; the user then signs in with it."""
    if "token" in request.args:
        return _take_token(_RESET_TOKEN, ".reset_password")
    token, form = session.get(_RESET_TOKEN, ""), ResetForm()
    done = form.attempt(
        lambda given: reset.reset_password(
            identity(), token=token, new_password=given.new_password, device=device(Channel.BROWSER)
        ),
        token_invalid="",
        password_common="new_password",  # noqa: S106 - a code and its field
        password_blank="new_password",  # noqa: S106 - the same
    )
    if done is None:
        return _link_page("identity/reset.html", form, reset.find_reset, token)
    sign_browser_out()
    toast(" ".join([_("Password changed. Sign in with the new password."), *_who_else(done)]))
    return see_other(url_for(".sign_in"))


def _who_else(done: reset.Reset) -> list[str]:
    """Return sentences that tell a user, after a reset, who else has access.

    There is a sentence for `done.others` and one for `done.suspended`, unless the number is 0.
    """
    others = ngettext(
        "One other person has access to the agency: see Team.",
        "%(num)d other people have access to the agency: see Team.",
        done.others,
    )
    suspended = ngettext(
        "One person whom this account invited has no access until you restore it under Team.",
        "%(num)d people whom this account invited have no access until you restore it under Team.",
        done.suspended,
    )
    return [text for number, text in ((done.others, others), (done.suspended, suspended)) if number]


def _ask(given: ForgotPage) -> str:
    reset.request_reset(identity(), email=given.email, device=device(Channel.BROWSER))
    return given.email


def _known() -> Known:
    """Return the person at this browser, as far as the session cookie identifies them.

    The cookie has the signed-in person. If a sign-in with the correct password was refused, because
    the e-mail address is not confirmed, the cookie has this e-mail address.
    """
    actor = current_actor()
    return Known(
        actor.user_id if actor else None,
        actor.session_id if actor else None,
        session.get(UNVERIFIED),
    )


def _link_page(
    template: str,
    form: SchemaForm[Any],
    find: Callable[..., Holder | None],
    token: str,
    *,
    asks_password: Callable[[Holder], bool] = lambda _holder: False,
) -> tuple[str, int]:
    """Render the page of a mailed link, with status 400 if the link is not valid.

    `find` returns the owner of the link's `token`, or None if the link is not valid. After too
    many attempts `find` is not called, and the status is 429. `asks_password` returns True if the
    page must ask this owner for the password.
    """
    is_limited = form.status == 429
    holder = None if is_limited else find(identity(), token, address=client_address())
    status = form.status if holder or is_limited else 400
    asks = holder is not None and asks_password(holder)
    if asks and holder is not None:
        session[TYPED] = holder.email  # fills the form of a forgotten password
    return render_template(template, form=form, holder=holder, asks_password=asks), status


def _take_token(name: str, endpoint: str) -> Any:
    session[name] = request.args["token"][:_TOKEN_MAX]
    return see_other(url_for(endpoint))
