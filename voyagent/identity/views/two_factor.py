"""HTML pages of two-factor authentication: state, set-up, recovery codes."""

from __future__ import annotations

from typing import Any

import segno
from flask import render_template, session, url_for
from flask_babel import gettext as _

from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.forms.request import device, identity
from voyagent.identity.forms.two_factor import CodeForm, ConfirmForm
from voyagent.identity.queries import people
from voyagent.identity.rules.permissions import MONEY_ROLES, TICKET_ROLES
from voyagent.identity.service import totp
from voyagent.identity.views.blueprint import account_pages
from voyagent.identity.views.sessions import lives_on_words
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db

_SHOWN_UNTIL = "totp_shown_until"
_AT_THE_FORM = {"invalid_password": "password", "totp_invalid": "code"}


@account_pages.page("/account/security", permission="account.read")
def security(reader: RequestReader) -> str:
    """Show the state of two-factor authentication.

    The secret of an unfinished set-up is shown only in the browser that started it.
    """
    state = people.get_two_factor(reader, reader.person_id)
    return _page(reader.authenticate(), state, CodeForm())


@account_pages.page(
    "/account/security/set-up", methods=("GET", "POST"), permission="account.update"
)
def set_up(actor: Actor) -> Any:
    """Check password and code, and create a new secret."""
    form = ConfirmForm()
    begun = form.attempt(
        lambda given: totp.set_up_totp(
            identity(), actor, **given.model_dump(), device=device(Channel.BROWSER)
        ),
        **_AT_THE_FORM,
    )
    if begun is None:
        return _ask(actor, "set_up", form), form.status
    session[_SHOWN_UNTIL] = int(clock.seconds() + totp.SETUP_WITHIN.total_seconds())
    return see_other(url_for(".security"))


@account_pages.page("/account/security/confirm", methods=("POST",), permission="account.update")
def switch_on(actor: Actor) -> Any:
    """Switch two-factor authentication on with the first code.

    Only this response shows the recovery codes.
    """
    form = CodeForm()
    if not _is_shown():
        toast(_("This timed out. Start again."), kind="error")
        return see_other(url_for(".set_up"))
    done = form.attempt(
        lambda given: totp.switch_on(
            identity(), actor, code=given.code, device=device(Channel.BROWSER)
        ),
        totp_invalid="code",
        totp_not_initialized="",
    )
    if done is None:
        return _page(actor, _state(actor), form), form.status
    session.pop(_SHOWN_UNTIL)
    change, codes = done
    toast(
        _("New authenticator set up.") if change == "replaced" else _("Two-factor sign-in is on.")
    )
    return (
        _page(actor, _state(actor), CodeForm(formdata=None), codes=codes)
        if codes
        else see_other(url_for(".security"))
    )


@account_pages.page("/account/security/leave", methods=("POST",), permission="account.update")
def leave_set_up(actor: Actor) -> Any:
    """Cancel an unfinished set-up of two-factor authentication."""
    totp.drop_setup(actor)
    session.pop(_SHOWN_UNTIL, None)
    return see_other(url_for(".security"))


@account_pages.page("/account/security/codes", methods=("GET", "POST"), permission="account.update")
def new_codes(actor: Actor) -> Any:
    """Create new recovery codes; only this response shows them."""
    form = ConfirmForm()
    codes = form.attempt(
        lambda given: totp.make_recovery_codes(
            identity(), actor, **given.model_dump(), device=device(Channel.BROWSER)
        ),
        **_AT_THE_FORM,
        totp_not_enabled="",
    )
    if codes is None:
        return _ask(actor, "codes", form), form.status
    toast(_("New recovery codes created. The old ones no longer work."))
    return _page(actor, _state(actor), CodeForm(formdata=None), codes=codes)


@account_pages.page("/account/security/off", methods=("GET", "POST"), permission="account.update")
def switch_off(actor: Actor) -> Any:
    """Switch two-factor authentication off."""
    form = ConfirmForm()
    done = form.attempt(lambda given: _off(actor, **given.model_dump()), **_AT_THE_FORM)
    if done is None:
        return _ask(actor, "off", form), form.status
    assert actor.user_id is not None
    toast(f"{_('Two-factor sign-in is off.')} {lives_on_words(actor.user_id)}")
    return see_other(url_for(".security"))


def _off(actor: Actor, **given: Any) -> bool:
    totp.disable_totp(identity(), actor, **given, device=device(Channel.BROWSER))
    return True


def _ask(actor: Actor, act: str, form: ConfirmForm) -> str:
    return render_template(
        "account/two_factor_confirm.html", act=act, form=form, is_on=_state(actor)["totp_enabled"]
    )


def _state(actor: Actor) -> Row:
    assert actor.user_id is not None
    return people.get_two_factor(SessionReader(db.session), actor.user_id)


def _page(actor: Actor, state: Row, form: CodeForm, *, codes: list[str] | None = None) -> str:
    sealed = state["totp_pending_secret"]
    setup = (
        totp.pending_setup(identity(), actor, sealed)
        if sealed is not None and _is_shown()
        else None
    )
    picture = (
        segno.make_qr(setup.otpauth_url, error="m").svg_data_uri(
            border=4, light="#fff", omitsize=True
        )
        if setup
        else ""
    )
    advised = actor.role in MONEY_ROLES | TICKET_ROLES
    return render_template(
        "account/security.html",
        state=state,
        form=form,
        setup=setup,
        picture=picture,
        codes=codes or [],
        advised=advised,
    )


def _is_shown() -> bool:
    return bool(session.get(_SHOWN_UNTIL, 0) >= clock.seconds())
