"""HTML page of the user's own account: name, e-mail address and password."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.forms.account import AddressForm, NameForm, PasswordForm
from voyagent.identity.forms.request import device, identity
from voyagent.identity.queries import people
from voyagent.identity.schemas.account import AddressPage
from voyagent.identity.service import confirming, profile as identity_profile, verification
from voyagent.identity.service.profile import ProfileChange
from voyagent.identity.views.blueprint import account_pages
from voyagent.identity.views.sessions import lives_on_words
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db

_CONFIRMING = {"invalid_password": "password", "totp_invalid": "code"}


@account_pages.page("/account", permission="account.read")
def profile(reader: RequestReader) -> str:
    """Show name, e-mail address and password, each with a form to change it."""
    return _page(people.get_person(reader, reader.person_id))


@account_pages.page("/account", methods=("POST",), permission="account.update")
def rename(actor: Actor) -> Any:
    """Change the user's own name."""
    form = NameForm()
    changed = form.attempt(
        lambda given: identity_profile.update_profile(
            identity(), actor, full_name=given.full_name, device=device(Channel.BROWSER)
        )
    )
    if changed is None:
        return _page(_person(actor), name=form), form.status
    toast(_("Name saved."))
    return see_other(url_for(".profile"))


@account_pages.page("/account/address", methods=("POST",), permission="account.update")
def move(actor: Actor) -> Any:
    """Change the user's own e-mail address; the form asks for the password."""
    form = AddressForm()
    changed = form.attempt(
        lambda given: _move(actor, given), **_CONFIRMING, email_already_registered="email"
    )
    if changed is None:
        return _page(_person(actor), address=form), form.status
    toast(
        f"{_('Address changed. Open the link we sent there to confirm it.')}"
        f" {lives_on_words(changed.user_id)}"
        if changed.must_verify
        else _("This is already your address.")
    )
    return see_other(url_for(".profile"))


@account_pages.page("/account/password", methods=("POST",), permission="account.update")
def change_password(actor: Actor) -> Any:
    """Change the user's own password."""
    form = PasswordForm()
    changed = form.attempt(
        lambda given: identity_profile.change_password(
            identity(), actor, **given.model_dump(), device=device(Channel.BROWSER)
        ),
        **{**_CONFIRMING, "invalid_password": "current_password"},
        password_common="new_password",  # noqa: S106 - a code and its field
        password_blank="new_password",  # noqa: S106 - the same
    )
    if changed is None:
        return _page(_person(actor), password=form), form.status
    toast(f"{_('Password changed. You are signed out everywhere else.')} {lives_on_words(changed)}")
    return see_other(url_for(".profile"))


@account_pages.page("/account/verification", methods=("POST",), permission="account.update")
def send_verification(actor: Actor) -> Any:
    """Mail the user another link to confirm the e-mail address."""
    verification.send_verification_email(identity(), actor, address=device(Channel.BROWSER).ip)
    toast(_("Link sent to %(address)s.", address=actor.email))
    return see_other(url_for(".profile"))


def _move(actor: Actor, given: AddressPage) -> ProfileChange:
    confirmed = confirming.confirm(
        identity(), actor, password=given.password, code=given.code, device=device(Channel.BROWSER)
    )
    return identity_profile.update_profile(
        identity(), confirmed, email=given.email, device=device(Channel.BROWSER)
    )


def _person(actor: Actor) -> Row:
    return people.get_person(SessionReader(db.session), verification.person_of(actor))


def _page(
    person: Row,
    *,
    name: NameForm | None = None,
    address: AddressForm | None = None,
    password: PasswordForm | None = None,
) -> str:
    """Render the page of the account with its three forms.

    A form that is passed to this function shows the user's input.
    """
    name = name or NameForm(formdata=None, data={"full_name": person["full_name"]})
    forms = {
        "name": name,
        "address": address or AddressForm(formdata=None),
        "password": password or PasswordForm(formdata=None),
    }
    return render_template("account/profile.html", person=person, forms=forms)
