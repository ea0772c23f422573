"""Acts of signing up, in and out."""

from __future__ import annotations

import time
from dataclasses import replace

from flask.testing import FlaskClient

from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import NEW_PASSWORD, WRONG_PASSWORD, Stage, token_in
from tests.identity.authenticators import recovery_codes
from tests.people import PASSWORD
from voyagent.identity.rules.demo import DEMO_EMAIL
from voyagent.identity.service import accounts, invites, one_time
from voyagent.identity.service.one_time import Purpose
from voyagent.identity.service.values import Device
from voyagent.identity.tasks import mail_reset
from voyagent.kernel.actor import Channel
from voyagent.kernel.db import transaction

USER = ("user_id",)
SESSION = ("auth_session_id",)
WRONG = {"status": "rejected", "error": "invalid_credentials"}
WRONG_CODE = {"status": "rejected", "error": "totp_invalid"}
BROWSER = {"via": "browser"}
NEW_AGENCY = ("tenant_id", "user_id")


# Signing up
# --------------------------------------------------------------------------------


def _new_agency(stage: Stage) -> dict[str, str]:
    return {
        "email": stage.somebody("new"),
        "password": PASSWORD,
        "full_name": "Neha Krishnan",
        "agency_name": "Malabar Gulf",
    }


@act(
    "POST /api/auth/sign-up",
    leaves=(
        Left("agency.signed_up", NEW_AGENCY, by="new"),
        Left("ledger.opened", ("tenant_id",), by="new"),
    ),
    answers=201,
)
def sign_up(stage: Stage) -> Doing:
    body = _new_agency(stage)
    return lambda: stage.nobody.post("/auth/sign-up", json=body)


@act(
    "POST /sign-up",
    leaves=(
        Left("agency.signed_up", NEW_AGENCY, by="new", via="browser"),
        Left("ledger.opened", ("tenant_id",), by="new", via="browser"),
    ),
    answers=303,
)
def sign_up_in_the_browser(stage: Stage) -> Doing:
    fields, browser = (
        _new_agency(stage) | {"default_currency": "INR", "timezone": "UTC"},
        stage.visitor,
    )
    return lambda: stage.submit(browser, "/sign-up", **fields)


@act(
    "POST /api/auth/sign-up",
    leaves=(
        Left("agency.signed_up", NEW_AGENCY, by="new"),
        Left("auth.verification_sent", USER, by="new"),
        Left("ledger.opened", ("tenant_id",), by="new"),
    ),
    answers=201,
    strict=True,
)
def sign_up_where_addresses_must_be_confirmed(stage: Stage) -> Doing:
    return sign_up(stage)


# Signing in
# --------------------------------------------------------------------------------


def _form(stage: Stage, browser: FlaskClient, password: str = PASSWORD) -> Doing:
    email = stage.alice.email
    return lambda: stage.submit(browser, "/sign-in", email=email, password=password)


def _credentials(stage: Stage, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"email": stage.alice.email, "password": password, **more}


@act("POST /api/auth/sign-in", leaves=Left("auth.signed_in", USER), answers=200)
def sign_in(stage: Stage) -> Doing:
    body = _credentials(stage)
    return lambda: stage.nobody.post("/auth/sign-in", json=body)


@act("POST /sign-in", leaves=Left("auth.signed_in", USER, **BROWSER), answers=303)
def sign_in_in_the_browser(stage: Stage) -> Doing:
    return _form(stage, stage.visitor)


@act("POST /api/auth/sign-in", leaves=Left("auth.sign_in_failed", USER, **WRONG), answers=401)
def sign_in_with_a_wrong_password(stage: Stage) -> Doing:
    body = _credentials(stage, WRONG_PASSWORD)
    return lambda: stage.nobody.post("/auth/sign-in", json=body)


@act("POST /sign-in", leaves=Left("auth.sign_in_failed", USER, **WRONG, **BROWSER), answers=422)
def sign_in_in_the_browser_with_a_wrong_password(stage: Stage) -> Doing:
    return _form(stage, stage.visitor, WRONG_PASSWORD)


@act(
    "POST /api/auth/sign-in",
    leaves=Left("auth.sign_in_failed", USER, status="rejected", error="email_not_verified"),
    answers=401,
    strict=True,
)
def sign_in_with_an_address_that_is_not_confirmed(stage: Stage) -> Doing:
    return sign_in(stage)


