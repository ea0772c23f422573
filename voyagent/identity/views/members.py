"""HTML pages on which administrators change, sign out or remove a user."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.forms.entry import RoleForm, SureForm
from voyagent.identity.forms.request import identity
from voyagent.identity.queries import people
from voyagent.identity.queries.people import PersonNotFound
from voyagent.identity.rules.permissions import roles_that_may
from voyagent.identity.service import team
from voyagent.identity.views.blueprint import pages
from voyagent.identity.views.sessions import with_labels
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db


@pages.page(
    "/team/<user_id>", permission="team.manage", missing=PersonNotFound, guard=Guard.SIGNED_IN
)
def member(reader: Reader, user_id: UUID) -> str:
    """Show a user's role and sessions."""
    return _page(reader, user_id)


@pages.page(
    "/team/<user_id>/role",
    methods=("POST",),
    permission="team.change_role",
    missing=PersonNotFound,
    guard=Guard.SIGNED_IN,
)
def change_role(actor: Actor, user_id: UUID) -> Any:
    """Change a user's role."""
    form = RoleForm()
    change = form.attempt(
        lambda given: team.change_role(identity(), actor, user_id, role=given.role),
        last_administrator="role",
        email_already_registered="role",
    )
    if change is None:
        return _page(SessionReader(db.session), user_id, form), form.status
    if change.is_back:
        toast(_("%(name)s has access again.", name=change.full_name))
    elif change.is_new:
        toast(_("Role of %(name)s changed. It takes effect immediately.", name=change.full_name))
    else:
        toast(_("%(name)s already has this role.", name=change.full_name))
    return see_other(url_for(".team"))


@pages.page(
    "/team/<user_id>/sign-out",
    methods=("POST",),
    permission="team.manage",
    missing=PersonNotFound,
    guard=Guard.SIGNED_IN,
)
def sign_person_out(actor: Actor, user_id: UUID) -> Any:
    """End all sessions of a user."""
    ended = team.sign_person_out(actor, user_id)
    name = people.get_person(SessionReader(db.session), user_id)["full_name"]
    toast(
        _("%(name)s signed out everywhere.", name=name)
        if ended
        else _("%(name)s was not signed in anywhere.", name=name)
    )
    return see_other(url_for(".member", user_id=user_id))


@pages.page(
    "/team/<user_id>/remove",
    permission="team.manage",
    missing=PersonNotFound,
    guard=Guard.SIGNED_IN,
)
def ask_to_remove(reader: Reader, user_id: UUID) -> str:
    """Ask for confirmation before a user is removed."""
    return _removal_page(reader, user_id, SureForm())


@pages.page(
    "/team/<user_id>/remove",
    methods=("POST",),
    permission="team.remove",
    missing=PersonNotFound,
    guard=Guard.SIGNED_IN,
)
def remove_member(actor: Actor, user_id: UUID) -> Any:
    """Remove a user from the agency."""
    form = SureForm()
    name = form.attempt(
        lambda _given: team.remove_person(identity(), actor, user_id), last_administrator=""
    )
    if name is None:
        return _removal_page(SessionReader(db.session), user_id, form), form.status
    toast(_("%(name)s removed from the agency.", name=name))
    return see_other(url_for(".team"))


def _page(reader: Reader, user_id: UUID, form: RoleForm | None = None) -> str:
    person = people.get_person(reader, user_id, or_suspended=True)
    sessions = with_labels(people.list_sessions(reader, user_id))
    administrators = [
        each["id"]
        for each in people.list_people(reader, removed=False)
        if each["role"] in roles_that_may("team.manage")
    ]
    facts = {"person": person, "sessions": sessions, "is_last": administrators == [user_id]}
    return render_template(
        "identity/member.html", form=form or RoleForm(data={"role": person["role"]}), **facts
    )


def _removal_page(reader: Reader, user_id: UUID, form: SureForm) -> str:
    return render_template(
        "identity/member_remove.html",
        person=people.get_person(reader, user_id, or_suspended=True),
        form=form,
    )
