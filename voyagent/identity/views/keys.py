"""HTML pages of API keys: list, create and revoke; administrators see all keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.identity.forms.entry import SCOPE_WORDS, MakeKeyForm
from voyagent.identity.forms.request import device, identity
from voyagent.identity.queries import people
from voyagent.identity.schemas.entry import MakeKeyPage
from voyagent.identity.service import confirming, keys as identity_keys, verification
from voyagent.identity.views.blueprint import account_pages
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import NotFound

_AT_THE_FORM = {
    "invalid_password": "password",
    "totp_invalid": "code",
    "scope_beyond_role": "scopes",
    "agency_not_verified": "",
    "too_many_api_keys": "",
}


@account_pages.page("/account/api-keys", permission="api_key.read")
def api_keys(reader: RequestReader) -> str:
    """Show the user's own API keys, and to an administrator those of all users."""
    return _page(reader, reader.authenticate())


@account_pages.page("/account/api-keys/new", methods=("GET", "POST"), permission="api_key.create")
def new_api_key(actor: Actor) -> Any:
    """Create an API key.

    Only this response shows the key.
    """
    form = MakeKeyForm.of(actor.role)
    made = form.attempt(lambda given: _make(actor, given), **_AT_THE_FORM)
    if made is None:
        asks_code = people.get_person(SessionReader(db.session), verification.person_of(actor))[
            "totp_enabled"
        ]
        return (
            render_template(
                "account/api_key_new.html", form=form, asks_code=asks_code, about=_about()
            ),
            form.status,
        )
    key_id, text = made
    return _page(SessionReader(db.session), actor, fresh={**people.get_key(key_id), "text": text})


@account_pages.page(
    "/account/api-keys/<key_id>/revoke", permission="api_key.revoke", missing=NotFound
)
def ask_to_revoke(actor: Actor, key_id: UUID) -> Any:
    """Ask for confirmation before an API key is revoked."""
    identity_keys.get_key_to_revoke(actor, key_id)
    return render_template("account/api_key_revoke.html", key=people.get_key(key_id))


@account_pages.page(
    "/account/api-keys/<key_id>/revoke",
    methods=("POST",),
    permission="api_key.revoke",
    missing=NotFound,
)
def revoke_api_key(actor: Actor, key_id: UUID) -> Any:
    """Revoke an API key."""
    identity_keys.revoke_key(actor, key_id)
    toast(_("Key revoked. Programs that use it are refused."))
    return see_other(url_for(".api_keys"))


def _make(actor: Actor, given: MakeKeyPage) -> tuple[UUID, str]:
    confirmed = confirming.confirm(
        identity(), actor, password=given.password, code=given.code, device=device(Channel.BROWSER)
    )
    return identity_keys.make_key(
        identity(),
        confirmed,
        name=given.name,
        scopes=given.scopes,
        expires_in_days=given.expires_in_days,
    )


def _page(reader: Reader, actor: Actor, *, fresh: Row | None = None) -> str:
    sees_all = actor.can("api_key.revoke_any")
    keys, _cursor = people.list_keys(reader, maker_id=None if sees_all else actor.user_id)
    for key in keys:
        key["is_over"] = key["revoked_at"] is not None or (
            key["expires_at"] is not None and key["expires_at"] <= clock.now()
        )
    in_use = sum(not key["is_over"] for key in keys)
    site = identity().settings.public_url.rstrip("/")
    return render_template(
        "account/api_keys.html",
        keys=keys,
        in_use=in_use,
        sees_all=sees_all,
        fresh=fresh,
        site=site,
        words=SCOPE_WORDS,
    )


def _about() -> dict[str, Any]:
    return {scope: about for scope, (_words, about) in SCOPE_WORDS.items()}