@act(
    "POST /sign-in",
    leaves=Left(
        "auth.sign_in_failed", USER, status="rejected", error="email_not_verified", **BROWSER
    ),
    answers=422,
    strict=True,
)
def sign_in_in_the_browser_with_an_address_that_is_not_confirmed(stage: Stage) -> Doing:
    return _form(stage, stage.visitor)


@act("POST /api/auth/sign-in", leaves=Left("auth.totp_asked", USER), answers=401)
def sign_in_by_the_password_alone_where_a_code_is_asked_for(stage: Stage) -> Doing:
    stage.phone()
    return sign_in(stage)


@act("POST /sign-in", leaves=Left("auth.totp_asked", USER, **BROWSER), answers=303)
def sign_in_in_the_browser_up_to_the_code(stage: Stage) -> Doing:
    stage.phone()
    return _form(stage, stage.visitor)


@act("POST /api/auth/sign-in-totp", leaves=Left("auth.signed_in", USER), answers=200)
def sign_in_with_a_code(stage: Stage) -> Doing:
    phone = stage.phone()
    return lambda: stage.nobody.post(
        "/auth/sign-in-totp", json=_credentials(stage, totp_code=stage.hide(phone.code()))
    )


@act(
    "POST /api/auth/sign-in-totp",
    leaves=Left("auth.totp_failed", USER, **WRONG_CODE, says={"at": "sign_in", "reason": "wrong"}),
    answers=401,
)
def sign_in_with_a_wrong_code(stage: Stage) -> Doing:
    stage.phone()
    return lambda: stage.nobody.post(
        "/auth/sign-in-totp", json=_credentials(stage, totp_code="ZZZZZZ")
    )


@act("POST /api/auth/sign-in-totp", leaves=Left("auth.sign_in_failed", USER, **WRONG), answers=401)
def sign_in_with_a_code_and_a_wrong_password(stage: Stage) -> Doing:
    phone = stage.phone()
    return lambda: stage.nobody.post(
        "/auth/sign-in-totp",
        json=_credentials(stage, WRONG_PASSWORD, totp_code=stage.hide(phone.code())),
    )


@act(
    "POST /api/auth/sign-in-totp",
    leaves=Left("auth.sign_in_failed", USER, status="rejected", error="totp_not_enabled"),
    answers=400,
)
def sign_in_with_a_code_that_is_not_asked_for(stage: Stage) -> Doing:
    return lambda: stage.nobody.post(
        "/auth/sign-in-totp", json=_credentials(stage, totp_code="ZZZZZZ")
    )


@act(
    "POST /api/auth/sign-in-totp",
    leaves=(
        Left("auth.recovery_code_used", USER, says={"at": "sign_in"}),
        Left("auth.signed_in", USER),
    ),
    answers=200,
)
def sign_in_with_a_recovery_code(stage: Stage) -> Doing:
    code = stage.hide(recovery_codes(stage.alice, stage.phone())[0])
    return lambda: stage.nobody.post("/auth/sign-in-totp", json=_credentials(stage, totp_code=code))


def _half(stage: Stage) -> FlaskClient:
    browser = stage.visitor
    assert _form(stage, browser)().status_code == 303
    return browser


@act("POST /sign-in/code", leaves=Left("auth.signed_in", USER, **BROWSER), answers=303)
def sign_in_in_the_browser_by_the_code(stage: Stage) -> Doing:
    phone = stage.phone()
    browser = _half(stage)
    return lambda: stage.submit(browser, "/sign-in/code", code=stage.hide(phone.code()))


@act(
    "POST /sign-in/code",
    leaves=Left("auth.totp_failed", USER, **WRONG_CODE, **BROWSER, says={"at": "sign_in"}),
    answers=422,
)
def sign_in_in_the_browser_with_a_wrong_code(stage: Stage) -> Doing:
    stage.phone()
    browser = _half(stage)
    return lambda: stage.submit(browser, "/sign-in/code", code="ZZZZZZ")


