"""HTML page of the user's own sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _, ngettext

from voyagent.http.guards import sign_browser_out
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.queries import credentials, people
from voyagent.identity.rules.devices import DeviceWords, describe
from voyagent.identity.service import credentials as service, own_sessions
from voyagent.identity.service.errors import CredentialKindNotFound, SignInNotFound
from voyagent.identity.views.blueprint import account_pages
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row


@account_pages.page("/account/sessions", permission="account.read")
def sessions(reader: RequestReader) -> str:
    """Show every browser and program in which the user is signed in."""
    rows, counts = reader.read(
        people.sessions_statement(reader.person_id), credentials.living_statement(reader.person_id)
    )
    return render_template("account/sessions.html", sessions=with_labels(rows), living=counts[0])


@account_pages.page(
    "/account/sessions/<auth_session_id>/end",
    methods=("POST",),
    permission="account.update",
    missing=SignInNotFound,
)
def end_session(actor: Actor, auth_session_id: UUID) -> Any:
    """End one of the user's own sessions, which may be the current one."""
    own_sessions.end_own_session(actor, auth_session_id)
    if auth_session_id == actor.session_id:
        sign_browser_out()
        return see_other(url_for("identity.sign_in"))
    toast(_("Session signed out."))
    return see_other(url_for(".sessions"))


@account_pages.page("/account/sessions/end-others", methods=("POST",), permission="account.update")
def end_other_sessions(actor: Actor) -> Any:
    """End all of the user's other sessions."""
    ended = own_sessions.end_own_sessions(actor, keep_this=True)
    toast(
        ngettext(
            "You are signed out in one other place.",
            "You are signed out in %(num)d other places.",
            ended,
        )
        if ended
        else _("You are not signed in anywhere else.")
    )
    return see_other(url_for(".sessions"))


@account_pages.page(
    "/account/credentials/<credential_kind>/end",
    methods=("POST",),
    permission="account.update",
    missing=CredentialKindNotFound,
)
def end_credentials(actor: Actor, credential_kind: str) -> Any:
    """End all of the user's own credentials of a kind, such as the API keys."""
    ended = service.end_own(actor, credential_kind)
    toast(_("Ended. They no longer work.") if ended else _("There was nothing left to end."))
    return see_other(url_for(".sessions"))


def lives_on_words(user_id: UUID) -> str:
    """Return sentences on the API keys and invitations of a user that still work.

    The result is an empty text if the user has neither.
    """
    counts = service.lives_on(user_id)
    words = [
        ngettext(
            "One API key of yours continues to work.",
            "%(num)d API keys of yours continue to work.",
            counts["api_keys"],
        )
        if counts["api_keys"]
        else "",
        ngettext(
            "One invitation that you sent is still open.",
            "%(num)d invitations that you sent are still open.",
            counts["invitations"],
        )
        if counts["invitations"]
        else "",
    ]
    found = [sentence for sentence in words if sentence]
    return " ".join([*found, _("You can end them on the page “Sessions”.")]) if found else ""


def with_labels(rows: list[Row]) -> list[Row]:
    """Return the sessions with the name of each device in the reader's language."""
    return [
        {**row, "device": _named(row["channel"], words), "glyph": words.glyph}
        for row in rows
        for words in (describe(row["user_agent"]),)
    ]


def _named(channel: str, words: DeviceWords) -> str:
    if words.browser and words.system:
        return _("%(browser)s on %(system)s", browser=words.browser, system=words.system)
    return (
        words.browser or words.program or (_("A program") if channel == "api" else _("A browser"))
    )
