"""The account page: a changed address and a reset password, in every look."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import mailbox
from tests.e2e.browsing import NARROW, PASSWORD, Look, Visit, expect, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NEW = "Quiet-compass-77"
MAIL_S = 20


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_user_changes_the_address_and_resets_the_password(
    browser: Browser, site: Site, look: Look
) -> None:
    first, second = (
        f"neha.kulkarni.of.the.back.office-{secrets.token_hex(4)}@malabargulftravels.example"
        for _ in range(2)
    )
    with (
        visiting(browser, look, base_url=site.address) as visit,
        visiting(browser, look, base_url=site.address) as elsewhere,
    ):
        _sign_up(visit, first)
        _move(visit, second)
        _confirm(visit, _mail(site, second, "verify_email"))
        _forget(elsewhere, second)
        _replace(elsewhere, _mail(site, second, "reset_password"))
        visit.page.goto("/account")
        expect(visit.page).to_have_url(re.compile(r"/sign-in"))


def _sign_up(visit: Visit, email: str) -> None:
    page = visit.page
    page.goto("/sign-up")
    page.get_by_label("Agency name").fill("Malabar Gulf Travels")
    page.get_by_label("Your name").fill("Neha Kulkarni")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create agency").click()
    expect(page).to_have_url(re.compile(r"/$"))


def _move(visit: Visit, email: str) -> None:
    page = visit.page
    page.goto("/account")
    look_at(visit, "account")
    page.get_by_label("New e-mail address").fill(email)
    page.get_by_label("Your password").fill("Harbour-lantern-43")
    page.get_by_role("button", name="Change address").click()
    expect(page.locator("#address-password-err")).to_contain_text("The password is incorrect.")
    expect(page.get_by_label("Your password")).to_be_focused()
    expect(page.get_by_label("New e-mail address")).to_have_value(email)
    page.get_by_label("Current password").fill(PASSWORD)
    look_at(visit, "account-refused")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Change address").click()
    expect(page.locator("#address")).to_contain_text("Not confirmed yet")
    look_at(visit, "account-moved")


def _confirm(visit: Visit, mail: mailbox.Received) -> None:
    page = visit.page
    page.goto(mail.link)
    expect(page).to_have_url(re.compile(r"/verify-email$"))
    look_at(visit, "verify")
    page.get_by_role("button", name="This address is mine").click()
    expect(page).to_have_url(re.compile(r"/$"))
    page.goto("/account")
    expect(page.locator("#address")).to_contain_text("Confirmed")
    page.goto(mail.link)
    expect(
        page.get_by_role("alert").filter(has_text="has expired or was already used")
    ).to_be_visible()
    visit.complaints[:] = [
        complaint for complaint in visit.complaints if "400" not in complaint
    ]  # which a dead link is
    look_at(visit, "verify-dead")


def _forget(visit: Visit, email: str) -> None:
    page = visit.page
    page.goto("/sign-in")
    look_at(visit, "sign-in")
    page.get_by_role("link", name="Forgot it?").click()
    page.get_by_label("E-mail").fill("neha")
    page.get_by_role("button", name="Send link").click()
    expect(page.locator("#email-err")).to_be_visible()
    look_at(visit, "forgot-refused")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("status").filter(has_text="we have sent a link")).to_be_visible()
    look_at(visit, "forgot-sent")


def _replace(visit: Visit, mail: mailbox.Received) -> None:
    page = visit.page
    page.goto(mail.link)
    expect(page).to_have_url(re.compile(r"/reset-password$"))
    page.get_by_label("New password").fill("password1234")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator("#new_password-err")).to_contain_text("easy to guess")
    look_at(visit, "reset-refused")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Save password").click()
    expect(page).to_have_url(re.compile(r"/sign-in"))
    page.get_by_label("E-mail").fill(str(mail.message["To"]))
    page.get_by_label("Password").fill(NEW)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/$"))
    page.goto(mail.link)
    expect(page.get_by_role("link", name="Send new link")).to_be_visible()
    visit.complaints[:] = [complaint for complaint in visit.complaints if "400" not in complaint]
    look_at(visit, "reset-dead")


def _mail(site: Site, to: str, kind: str) -> mailbox.Received:
    """Return the newest mail after the worker has sent it."""
    folder, deadline = (
        Path(site.environment["VOYAGENT_DATA_DIR"]) / "mail",
        time.monotonic() + MAIL_S,
    )
    while not (found := mailbox.received_in(folder, to=to, kind=kind)):
        assert time.monotonic() < deadline, f"no {kind} to {to}"
        time.sleep(0.2)
    return found[-1]