@act("POST /sign-in/demo", leaves=Left("auth.signed_in", USER, by="demo", **BROWSER), answers=303)
def look_around_in_the_demo(stage: Stage) -> Doing:
    stage.emails["demo"] = DEMO_EMAIL
    about = {
        "email": DEMO_EMAIL,
        "password": PASSWORD,
        "full_name": "Aisha Demo",
        "agency_name": "Malabar Gulf",
    }
    if not stage.sql("select 1 from users where email = :e", e=DEMO_EMAIL):
        with stage.app.app_context(), transaction():
            accounts.sign_up(stage.rules, **about, device=Device(Channel.JOB), is_demo=True)
    browser = stage.visitor
    return lambda: stage.submit(browser, "/sign-in/demo")


# Tokens and sign-out
# --------------------------------------------------------------------------------


@act(
    "POST /api/auth/refresh",
    leaves=Left("auth.refresh_reuse", ("auth_session_id", "user_id"), status="rejected"),
    answers=401,
)
def use_a_refresh_token_again(stage: Stage) -> Doing:
    body = {"refresh_token": stage.alice.refresh_token}
    stage.keep(stage.nobody.post("/auth/refresh", json=body))
    time.sleep(0.05)  # long enough after that that even a busy machine can tell a thief from a twin
    return lambda: stage.nobody.post("/auth/refresh", json=body)


