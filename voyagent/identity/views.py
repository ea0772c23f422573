"""The pages of coming in, and the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, session, url_for
from flask_babel import gettext as _, lazy_gettext

from voyagent.http.guards import Guard, is_signed_in, safe_next, sign_browser_in, sign_browser_out
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.identity import queries, service
from voyagent.identity.doors import device, identity
from voyagent.identity.forms import InviteForm, JoinForm, SignInForm, SignUpForm
from voyagent.identity.permissions import MONEY_ROLES, TICKET_ROLES, Role, roles_that_may
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.db import db
from voyagent.kernel.reading import Reader, SessionReader

pages = PageBlueprint("identity", __name__, guard=Guard.PUBLIC)
_INVITE_TOKEN = "invite_token"  # noqa: S105 - a name
_FRESH_INVITE = "fresh_invite"
_MATRIX = (
    (lazy_gettext("See everything in the agency"), roles_that_may("agency.read")),
    (lazy_gettext("Enquiries and conversations"), roles_that_may("enquiry.create")),
    (lazy_gettext("Have the assistant propose"), roles_that_may("tool.propose")),
    (lazy_gettext("Grant invoices and journal"), MONEY_ROLES),
    (lazy_gettext("Grant tickets"), TICKET_ROLES),
    (lazy_gettext("Read the audit log"), roles_that_may("audit.read")),
    (lazy_gettext("People, roles, settings"), roles_that_may("team.manage")),
)


@pages.page("/sign-in", methods=("GET", "POST"))
def sign_in() -> Any:
    """Sign in, and go on to where one was going."""
    target = safe_next(request.args.get("next"))
    if request.method == "GET" and is_signed_in():
        return see_other(target)
    form = SignInForm()
    signed_in = form.attempt(
        lambda given: service.sign_in(identity(), email=given.email, password=given.password, device=device(Channel.BROWSER)),
        invalid_credentials="",
        email_not_verified="",
    )
    if signed_in is None:
        offers_demo = queries.offers_demo(identity().settings)
        return render_template("identity/sign_in.html", form=form, target=target, offers_demo=offers_demo), form.status
    sign_browser_in(signed_in.credential, remember=bool(form.remember.data))
    return see_other(target)


@pages.page("/sign-in/demo", methods=("POST",))
def open_demo() -> Any:
    """Look around in the demo agency."""
    sign_browser_in(service.open_demo(identity(), device(Channel.BROWSER)).credential)
    return see_other(url_for("home.index"))


@pages.page("/sign-up", methods=("GET", "POST"))
def sign_up() -> Any:
    """Make an agency."""
    form = SignUpForm()
    signed_in = form.attempt(
        lambda given: service.sign_up(identity(), **given.model_dump(), device=device(Channel.BROWSER)),
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
    """End this browser's session whole."""
    service.end_session(actor)
    sign_browser_out()
    return see_other(url_for(".sign_in"))


@pages.page("/accept-invite", methods=("GET", "POST"))
def accept_invite() -> Any:
    """Join an agency by a link; its token goes from the address into the session at once."""
    if "token" in request.args:
        session[_INVITE_TOKEN] = request.args["token"][:128]
        return see_other(url_for(".accept_invite"))
    token = session.get(_INVITE_TOKEN, "")
    form = JoinForm()
    signed_in = form.attempt(
        lambda given: service.accept_invite(identity(), token=token, **given.model_dump(), device=device(Channel.BROWSER)),
        email_already_registered="",
        password_common="password",  # noqa: S106 - a code and its field
        password_blank="password",  # noqa: S106 - the same
    )
    if signed_in is None:
        return render_template("identity/accept_invite.html", form=form, invited=service.look_up_invite(token)), form.status
    sign_browser_in(signed_in.credential)
    return see_other(url_for("home.index"))


@pages.page("/team", permission="team.read", guard=Guard.SIGNED_IN)
def team(reader: Reader) -> Any:
    """Everybody of the agency, and open invitations for those who may invite."""
    return _team(reader, InviteForm(), fresh=session.pop(_FRESH_INVITE, None))


@pages.page("/team", methods=("POST",), permission="invite.create", guard=Guard.SIGNED_IN)
def invite(actor: Actor) -> Any:
    """Invite a colleague; the next page shows the link once."""
    form = InviteForm()
    made = form.attempt(lambda given: service.invite(identity(), actor, email=given.email, role=given.role), invite_already_exists="email")
    if made is None:
        return _team(SessionReader(db.session), form), form.status
    session[_FRESH_INVITE] = {"email": form.email.data, "link": made[1]}
    return see_other(url_for(".team"))


@pages.page("/team/invitations/<invite_id>/revoke", methods=("POST",), permission="invite.revoke", missing=service.InviteNotFound, guard=Guard.SIGNED_IN)
def revoke_invite(actor: Actor, invite_id: UUID) -> Any:
    """Take an open invitation back."""
    service.revoke_invite(actor, invite_id)
    toast(_("The invitation is taken back. Its link opens nothing any more."))
    return see_other(url_for(".team"))


def _team(reader: Reader, form: InviteForm, fresh: dict[str, str] | None = None) -> str:
    people, invites = queries.list_team(reader)
    return render_template("identity/team.html", people=people, invites=invites, form=form, fresh=fresh, roles=list(Role), matrix=_MATRIX)
