"""Two-factor authentication: set-up, sign-in, recovery codes, replacement."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pyotp
import pytest

from tests.e2e.browsing import PASSWORD, WIDE, Look, Visit, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STEP_S = 30
SOON_S = 6


class Phone:
    """An authenticator app that shows each code once.

    It is not read at the end of a step.
    """

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)
        self._next_step = 0

    def code(self) -> str:
        """Return the earliest valid code that was not shown yet."""
        left_s = STEP_S - time.time() % STEP_S
        if left_s < SOON_S:
            time.sleep(left_s)
        step = max(self._next_step, int(time.time()) // STEP_S - 1)
        self._next_step = step + 1
        return self._app.generate_otp(step)


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_user_sets_up_and_uses_two_factor_authentication(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        email = sign_up(visit.page)
        phone = _set_up(visit)
        codes = _switch_on(visit, phone)
        with visiting(browser, look, base_url=site.address) as elsewhere:
            _sign_in(elsewhere, email, phone, codes)
        _change_phone(visit, codes)
        _make_codes_and_switch_off(visit, codes)


def _set_up(visit: Visit) -> Phone:
    page = visit.page
    page.goto("/account/security")
    look_at(visit, "two-factor-off")
    page.get_by_role("link", name="Set up", exact=True).click()
    page.get_by_label("Your password").fill("Harbour-lantern-43")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#password-err")).to_have_text("The password is incorrect.")
    expect(page.get_by_label("Your password")).to_be_focused()
    look_at(visit, "two-factor-password-refused")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    picture = page.get_by_role("img", name="QR code for your authenticator app")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    expect(page.locator("#code")).to_be_focused()
    look_at(visit, "two-factor-set-up")
    page.locator("#code").fill("12345")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#code-err")).to_contain_text("This code is not valid")
    look_at(visit, "two-factor-set-up-refused")
    return Phone(page.locator("#totp-secret").inner_text().replace(" ", ""))


def _switch_on(visit: Visit, phone: Phone) -> list[str]:
    page = visit.page
    page.locator("#code").fill(phone.code())
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    codes = page.locator("#recovery-codes li").all_inner_texts()
    look_at(visit, "two-factor-codes")
    page.goto("/account/security")
    expect(page.get_by_text("10 of 10 are left.")).to_be_visible()
    look_at(visit, "two-factor-on")
    return codes


def _sign_in(visit: Visit, email: str, phone: Phone, codes: list[str]) -> None:
    page = visit.page
    page.goto("/team")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Six digits")).to_be_focused()
    look_at(visit, "sign-in-code")
    page.get_by_label("Six digits").fill("000 000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#code-err")).to_contain_text("This code is not valid")
    expect(page.get_by_label("Six digits")).to_be_focused()
    look_at(visit, "sign-in-code-refused")
    page.get_by_label("Six digits").fill(phone.code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"/team$"))
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Use a recovery code").click()
    look_at(visit, "sign-in-recovery")
    page.get_by_label("Recovery code").fill(codes.pop().lower())
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"/$"))


def _change_phone(visit: Visit, codes: list[str]) -> None:
    page = visit.page
    page.goto("/account/security")
    expect(page.get_by_text("9 of 10 are left.")).to_be_visible()
    page.get_by_role("link", name="Change authenticator").click()
    look_at(visit, "two-factor-change")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Code from your phone, or a recovery code").fill(codes.pop())
    page.get_by_role("button", name="Continue").click()
    look_at(visit, "two-factor-change-set-up")
    new = Phone(page.locator("#totp-secret").inner_text().replace(" ", ""))
    page.locator("#code").fill(new.code())
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_text("New authenticator set up.")).to_be_visible()


def _make_codes_and_switch_off(visit: Visit, codes: list[str]) -> None:
    page = visit.page
    page.get_by_role("link", name="Create new codes").click()
    look_at(visit, "two-factor-new-codes")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Code from your phone, or a recovery code").fill(codes.pop())
    page.get_by_role("button", name="Create new codes").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    fresh = page.locator("#recovery-codes li").first.inner_text()
    assert fresh not in codes
    page.get_by_role("link", name="Switch off").click()
    look_at(visit, "two-factor-switch-off")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Code from your phone, or a recovery code").fill(fresh)
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Two-factor sign-in is off.")).to_be_visible()


def test_the_page_works_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(
        browser, Look("light", 1280), base_url=site.address, java_script_enabled=False
    ) as visit:
        page = visit.page
        email = sign_up(page)
        page.goto("/account/security")
        page.get_by_role("link", name="Set up", exact=True).click()
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
        phone = Phone(page.locator("#totp-secret").inner_text().replace(" ", ""))
        page.locator("#code").fill(phone.code())
        page.get_by_role("button", name="Switch on").click()
        expect(page.locator("#recovery-codes li")).to_have_count(10)
        expect(page.get_by_role("button", name="Copy all")).to_be_hidden()
        page.context.clear_cookies()
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("Six digits").fill(phone.code())
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page).to_have_url(re.compile(r"/$"))
