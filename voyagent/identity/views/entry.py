"""HTML pages of sign-up, sign-in, sign-out and invitations."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, session, url_for
from flask_babel import gettext

from voyagent.http.client import client_address
from voyagent.http.errors import status_of
from voyagent.http.guards import (
    Guard,
    current_actor,
    is_signed_in,
    safe_next,
    sign_browser_in,
    sign_browser_out,
)
from voyagent.http.htmx import see_other
from voyagent.http.template_filters import page_locale
from voyagent.identity.forms.entry import JoinForm, SignInForm, SignUpForm
from voyagent.identity.forms.request import device, identity
from voyagent.identity.queries import people
from voyagent.identity.service import accounts, invites, sessions, signing_in
from voyagent.identity.service.errors import (
    EmailNotVerified,
    InviteExpired,
    InviteNotFound,
    InviteNotPending,
)
from voyagent.identity.service.signing_in import HalfSignIn
from voyagent.identity.views.blueprint import pages
from voyagent.identity.views.code import keep_half
from voyagent.identity.views.recovery import TYPED, UNVERIFIED
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.addresses import normal_address

_INVITE_TOKEN = "invite_token"  # noqa: S105 - a name


@pages.page("/sign-in", methods=("GET", "POST"))
def sign_in() -> Any:
    """Sign in, and redirect to the page that was requested before the sign-in."""
    target = safe_next(request.args.get("next"))
    if request.method == "GET" and is_signed_in():
        return see_other(target)
    form = SignInForm()
    came = form.attempt(
        lambda given: signing_in.begin_sign_in(
            identity(), email=given.email, password=given.password, device=device(Channel.BROWSER)
        ),
        invalid_credentials="",
        email_not_verified="",
    )
    if came is None:
        if form.refused:
            session[TYPED] = normal_address(form.email.data or "")
        if form.refused == EmailNotVerified.code:
            session[UNVERIFIED] = session[TYPED]
        offers_demo = people.offers_demo(identity().settings)
        return (
            render_template(
                "identity/sign_in.html", form=form, target=target, offers_demo=offers_demo
            ),
            form.status,
        )
    if isinstance(came, HalfSignIn):
        keep_half(came, remember=bool(form.remember.data))
        return see_other(url_for(".enter_code", next=target))
    sign_browser_in(came.credential, remember=bool(form.remember.data))
    return see_other(target)


@pages.page("/sign-in/demo", methods=("POST",))
def open_demo() -> Any:
    """Sign in to the demo agency as its administrator."""
    sign_browser_in(sessions.open_demo(identity(), device(Channel.BROWSER)).credential)
    return see_other(url_for("home.index"))


@pages.page("/sign-up", methods=("GET", "POST"))
def sign_up() -> Any:
    """Create an agency and its administrator; the agency gets the page's language."""
    form = SignUpForm()
    signed_in = form.attempt(
        lambda given: accounts.sign_up(
            identity(), **given.model_dump(), locale=page_locale(), device=device(Channel.BROWSER)
        ),
        email_already_registered="email",
        password_common="password",  # noqa: S106 - a code and its field
        password_blank="password",  # noqa: S106 - the same
    )
    if signed_in is None:
        return render_template("identity/sign_up.html", form=form), form.status
    sign_browser_in(signed_in.credential)
    return see_other(url_for("home.index"))


@pages.page("/sign-out", methods=("POST",), guard=Guard.SIGNED_IN)
def sign_out(actor: Actor) -> Any:
    """End this browser's session."""
    sessions.end_session(actor)
    sign_browser_out()
    return see_other(url_for(".sign_in"))


@pages.page("/accept-invite", methods=("GET", "POST"))
def accept_invite() -> Any:
    """Show and process the page of an invitation's link.

    The token moves at once from the URL into the cookie of the browser.
    """
    if "token" in request.args:
        session[_INVITE_TOKEN] = request.args["token"][:128]
        return see_other(url_for(".accept_invite"))
    token, here = session.get(_INVITE_TOKEN, ""), current_actor()
    form = JoinForm()
    signed_in = form.attempt(
        lambda given: invites.accept_invite(
            identity(), token=token, **given.model_dump(), device=device(Channel.BROWSER)
        ),
        email_already_registered="",
        password_common="password",  # noqa: S106 - a code and its field
        password_blank="password",  # noqa: S106 - the same
    )
    if signed_in is None:
        try:
            invited = invites.look_up_invite(identity(), token, address=client_address())
        except (InviteNotFound, InviteNotPending, InviteExpired) as dead:
            return render_template(
                "identity/accept_invite.html", form=form, invited=None, dead=gettext(dead.message)
            ), status_of(dead)
        return (
            render_template("identity/accept_invite.html", form=form, invited=invited, here=here),
            form.status,
        )
    sign_browser_in(signed_in.credential)
    return see_other(url_for("home.index"))
