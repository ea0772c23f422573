"""Pages of the settings: everybody can read them, administrators can change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import force_locale, gettext as _
from markupsafe import Markup

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, page_fact, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.settings import queries
from voyagent.settings.forms import (
    ERROR_FIELDS,
    LOGO_ERROR_FIELDS,
    ROLE_WORDS,
    SECTIONS,
    LogoForm,
    SettingsForm,
    label_of,
    value_of,
    words_of,
)
from voyagent.settings.service import logos, tenant_settings

pages = PageBlueprint("settings", __name__, guard=Guard.SIGNED_IN)
page_fact("logo")(queries.logo_mark)
page_fact("letterhead")(queries.letterhead_lines)
LOGO_BODY_MAX = 768 * 1024
"""The largest request body of the logo form, in bytes.

It is larger than the size limit of a logo. A file that is slightly too large is therefore still
read, and the error appears at the field of the form.
"""
Panel = Callable[[Reader, Actor], str]
_panels: list[Panel] = []
_assistant_panels: list[Panel] = []


def under_the_limits(panel: Panel) -> Panel:
    """Register a panel to show below the section of limits, and return it.

    A panel is a function that returns HTML. Another package uses this function as a decorator.
    """
    _panels.append(panel)
    return panel


def under_the_model(panel: Panel) -> Panel:
    """Register a panel to show below the section of the assistant's model; return it.

    A panel is a function that returns HTML. Another package uses this function as a decorator.
    """
    _assistant_panels.append(panel)
    return panel


@pages.page("/settings", permission="settings.read")
def index(reader: RequestReader) -> Any:
    """Show the settings: a form for administrators, plain values for others."""
    row = queries.read(reader)
    actor = reader.authenticate()
    row = row or tenant_settings.make(actor)
    return _page(reader, actor, row, SettingsForm.of(row) if actor.can("settings.update") else None)


@pages.page("/settings", methods=("POST",), permission="settings.update")
def save(actor: Actor) -> Any:
    """Change the settings, and confirm the change in the language that was chosen."""
    row = queries.row_of(queries.get_settings())
    form = SettingsForm.of(row)
    changed = form.attempt(
        lambda body: tenant_settings.update(actor, body.changes(), seen=form.seen.data or ""),
        **ERROR_FIELDS,
    )
    if changed is None:
        return _page(SessionReader(db.session), actor, row, form), form.status
    with force_locale(changed.locale):
        toast(_("Settings saved."))
    return see_other(url_for(".index"))


@pages.page("/settings/logo", permission="settings.read", missing=queries.LogoNotFound)
def logo(reader: RequestReader) -> Response:
    """Send the logo; answer 304 if the `ETag` of the request matches."""
    found = queries.read_logo(reader)
    answer = Response(found["content"], mimetype=found["media_type"])
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(found["digest"])
    answer.make_conditional(request)
    return answer


@pages.page(
    "/settings/logo", methods=("POST",), permission="settings.update", body_max=LOGO_BODY_MAX
)
def put_logo(actor: Actor) -> Any:
    """Store the uploaded logo."""
    form = LogoForm()
    if form.attempt(lambda body: logos.put(actor, body.logo), **LOGO_ERROR_FIELDS) is None:
        row = queries.row_of(queries.get_settings())
        return _page(SessionReader(db.session), actor, row, SettingsForm.of(row), form), form.status
    toast(_("Logo saved. It is used on new documents."))
    return see_other(url_for(".index", _anchor="logo-part"))


@pages.page("/settings/logo/remove", methods=("POST",), permission="settings.update")
def remove_logo(actor: Actor) -> Any:
    """Remove the logo."""
    logos.remove(actor)
    toast(_("Logo removed from new documents."))
    return see_other(url_for(".index", _anchor="logo-part"))


def _page(
    reader: Reader,
    actor: Actor,
    row: Row,
    form: SettingsForm | None,
    logo_form: LogoForm | None = None,
) -> str:
    history = queries.read_history(reader, actor.tenant_id)
    return render_template(
        "settings/index.html",
        settings=row,
        form=form,
        logo_form=logo_form or LogoForm(),
        history=history,
        sections=SECTIONS,
        label_of=label_of,
        words_of=words_of,
        roles=ROLE_WORDS,
        value_of=value_of,
        used=[Markup(panel(reader, actor)) for panel in _panels],  # noqa: S704 - each is a rendered template
        assistant_panels=[Markup(panel(reader, actor)) for panel in _assistant_panels],  # noqa: S704 - the same
    )
