"""Sign-up, an invitation, signing out and in again, in every look."""

from __future__ import annotations

import os
import re
import secrets
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import PASSWORD, WIDE, Look, Visit, expect, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# A folder for pictures of each page, for whoever wants to look; none by default.
PICTURES = os.environ.get("VOYAGENT_TEST_PICTURES")


def look_at(visit: Visit, name: str) -> None:
    """Check the page in the looks of the visit, and store screenshots on request.

    The console message of Chromium about a status 422 is ignored.
    """
    visit.complaints[:] = [complaint for complaint in visit.complaints if "422" not in complaint]
    visit.looks_right(partial(_picture, visit.page, name))


def _picture(page: Page, name: str, look: Look) -> None:
    if PICTURES:
        page.screenshot(
            path=Path(PICTURES) / f"{name}-{look.theme}-{look.width}.png", full_page=True
        )


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_user_signs_up_and_another_joins_by_a_link(
    browser: Browser, site: Site, look: Look
) -> None:
    owner, colleague = (
        f"owner-{secrets.token_hex(4)}@malabar.example",
        f"colleague-{secrets.token_hex(4)}@malabar.example",
    )
    with (
        visiting(browser, look, base_url=site.address) as visit,
        visiting(browser, look, base_url=site.address) as joining,
    ):
        _sign_up(visit, owner)
        link = _invite(visit, colleague)
        _join(joining, link)
        expect(joining.page.locator("#people").get_by_text(colleague)).to_be_visible()
        visit.page.goto("/team")
        look_at(visit, "team")
        _sign_out_and_in(visit, owner)


def _sign_up(visit: Visit, email: str) -> None:
    page = visit.page
    page.goto("/sign-up")
    page.get_by_label("Agency name").fill("Malabar Gulf Travels")
    page.get_by_label("Your name").fill("Neha Kulkarni")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("password1234")
    page.get_by_role("button", name="Create agency").click()
    expect(page.locator("#password-err")).to_contain_text("easy to guess")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Agency name")).to_have_value("Malabar Gulf Travels")
    look_at(visit, "sign-up-refused")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create agency").click()
    expect(page).to_have_url(re.compile(r"/$"))


def _invite(visit: Visit, email: str) -> str:
    page = visit.page
    page.goto("/team")
    look_at(visit, "team-alone")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Role", exact=True).select_option(label="Accounting lead")
    page.get_by_role("button", name="Send invitation").click()
    link = page.locator("#invite-link").inner_text()
    assert re.fullmatch(
        rf"{re.escape(visit.page.url.rsplit('/', 1)[0])}/accept-invite\?token=[\w.-]{{79}}", link
    )
    look_at(visit, "team-link")
    page.reload()
    expect(page.locator("#invite-link")).to_have_count(0)
    look_at(visit, "team-invited")
    return link


def _join(visit: Visit, link: str) -> None:
    page: Page = visit.page
    page.goto(link)
    assert "token" not in page.url
    expect(page.get_by_role("heading", name="Join Malabar Gulf Travels")).to_be_visible()
    look_at(visit, "join")
    page.get_by_label("Your name").fill("Ravi Menon")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join the agency").click()
    expect(page).to_have_url(re.compile(r"/$"))
    page.goto("/team")
    expect(page.get_by_role("button", name="Send invitation")).to_have_count(0)


def _sign_out_and_in(visit: Visit, email: str) -> None:
    page = visit.page
    if visit.look.width < 992:
        page.get_by_role("button", name="Menu").click()
    page.locator("summary.v-me").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile(r"/sign-in$"))
    page.goto("/team")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    look_at(visit, "sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("Harbour-lantern-43")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Address or password is wrong.")).to_be_visible()
    expect(page.get_by_label("Password")).to_be_focused()
    look_at(visit, "sign-in-refused")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"/team$"))


def test_sign_up_and_joining_work_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(
        browser, Look("light", 1280), base_url=site.address, java_script_enabled=False
    ) as visit:
        page, email = visit.page, f"plain-{secrets.token_hex(4)}@malabar.example"
        page.goto("/sign-up")
        for label, value in (
            ("Agency name", "Plain Travels"),
            ("Your name", "Plain Person"),
            ("E-mail", email),
            ("Password", PASSWORD),
        ):
            page.get_by_label(label).fill(value)
        page.get_by_role("button", name="Create agency").click()
        page.goto("/team")
        page.get_by_label("E-mail").fill(f"x-{email}")
        page.get_by_role("button", name="Send invitation").click()
        expect(page.locator("#invite-link")).to_contain_text("accept-invite?token=")
        page.get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("Invitation withdrawn.")).to_be_visible()
        page.locator("summary.v-me").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(re.compile(r"/sign-in$"))
