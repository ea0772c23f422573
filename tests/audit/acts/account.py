"""Acts on one's own account and keys, and an administrator's acts."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import NEW_PASSWORD, WRONG_PASSWORD, Stage
from tests.identity.authenticators import Authenticator, begin, in_session, recovery_codes
from tests.identity.keys import make_key
from tests.people import PASSWORD, csrf
from tests.settings.pictures import in_base64, picture
from tests.settings.test_views import form_of
from voyagent.identity.models import User
from voyagent.identity.service import invites, sessions, totp
from voyagent.identity.service.values import Device
from voyagent.kernel.actor import Channel
from voyagent.kernel.db import db
from voyagent.settings.service import logos

USER = ("user_id",)
KEY = ("api_key_id",)
BROWSER = {"via": "browser"}
ENDED = Left("session.ended", USER)
SECURITY = "/account/security"


def in_the_browser(*leaves: Left) -> tuple[Left, ...]:
    """Return the same events as recorded by a page."""
    return tuple(replace(left, via="browser") for left in leaves)


def elsewhere(stage: Stage) -> UUID:
    """Sign Alice in a second time."""
    with stage.alice.acting() as actor:
        user = db.session.get_one(User, (actor.tenant_id, actor.user_id))
        session_id = sessions.open_session(
            stage.rules, user, Device(Channel.API)
        ).credential.session_id
    assert session_id is not None
    return session_id


# Profile and password
# --------------------------------------------------------------------------------

RENAMED = Left(
    "profile.changed",
    USER,
    says={"fields": [{"field": "full_name", "before": "Alice Owner", "after": "Alice Krishnan"}]},
)


@act("PATCH /api/auth/profile", leaves=RENAMED, answers=200)
def change_ones_name(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.patch("/auth/profile", json={"full_name": "Alice Krishnan"})


@act("POST /account", leaves=in_the_browser(RENAMED), answers=303)
def change_ones_name_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/account", full_name="Alice Krishnan")


# The event bears the address that she had when she acted.
MOVED = (
    replace(ENDED, says={"reason": "email_changed", "sessions": 1}),
    Left("auth.verification_sent", USER),
    Left("profile.changed", USER),
)


@act("PATCH /api/auth/profile", leaves=MOVED, answers=200)
def change_ones_address(stage: Stage) -> Doing:
    api, email = stage.alice.api, stage.somebody("new")
    elsewhere(stage)
    return lambda: api.patch("/auth/profile", json={"email": email})


@act("POST /account/address", leaves=in_the_browser(*MOVED), answers=303)
def change_ones_address_in_the_browser(stage: Stage) -> Doing:
    browser, email = stage.alice.browser, stage.somebody("new")
    return lambda: stage.submit(browser, "/account/address", email=email, password=PASSWORD)


CHANGED = (
    replace(ENDED, says={"reason": "password_changed", "sessions": 1}),
    Left("auth.password_changed", USER),
)


@act("POST /api/auth/change-password", leaves=CHANGED, answers=204)
def change_ones_password(stage: Stage) -> Doing:
    api = stage.alice.api
    elsewhere(stage)
    return lambda: api.post(
        "/auth/change-password", json={"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    )


@act("POST /account/password", leaves=in_the_browser(*CHANGED), answers=303)
def change_ones_password_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(
        browser,
        "/account/password",
        current_password=PASSWORD,
        new_password=NEW_PASSWORD,
    )


@act(
    "POST /account/password",
    leaves=Left(
        "auth.reauthentication_failed", USER, status="rejected", error="invalid_password", **BROWSER
    ),
    answers=422,
)
def change_ones_password_without_knowing_it(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(
        browser,
        "/account/password",
        current_password=WRONG_PASSWORD,
        new_password=NEW_PASSWORD,
    )


# Sign-ins
# --------------------------------------------------------------------------------


@act(
    "DELETE /api/auth/sessions/<auth_session_id>",
    leaves=Left("auth.signed_out", ("auth_session_id",)),
    answers=204,
)
def end_one_sign_in(stage: Stage) -> Doing:
    api, session_id = stage.alice.api, elsewhere(stage)
    return lambda: api.delete(f"/auth/sessions/{session_id}")


@act(
    "POST /account/sessions/<auth_session_id>/end",
    leaves=Left("auth.signed_out", ("auth_session_id",), **BROWSER),
    answers=303,
)
def end_one_sign_in_in_the_browser(stage: Stage) -> Doing:
    browser, session_id = stage.alice.browser, elsewhere(stage)
    return lambda: stage.submit(browser, f"/account/sessions/{session_id}/end")


@act(
    "DELETE /api/auth/credentials/<credential_kind>",
    leaves=Left("api_key.revoked", ("api_key_id", "user_id")),
    answers=204,
)
def end_ones_keys(stage: Stage) -> Doing:
    api = stage.alice.api
    stage.keep(api.post("/auth/api-keys", json={"name": "Website"}))
    return lambda: api.delete("/auth/credentials/api_key")


@act(
    "POST /account/credentials/<credential_kind>/end",
    leaves=Left("invite.revoked", ("invite_id",), **BROWSER),
    answers=303,
)
def withdraw_ones_invitations_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    body = {"email": stage.somebody("invited"), "role": "agent"}
    stage.keep(stage.alice.api.post("/auth/invites", json=body))
    return lambda: stage.submit(browser, "/account/credentials/invitation/end")


@act(
    "DELETE /api/auth/sessions",
    leaves=replace(ENDED, says={"reason": "signed_out", "sessions": 1}),
    answers=204,
)
def end_every_sign_in(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.delete("/auth/sessions")


@act(
    "POST /account/sessions/end-others",
    leaves=in_the_browser(replace(ENDED, says={"reason": "signed_out", "sessions": 1})),
    answers=303,
)
def end_every_other_sign_in_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/account/sessions/end-others")


# The second factor
# --------------------------------------------------------------------------------


def _browser_with_code(stage: Stage) -> tuple[FlaskClient, Authenticator]:
    """Sign Alice in to a browser with two-factor sign-in; the current code is unused."""
    browser = stage.alice.browser
    phone = begin(stage.alice)
    stage.hide(phone.secret)
    signed_in = stage.sql(
        "select id from auth_sessions where user_id = :u and channel = 'browser'",
        u=stage.alice.actor.user_id,
    )[0]["id"]

    def verify(actor: Any) -> None:
        acting = replace(in_session(stage.alice, actor), session_id=signed_in)
        totp.verify_totp(stage.rules, acting, code=phone.code(-1), device=Device(Channel.BROWSER))

    stage.alice.does(verify)
    return browser, phone


STARTED = Left("auth.totp_setup_started", USER, says={"replaces": False})


@act("POST /api/auth/totp/setup", leaves=STARTED, answers=200)
def set_a_second_factor_up(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/auth/totp/setup")


@act("POST /account/security/set-up", leaves=in_the_browser(STARTED), answers=303)
def set_a_second_factor_up_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, f"{SECURITY}/set-up", password=PASSWORD)


@act("POST /api/auth/totp/setup", leaves=replace(STARTED, says={"replaces": True}), answers=200)
def set_another_authenticator_up(stage: Stage) -> Doing:
    phone = stage.phone()
    return lambda: stage.alice.api.post(
        "/auth/totp/setup", json={"password": PASSWORD, "code": stage.hide(phone.code())}
    )


@act(
    "POST /api/auth/totp/verify",
    leaves=(
        Left("auth.totp_enabled", USER),
        replace(ENDED, says={"reason": "two_factor_changed", "sessions": 1}),
    ),
    answers=200,
)
def switch_the_second_factor_on(stage: Stage) -> Doing:
    elsewhere(stage)
    stage.time_for_codes()
    phone = begin(stage.alice)
    stage.hide(phone.secret)
    return lambda: stage.alice.api.post(
        "/auth/totp/verify", json={"code": stage.hide(phone.code())}
    )


@act(
    "POST /api/auth/totp/verify",
    leaves=Left(
        "auth.totp_failed", USER, status="rejected", error="totp_invalid", says={"at": "verify"}
    ),
    answers=401,
)
def switch_the_second_factor_on_by_a_wrong_code(stage: Stage) -> Doing:
    begin(stage.alice)
    return lambda: stage.alice.api.post("/auth/totp/verify", json={"code": "ZZZZZZ"})


@act("POST /api/auth/totp/verify", leaves=Left("auth.totp_replaced", USER), answers=200)
def go_over_to_another_authenticator(stage: Stage) -> Doing:
    phone = stage.phone()
    made = stage.keep(
        stage.alice.api.post("/auth/totp/setup", json={"password": PASSWORD, "code": phone.code()})
    )
    other = Authenticator(made.json["secret"])
    return lambda: stage.alice.api.post(
        "/auth/totp/verify", json={"code": stage.hide(other.code())}
    )


@act(
    "POST /account/security/confirm",
    leaves=in_the_browser(
        Left("auth.totp_enabled", USER),
        ENDED,
        Left("auth.recovery_codes_made", USER, says={"codes": 10}),
    ),
    answers=200,
)
def switch_the_second_factor_on_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    assert stage.submit(browser, f"{SECURITY}/set-up", password=PASSWORD).status_code == 303
    with stage.alice.acting() as actor:
        person = db.session.get_one(User, (actor.tenant_id, actor.user_id))
        assert person.totp_pending_secret is not None
        phone = Authenticator(
            totp.pending_setup(stage.rules, actor, person.totp_pending_secret).secret
        )
    stage.hide(phone.secret)
    return lambda: stage.submit(
        browser, f"{SECURITY}/confirm", token_from=SECURITY, code=stage.hide(phone.code())
    )


DROPPED = Left("auth.totp_setup_dropped", USER, **BROWSER)


@act("POST /account/security/leave", leaves=DROPPED, answers=303)
def leave_a_set_up(stage: Stage) -> Doing:
    browser = stage.alice.browser
    begin(stage.alice)
    return lambda: stage.submit(browser, f"{SECURITY}/leave", token_from=SECURITY)


@act("POST /api/auth/totp/disable", leaves=replace(DROPPED, via="api"), answers=200)
def leave_a_set_up_by_switching_off(stage: Stage) -> Doing:
    begin(stage.alice)
    return lambda: stage.alice.api.post(
        "/auth/totp/disable", json={"password": PASSWORD, "code": "ZZZZZZ"}
    )


@act("POST /api/auth/totp/disable", leaves=Left("auth.totp_disabled", USER), answers=200)
def switch_the_second_factor_off(stage: Stage) -> Doing:
    phone = stage.phone()
    return lambda: stage.alice.api.post(
        "/auth/totp/disable", json={"password": PASSWORD, "code": stage.hide(phone.code())}
    )


@act(
    "POST /account/security/off",
    leaves=in_the_browser(Left("auth.totp_disabled", USER)),
    answers=303,
)
def switch_the_second_factor_off_in_the_browser(stage: Stage) -> Doing:
    stage.time_for_codes()
    browser, phone = _browser_with_code(stage)
    return lambda: stage.submit(
        browser, f"{SECURITY}/off", password=PASSWORD, code=stage.hide(phone.code())
    )


@act(
    "POST /account/security/off",
    leaves=Left("auth.totp_failed", USER, status="rejected", error="totp_invalid", **BROWSER),
    answers=422,
)
def switch_the_second_factor_off_by_a_wrong_code(stage: Stage) -> Doing:
    browser, _phone = _browser_with_code(stage)
    return lambda: stage.submit(browser, f"{SECURITY}/off", password=PASSWORD, code="ZZZZZZ")


CODES = Left("auth.recovery_codes_made", USER, says={"codes": 10})


@act("POST /api/auth/totp/recovery-codes", leaves=CODES, answers=200)
def make_recovery_codes(stage: Stage) -> Doing:
    phone = stage.phone()
    return lambda: stage.alice.api.post(
        "/auth/totp/recovery-codes", json={"password": PASSWORD, "code": stage.hide(phone.code())}
    )


@act("POST /account/security/codes", leaves=in_the_browser(CODES), answers=200)
def make_recovery_codes_in_the_browser(stage: Stage) -> Doing:
    stage.time_for_codes()
    browser, phone = _browser_with_code(stage)
    return lambda: stage.submit(
        browser, f"{SECURITY}/codes", password=PASSWORD, code=stage.hide(phone.code())
    )


@act(
    "POST /api/auth/totp/disable",
    leaves=(
        Left("auth.recovery_code_used", USER, says={"at": "reauthenticate"}),
        Left("auth.totp_disabled", USER),
    ),
    answers=200,
)
def switch_the_second_factor_off_by_a_recovery_code(stage: Stage) -> Doing:
    code = stage.hide(recovery_codes(stage.alice, stage.phone())[0])
    return lambda: stage.alice.api.post(
        "/auth/totp/disable", json={"password": PASSWORD, "code": code}
    )


# API keys
# --------------------------------------------------------------------------------

MADE = Left("api_key.created", KEY, says={"name": "Website", "scopes": ["full"]})
REVOKED = Left("api_key.revoked", ("api_key_id", "user_id"), says={"name": "Website"})


@act("POST /api/auth/api-keys", leaves=MADE, answers=201)
def make_a_key(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/auth/api-keys", json={"name": "Website"})


@act(
    "POST /api/auth/api-keys/scoped",
    leaves=replace(MADE, says={"name": "Website", "scopes": ["enquiries"]}),
    answers=201,
)
def make_a_narrow_key(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post(
        "/auth/api-keys/scoped",
        json={"name": "Website", "scopes": ["enquiries"], "expires_in_days": 30},
    )


@act("POST /account/api-keys/new", leaves=in_the_browser(MADE), answers=200)
def make_a_key_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    fields = {"name": "Website", "scopes": ["full"], "expires_in_days": "90", "password": PASSWORD}
    return lambda: stage.submit(browser, "/account/api-keys/new", **fields)


@act(
    "POST /account/api-keys/new",
    leaves=Left(
        "auth.reauthentication_failed", USER, status="rejected", error="invalid_password", **BROWSER
    ),
    answers=422,
)
def make_a_key_with_a_wrong_password(stage: Stage) -> Doing:
    browser = stage.alice.browser
    fields = {
        "name": "Website",
        "scopes": ["full"],
        "expires_in_days": "90",
        "password": WRONG_PASSWORD,
    }
    return lambda: stage.submit(browser, "/account/api-keys/new", **fields)


@act("POST /api/auth/api-keys/<key_id>/revoke", leaves=REVOKED, answers=204)
def revoke_a_colleagues_key(stage: Stage) -> Doing:
    api, (key_id, _text) = stage.alice.api, make_key(stage.bob)
    return lambda: api.post(f"/auth/api-keys/{key_id}/revoke")


@act("POST /account/api-keys/<key_id>/revoke", leaves=in_the_browser(REVOKED), answers=303)
def revoke_a_key_in_the_browser(stage: Stage) -> Doing:
    browser, (key_id, _text) = stage.alice.browser, make_key(stage.alice)
    return lambda: stage.submit(browser, f"/account/api-keys/{key_id}/revoke")


# Colleagues
# --------------------------------------------------------------------------------

INVITED = Left("invite.created", ("invite_id",), says={"role": "agent"})
TAKEN_BACK = Left("invite.revoked", ("invite_id",), says={"role": "agent"})


@act("POST /api/auth/invites", leaves=INVITED, answers=201)
def invite(stage: Stage) -> Doing:
    api, body = stage.alice.api, {"email": stage.somebody("new"), "role": "agent"}
    return lambda: api.post("/auth/invites", json=body)


@act("POST /team", leaves=in_the_browser(INVITED), answers=303)
def invite_in_the_browser(stage: Stage) -> Doing:
    browser, email = stage.alice.browser, stage.somebody("new")
    return lambda: stage.submit(browser, "/team", email=email, role="agent")


def _invite(stage: Stage) -> UUID:
    email = stage.somebody("new")
    return stage.alice.does(
        lambda actor: invites.invite(stage.rules, actor, email=email, role="agent")
    )[0]


@act("POST /api/auth/invites/<invite_id>/revoke", leaves=TAKEN_BACK, answers=200)
def take_an_invitation_back(stage: Stage) -> Doing:
    api, invite_id = stage.alice.api, _invite(stage)
    return lambda: api.post(f"/auth/invites/{invite_id}/revoke")


@act("POST /team/invitations/<invite_id>/revoke", leaves=in_the_browser(TAKEN_BACK), answers=303)
def take_an_invitation_back_in_the_browser(stage: Stage) -> Doing:
    browser, invite_id = stage.alice.browser, _invite(stage)
    return lambda: stage.submit(browser, f"/team/invitations/{invite_id}/revoke")


ROLE = Left("person.role_changed", USER, says={"before": "agent", "after": "viewer"})
SIGNED_OUT = replace(ENDED, says={"reason": "ended_by_administrator", "sessions": 1})
REMOVED = (
    replace(ENDED, says={"reason": "removed", "sessions": 1}),
    Left("person.removed", USER, says={"role": "agent", "sessions": 1, "invitations": 0}),
)


@act("PATCH /api/team/<user_id>", leaves=ROLE, answers=200)
def change_a_role(stage: Stage) -> Doing:
    api, user_id = stage.alice.api, stage.bob.actor.user_id
    return lambda: api.patch(f"/team/{user_id}", json={"role": "viewer"})


@act("POST /team/<user_id>/role", leaves=in_the_browser(ROLE), answers=303)
def change_a_role_in_the_browser(stage: Stage) -> Doing:
    browser, user_id = stage.alice.browser, stage.bob.actor.user_id
    return lambda: stage.submit(
        browser, f"/team/{user_id}/role", token_from=f"/team/{user_id}", role="viewer"
    )


RESTORED = Left("person.reinstated", USER, says={"role": "agent"})


def _suspended(stage: Stage) -> UUID:
    user_id = stage.bob.actor.user_id
    assert user_id is not None
    stage.sql("update users set is_active = false, suspended_at = now() where id = :i", i=user_id)
    return user_id


@act("PATCH /api/team/<user_id>", leaves=RESTORED, answers=200)
def restore_access(stage: Stage) -> Doing:
    api, user_id = stage.alice.api, _suspended(stage)
    return lambda: api.patch(f"/team/{user_id}", json={"role": "agent"})


@act("POST /team/<user_id>/role", leaves=in_the_browser(RESTORED), answers=303)
def restore_access_in_the_browser(stage: Stage) -> Doing:
    browser, user_id = stage.alice.browser, _suspended(stage)
    return lambda: stage.submit(browser, f"/team/{user_id}/role", token_from="/team", role="agent")


@act("DELETE /api/team/<user_id>/sessions", leaves=SIGNED_OUT, answers=204)
def sign_a_colleague_out(stage: Stage) -> Doing:
    api, user_id = stage.alice.api, stage.bob.actor.user_id
    return lambda: api.delete(f"/team/{user_id}/sessions")


@act("POST /team/<user_id>/sign-out", leaves=in_the_browser(SIGNED_OUT), answers=303)
def sign_a_colleague_out_in_the_browser(stage: Stage) -> Doing:
    browser, user_id = stage.alice.browser, stage.bob.actor.user_id
    return lambda: stage.submit(browser, f"/team/{user_id}/sign-out", token_from=f"/team/{user_id}")


@act("DELETE /api/team/<user_id>", leaves=REMOVED, answers=204)
def remove_a_colleague(stage: Stage) -> Doing:
    api, user_id = stage.alice.api, stage.bob.actor.user_id
    return lambda: api.delete(f"/team/{user_id}")


@act("POST /team/<user_id>/remove", leaves=in_the_browser(*REMOVED), answers=303)
def remove_a_colleague_in_the_browser(stage: Stage) -> Doing:
    browser, user_id = stage.alice.browser, stage.bob.actor.user_id
    return lambda: stage.submit(browser, f"/team/{user_id}/remove")


# The agency
# --------------------------------------------------------------------------------

SETTINGS = Left(
    "settings.changed",
    ("settings_id",),
    says={"fields": [{"field": "rate_limit_per_minute", "before": 60, "after": 30}]},
)


@act("PATCH /api/tenant-settings", leaves=SETTINGS, answers=200)
def change_the_settings(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.patch("/tenant-settings", json={"rate_limit_per_minute": 30})


@act("POST /settings", leaves=in_the_browser(SETTINGS), answers=303)
def change_the_settings_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    fields = {**form_of(browser), "rate_limit_per_minute": "30"}
    return lambda: browser.post("/settings", data=fields)


LOGO = replace(SETTINGS, says={})


@act("PUT /api/tenant-settings/logo", leaves=LOGO, answers=200)
def put_the_logo(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.put("/tenant-settings/logo", json={"content": in_base64(picture())})


@act("DELETE /api/tenant-settings/logo", leaves=LOGO, answers=204)
def remove_the_logo(stage: Stage) -> Doing:
    stage.alice.does(logos.put, picture())
    api = stage.alice.api
    return lambda: api.delete("/tenant-settings/logo")


@act("POST /settings/logo", leaves=in_the_browser(LOGO), answers=303)
def put_the_logo_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    fields = {"csrf_token": csrf(browser, "/settings")}
    return lambda: browser.post(
        "/settings/logo", data={**fields, "logo": (io.BytesIO(picture()), "logo.png")}
    )


@act("POST /settings/logo/remove", leaves=in_the_browser(LOGO), answers=303)
def remove_the_logo_in_the_browser(stage: Stage) -> Doing:
    stage.alice.does(logos.put, picture())
    browser = stage.alice.browser
    fields = {"csrf_token": csrf(browser, "/settings")}
    return lambda: browser.post("/settings/logo/remove", data=fields)


@act(
    "agency suspend", leaves=Left("agency.suspended", ("tenant_id",), by=None, via="job"), answers=0
)
def suspend_the_agency(stage: Stage) -> Doing:
    tenant_id = stage.alice.actor.tenant_id
    return lambda: stage.flask("agency", "suspend", tenant_id)


@act(
    "agency delete",
    leaves=(
        Left("agency.suspended", ("tenant_id",), by=None, via="job"),
        Left("agency.deletion_asked", ("tenant_id",), by=None, via="job"),
    ),
    answers=0,
)
def ask_to_delete_the_agency(stage: Stage) -> Doing:
    tenant_id = stage.alice.actor.tenant_id
    return lambda: stage.flask("agency", "delete", tenant_id)


@act("agency export", leaves=Left("agency.exported", ("tenant_id",), by=None, via="job"), answers=0)
def export_the_agency(stage: Stage) -> Doing:
    tenant_id, file, secret = stage.alice.actor.tenant_id, "agency.tar", stage.folder / "passphrase"
    secret.write_text("nine wooden spoons\n")
    return lambda: stage.flask(
        "agency", "export", tenant_id, stage.folder / file, "--passphrase-file", secret
    )


@act("agency resume", leaves=Left("agency.resumed", ("tenant_id",), by=None, via="job"), answers=0)
def resume_the_agency(stage: Stage) -> Doing:
    tenant_id = stage.alice.actor.tenant_id
    stage.flask("agency", "suspend", tenant_id)
    return lambda: stage.flask("agency", "resume", tenant_id)