@act(
    "POST /api/auth/sign-out",
    leaves=Left("auth.signed_out", SESSION, says={"token": "access"}),
    answers=204,
)
def sign_out(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/auth/sign-out")


@act(
    "POST /api/auth/sign-out",
    leaves=Left("auth.signed_out", SESSION, says={"token": "refresh"}),
    answers=204,
)
def hand_a_refresh_token_in(stage: Stage) -> Doing:
    body = {"refresh_token": stage.alice.refresh_token}
    return lambda: stage.nobody.post("/auth/sign-out", json=body)


@act("POST /sign-out", leaves=Left("auth.signed_out", SESSION, **BROWSER), answers=303)
def sign_out_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/sign-out")


@act("POST /api/auth/reauthenticate", leaves=Left("auth.reauthenticated", SESSION), answers=200)
def give_the_password_again(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/auth/reauthenticate", json={"password": PASSWORD})


@act(
    "POST /api/auth/reauthenticate",
    leaves=Left("auth.reauthentication_failed", USER, status="rejected", error="invalid_password"),
    answers=403,
)
def give_a_wrong_password_again(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/auth/reauthenticate", json={"password": WRONG_PASSWORD})


@act(
    "POST /api/auth/reauthenticate",
    leaves=Left("auth.totp_failed", USER, **WRONG_CODE, says={"at": "reauthenticate"}),
    answers=403,
)
def give_the_password_again_with_a_wrong_code(stage: Stage) -> Doing:
    stage.phone()
    api = stage.alice.api
    return lambda: api.post(
        "/auth/reauthenticate", json={"password": PASSWORD, "totp_code": "ZZZZZZ"}
    )


# Mailed links
# --------------------------------------------------------------------------------


def _issued(stage: Stage, purpose: Purpose) -> str:
    with stage.alice.acting() as actor:
        assert actor.user_id is not None
        token = one_time.issue(
            stage.rules, user_id=actor.user_id, email=stage.alice.email, purpose=purpose
        )
    return stage.hide(token)


@act(
    "POST /api/auth/send-verification-email",
    leaves=Left("auth.verification_sent", USER),
    answers=200,
)
def ask_for_the_link_that_confirms(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/auth/send-verification-email")


@act(
    "POST /account/verification",
    leaves=Left("auth.verification_sent", USER, **BROWSER),
    answers=303,
)
def ask_for_the_link_that_confirms_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/account/verification")


@act(
    "POST /verify-email/again",
    leaves=Left("auth.verification_sent", USER, by=None, **BROWSER),
    answers=303,
    strict=True,
)
def ask_for_the_link_that_confirms_before_signing_in(stage: Stage) -> Doing:
    browser = stage.visitor
    assert _form(stage, browser)().status_code == 422
    return lambda: stage.submit(browser, "/verify-email/again")


@act("POST /api/auth/verify-email", leaves=Left("auth.email_verified", USER), answers=200)
def confirm_an_address(stage: Stage) -> Doing:
    body = {"token": _issued(stage, Purpose.VERIFY_EMAIL)}
    return lambda: stage.nobody.post("/auth/verify-email", json=body)


@act("POST /verify-email", leaves=Left("auth.email_verified", USER, **BROWSER), answers=303)
def confirm_an_address_in_the_browser(stage: Stage) -> Doing:
    browser, token = stage.visitor, _issued(stage, Purpose.VERIFY_EMAIL)
    browser.get(f"/verify-email?token={token}")
    return lambda: stage.submit(browser, "/verify-email")


@act(
    "POST /api/auth/request-password-reset",
    "identity.mail_reset",
    leaves=Left("auth.reset_requested", USER, by=None),
)
def ask_for_a_new_password(stage: Stage) -> Doing:
    """The request only queues an encrypted job, for known and unknown addresses alike.

    The job performs the act.
    """
    assert (
        stage.nobody.post(
            "/auth/request-password-reset", json={"email": stage.alice.email}
        ).status_code
        == 200
    )
    asked = stage.queued(mail_reset.name)
    return lambda: stage.run(mail_reset, **asked)


@act(
    "POST /forgot-password",
    "identity.mail_reset",
    leaves=Left("auth.reset_requested", USER, by=None, **BROWSER),
)
def ask_for_a_new_password_in_the_browser(stage: Stage) -> Doing:
    assert (
        stage.submit(stage.visitor, "/forgot-password", email=stage.alice.email).status_code == 303
    )
    asked = stage.queued(mail_reset.name)
    return lambda: stage.run(mail_reset, **asked)


RESET = (
    Left("session.ended", USER, says={"reason": "password_reset", "sessions": 1}),
    Left("auth.password_reset", USER),
)


@act("POST /api/auth/reset-password", leaves=RESET, answers=200)
def choose_a_new_password(stage: Stage) -> Doing:
    body = {"token": _issued(stage, Purpose.RESET_PASSWORD), "new_password": NEW_PASSWORD}
    return lambda: stage.nobody.post("/auth/reset-password", json=body)


@act(
    "POST /reset-password",
    leaves=tuple(replace(left, via="browser") for left in RESET),
    answers=303,
)
def choose_a_new_password_in_the_browser(stage: Stage) -> Doing:
    browser, token = stage.visitor, _issued(stage, Purpose.RESET_PASSWORD)
    browser.get(f"/reset-password?token={token}")
    return lambda: stage.submit(browser, "/reset-password", new_password=NEW_PASSWORD)


@act(
    "POST /api/auth/reset-password",
    leaves=(
        RESET[0],
        Left("person.suspended", USER, says={"role": "agent"}),
        Left("auth.password_reset", USER),
    ),
    answers=200,
)
def take_a_moved_account_over(stage: Stage) -> Doing:
    ids = {"a": stage.alice.actor.user_id, "b": stage.bob.actor.user_id}
    stage.sql("update users set email_moved = true, email_proven = false where id = :a", a=ids["a"])
    stage.sql("update users set invited_by_user_id = :a where id = :b", **ids)
    body = {"token": _issued(stage, Purpose.RESET_PASSWORD), "new_password": NEW_PASSWORD}
    return lambda: stage.nobody.post("/auth/reset-password", json=body)


# Joining
# --------------------------------------------------------------------------------


def _invited(stage: Stage) -> str:
    email = stage.somebody("new")
    made = stage.alice.does(
        lambda actor: invites.invite(stage.rules, actor, email=email, role="agent")
    )
    return stage.hide(token_in(made[1]))


@act(
    "POST /api/auth/accept-invite",
    leaves=Left("invite.accepted", ("invite_id", "user_id"), by="new", says={"role": "agent"}),
    answers=201,
)
def accept_an_invitation(stage: Stage) -> Doing:
    body = {"token": _invited(stage), "password": PASSWORD, "full_name": "Neha Krishnan"}
    return lambda: stage.nobody.post("/auth/accept-invite", json=body)


@act(
    "POST /accept-invite",
    leaves=Left("invite.accepted", ("invite_id", "user_id"), by="new", **BROWSER),
    answers=303,
)
def accept_an_invitation_in_the_browser(stage: Stage) -> Doing:
    browser, token = stage.visitor, _invited(stage)
    browser.get(f"/accept-invite?token={token}")
    return lambda: stage.submit(
        browser, "/accept-invite", full_name="Neha Krishnan", password=PASSWORD
    )
