"""Pages of personal data for administrators: overview, export, erasure, periods."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, render_template, request, url_for
from flask_babel import gettext as _
from pydantic_core import to_json

from voyagent.http.files import saved
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.keyring import Keyring
from voyagent.parties import queries as parties
from voyagent.parties.queries import PartyNotFound
from voyagent.privacy.documents import person_paper
from voyagent.privacy.errors import InvalidRecordId
from voyagent.privacy.forms import ERASE_FIELDS, RETENTION_FIELDS, EraseForm, RetentionForm
from voyagent.privacy.queries import person
from voyagent.privacy.schemas import PersonExportOut
from voyagent.privacy.service import erasure, exporting, links, overview, retention
from voyagent.settings import queries as settings

pages = PageBlueprint("privacy", __name__, guard=Guard.SIGNED_IN)


@pages.page("/privacy", permission="privacy.read")
def index(actor: Actor) -> Any:  # noqa: ARG001 - binds the agency
    """Show the retention periods and the erasures."""
    return _retention_page(_retention_form())


@pages.page("/privacy", methods=("POST",), permission="privacy.manage")
def save(actor: Actor) -> Any:
    """Change the retention periods."""
    form = _retention_form()
    done = form.attempt(lambda body: retention.choose(actor, body.model_dump()), **RETENTION_FIELDS)
    if done is None:
        return _retention_page(form), form.status
    toast(_("Retention periods saved. They apply from the next night."))
    return see_other(url_for(".index"))


@pages.page("/parties/<party_id>/privacy", permission="privacy.read", missing=PartyNotFound)
def detail(actor: Actor, party_id: UUID) -> Any:
    """Show what is held about a person, and records that may be about the same person."""
    found = overview.read(actor, party_id)
    return render_template("privacy/person.html", person=found, done=person.erasure_of(party_id))


@pages.page(
    "/parties/<party_id>/privacy/links",
    methods=("POST",),
    permission="privacy.manage",
    missing=PartyNotFound,
)
def link(actor: Actor, party_id: UUID) -> Any:
    """Confirm that a record is about a person, or take the confirmation back.

    The confirmation is taken back if the form field `release` is `1`.
    """
    parties.get_party(party_id)
    kind, record_id = request.form.get("kind", ""), parse_id(request.form.get("record_id", ""))
    if record_id is None:
        raise InvalidRecordId
    if request.form.get("release") == "1":
        links.release(actor, party_id, kind=kind, record_id=record_id)
        toast(_("The link was removed."))
    else:
        links.confirm(actor, party_id, kind=kind, record_id=record_id)
        toast(_("The record now belongs to this person."))
    return see_other(url_for(".detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/privacy/export.json",
    permission="privacy.export",
    missing=PartyNotFound,
)
def export_json(actor: Actor, party_id: UUID) -> Response:
    """Send everything that is held about a person as JSON."""
    found = exporting.export(_keyring(), actor, party_id, form="json")
    body = to_json(PersonExportOut.of(found).members)
    return saved(body, f"person-{str(party_id)[-8:]}.json", "application/json")


@pages.page(
    "/parties/<party_id>/privacy/export.pdf",
    permission="privacy.export",
    missing=PartyNotFound,
)
def export_pdf(actor: Actor, party_id: UUID) -> Response:
    """Send everything that is held about a person as PDF."""
    found = exporting.export(_keyring(), actor, party_id, form="pdf")
    letterhead = settings.read_letterhead(SessionReader(db.session))
    content = person_paper(found, actor, letterhead)
    return saved(content, f"person-{str(party_id)[-8:]}.pdf", "application/pdf")


@pages.page(
    "/parties/<party_id>/privacy/erase",
    methods=("GET", "POST"),
    permission="privacy.erase",
    missing=PartyNotFound,
)
def erase(actor: Actor, party_id: UUID) -> Any:
    """Show what an erasure removes and what stays, and carry it out with a reason."""
    form = EraseForm()
    name = parties.get_party(party_id).name
    done = form.attempt(
        lambda body: erasure.erase(_keyring(), actor, party_id, reason=body.reason),
        **ERASE_FIELDS,
    )
    if done is None:
        plan = erasure.plan(actor, party_id)
        page = render_template(
            "privacy/erase.html", form=form, plan=plan, name=name, party_id=party_id
        )
        return page, form.status
    toast(_("The data of %(name)s was erased.", name=done.pseudonym))
    return see_other(url_for(".detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/privacy/identity",
    methods=("POST",),
    permission="privacy.export",
    missing=PartyNotFound,
)
def identity(actor: Actor, party_id: UUID) -> Any:
    """Show the identity of an erased person, kept for tax authorities."""
    known = erasure.open_identity(_keyring(), actor, party_id)
    return render_template(
        "privacy/identity.html", known=known, name=parties.get_party(party_id).name, id=party_id
    )


def _keyring() -> Keyring:
    found: Keyring = current_app.extensions["voyagent.keyring"]
    return found


def _retention_form() -> RetentionForm:
    chosen = settings.get_settings().retention
    return RetentionForm(data={kind: str(days) for kind, days in chosen.items()})


def _retention_page(form: RetentionForm) -> str:
    return render_template("privacy/index.html", form=form, erasures=person.list_erasures())
