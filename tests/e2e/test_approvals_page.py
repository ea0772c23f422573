"""Approvals in a browser: viewing, editing and deciding, in every look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import NARROW, Look, Visit, expect, sign_up, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ANSWER_MS = 30_000
LIVE_MS = 15_000


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_requests_are_shown_edited_and_decided(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        sign_up(visit.page, "Neha Kulkarni")
        for name in ("Deepa Krishnan", "Anil Menon", "Sara Thomas"):
            _ask(visit, name)
        _edit(visit)
        _see_what_was_decided_elsewhere(visit)
        _decide_the_others(visit)


def _ask(visit: Visit, name: str) -> None:
    page = visit.page
    page.goto("/assistant")
    page.locator("#say").fill(f"Invoice {name} 45,000 for Dubai visa due 10 Dec 2100")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Send for approval").click(timeout=ANSWER_MS)
    ask = page.locator(".v-ask:not(.v-draft)").filter(has_text=name)
    expect(ask).to_be_visible(timeout=ANSWER_MS)


def _open(visit: Visit, name: str) -> None:
    page = visit.page
    page.goto("/approvals")
    visit.looks_right()
    page.locator("#inbox a").filter(has_text=name).first.click()
    expect(page.locator("#review h2")).to_be_focused()
    expect(page.locator("#review")).to_contain_text(name)
    visit.looks_right()


def _edit(visit: Visit) -> None:
    page = visit.page
    _open(visit, "Deepa Krishnan")
    expect(page.locator("#document-preview")).to_contain_text("45,000.00")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Unit price").first.fill("40,000")
    visit.looks_right()
    page.get_by_role("button", name="Save and review").click()
    expect(page.locator("#edited")).to_contain_text("Neha Kulkarni")
    expect(page.locator("#document-preview")).to_contain_text("40,000.00")
    visit.looks_right()


def _see_what_was_decided_elsewhere(visit: Visit) -> None:
    """Decline in another tab, which this page shows without reload.

    The menu counts one less.
    """
    elsewhere = visit.page.context.new_page()
    elsewhere.goto("/trips")
    expect(elsewhere.locator("#nav-approvals .v-count")).to_have_text("3")
    other = visit.page.context.new_page()
    other.goto(visit.page.url + "?step=reject")
    other.locator("#reason").fill("Ask her first")
    other.get_by_role("button", name="Decline").click()
    expect(other.locator("#outcome")).to_contain_text("Ask her first")
    other.close()
    elsewhere.wait_for_timeout(1_000)  # it asks once a second at most
    elsewhere.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(elsewhere.locator("#nav-approvals .v-count")).to_have_text("2")
    elsewhere.close()
    expect(visit.page.locator("#outcome")).to_contain_text("Ask her first", timeout=LIVE_MS)


def _decide_the_others(visit: Visit) -> None:
    page = visit.page
    page.goto("/approvals")
    for box in page.locator("#inbox input[name=chosen]").all():
        box.check()
    visit.looks_right()
    page.get_by_role("button", name="Review selected").click()
    expect(page.locator("#several")).to_contain_text("Anil Menon")
    visit.looks_right()
    page.get_by_role("button", name="Approve 2").click()
    expect(page.locator("#results")).to_contain_text("2 approved.")
    visit.looks_right()
