"""HTML page of the team: users and invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, session, url_for
from flask_babel import gettext as _, lazy_gettext

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.forms.entry import InviteForm
from voyagent.identity.forms.request import device, identity
from voyagent.identity.queries import people as people_queries
from voyagent.identity.rules.permissions import MONEY_ROLES, TICKET_ROLES, Role, roles_that_may
from voyagent.identity.service import invites as identity_invites
from voyagent.identity.service.errors import InviteNotFound
from voyagent.identity.views.blueprint import pages
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db

_FRESH_INVITE = "fresh_invite"
_MATRIX = (
    (lazy_gettext("See everything in the agency"), roles_that_may("agency.read")),
    (lazy_gettext("Enquiries and conversations"), roles_that_may("enquiry.create")),
    (lazy_gettext("Use the assistant"), roles_that_may("tool.propose")),
    (lazy_gettext("Approve invoices and journal entries"), MONEY_ROLES),
    (lazy_gettext("Approve ticketing"), TICKET_ROLES),
    (lazy_gettext("Read the audit log"), roles_that_may("audit.read")),
    (lazy_gettext("People, roles, settings"), roles_that_may("team.manage")),
)


@pages.page("/team", permission="team.read", guard=Guard.SIGNED_IN)
def team(reader: Reader) -> Any:
    """Show the users, and the open invitations if the reader may invite."""
    return _team(reader, InviteForm(), fresh=session.pop(_FRESH_INVITE, None))


@pages.page("/team", methods=("POST",), permission="invite.create", guard=Guard.SIGNED_IN)
def invite(actor: Actor) -> Any:
    """Invite a colleague; only the next page shows the link."""
    form = InviteForm()
    made = form.attempt(
        lambda given: identity_invites.invite_newcomer(
            identity(),
            actor,
            email=given.email,
            role=given.role,
            address=device(Channel.BROWSER).ip,
        ),
        invite_already_exists="email",
        already_in_team="email",
        agency_not_verified="",
    )
    if made is None:
        return _team(SessionReader(db.session), form), form.status
    session[_FRESH_INVITE] = {"email": form.email.data, "link": made[1]}
    return see_other(url_for(".team"))


@pages.page(
    "/team/invitations/<invite_id>/revoke",
    methods=("POST",),
    permission="invite.revoke",
    missing=InviteNotFound,
    guard=Guard.SIGNED_IN,
)
def revoke_invite(actor: Actor, invite_id: UUID) -> Any:
    """Revoke an open invitation."""
    identity_invites.revoke_invite(actor, invite_id)
    toast(_("Invitation withdrawn. Its link no longer works."))
    return see_other(url_for(".team"))


def _team(reader: Reader, form: InviteForm, fresh: dict[str, str] | None = None) -> str:
    people, invites, inactive = people_queries.list_team(reader)
    return render_template(
        "identity/team.html",
        people=people,
        invites=invites,
        suspended=[person for person in inactive if person["suspended_at"]],
        removed=[person for person in inactive if not person["suspended_at"]],
        form=form,
        fresh=fresh,
        roles=list(Role),
        matrix=_MATRIX,
    )
