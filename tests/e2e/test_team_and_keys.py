"""API keys, sessions and users, managed by an administrator, in every look."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import NARROW, PASSWORD, Look, Visit, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_an_administrator_creates_a_key_and_removes_a_colleague(
    browser: Browser, site: Site, look: Look
) -> None:
    with (
        visiting(browser, look, base_url=site.address) as visit,
        visiting(browser, look, base_url=site.address) as colleague,
    ):
        sign_up(visit.page)
        _make_key(visit)
        _revoke_key(visit)
        _join(visit, colleague)
        _look_at_sign_ins(visit)
        _promote(visit)
        _remove(visit)
        colleague.page.goto("/enquiries")
        expect(colleague.page).to_have_url(re.compile(r"/sign-in"))
        expect(
            colleague.page.get_by_text("administrator of your agency has ended your access")
        ).to_be_visible()
        look_at(colleague, "removed-sign-in")


def _make_key(visit: Visit) -> None:
    page = visit.page
    page.goto("/account/api-keys")
    expect(page.get_by_text("No API keys yet")).to_be_visible()
    look_at(visit, "api-keys-empty")
    page.get_by_role("link", name="New key").click()
    look_at(visit, "api-key-new")
    page.get_by_label("Your password").fill("Harbour-lantern-43")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Website enquiry form")
    page.get_by_role("checkbox", name="Enquiries").check()
    page.get_by_label("Your password").fill("Harbour-lantern-43")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("alert").get_by_text("The password is incorrect.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Enquiries")).to_be_checked()
    look_at(visit, "api-key-refused")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Create key").click()
    expect(page.locator("#key-text")).to_have_text(re.compile(r"^vy_\w{8}_\w{32}$"))
    look_at(visit, "api-key-fresh")
    text = page.locator("#key-text").inner_text()
    answer = page.request.get("/api/auth/me", headers={"Authorization": f"Bearer {text}"})
    assert answer.status == 200
    page.get_by_role("link", name="I have saved it").click()
    expect(page.get_by_text(text[12:])).to_have_count(0)


def _revoke_key(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("link", name="Revoke Website enquiry form").click()
    expect(page.get_by_role("heading", name="Revoke “Website enquiry form”?")).to_be_visible()
    look_at(visit, "api-key-revoke")
    page.get_by_role("button", name="Revoke this key").click()
    expect(page.get_by_text("Key revoked.")).to_be_visible()
    look_at(visit, "api-keys")


def _join(visit: Visit, colleague: Visit) -> None:
    page = visit.page
    page.goto("/team")
    page.get_by_label("E-mail").fill(f"neha-{secrets.token_hex(5)}@malabar.example")
    page.locator("#invite").get_by_role("button").click()
    link = page.locator("#invite-link").inner_text()
    colleague.page.goto(link)
    colleague.page.get_by_label("Your name").fill("Neha Kulkarni")
    colleague.page.get_by_label("Password").fill(PASSWORD)
    colleague.page.get_by_role("button", name=re.compile("Join")).click()
    expect(colleague.page).to_have_url(re.compile(r"/$"))


def _look_at_sign_ins(visit: Visit) -> None:
    page = visit.page
    page.goto("/account/sessions")
    expect(page.get_by_text("This device")).to_be_visible()
    look_at(visit, "sessions")


def _promote(visit: Visit) -> None:
    page = visit.page
    page.goto("/team")
    look_at(visit, "team")
    page.get_by_role("link", name="Manage Neha Kulkarni").click()
    look_at(visit, "member")
    page.get_by_label("Role").select_option("ticketing_lead")
    page.get_by_role("button", name="Change role").click()
    expect(page.get_by_text("Role of Neha Kulkarni changed.")).to_be_visible()
    expect(page.locator("#people").get_by_text("Ticketing lead")).to_be_visible()


def _remove(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("link", name="Manage Neha Kulkarni").click()
    page.get_by_role("link", name="Remove from the agency").click()
    look_at(visit, "member-remove")
    page.get_by_role("button", name="Remove Neha Kulkarni").click()
    expect(page.get_by_text("Neha Kulkarni removed from the agency.")).to_be_visible()
    page.get_by_text("One former user").click()
    look_at(visit, "team-without")
