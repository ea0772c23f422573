"""An invoice in instalments from the keyboard, and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, NARROW, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_instalments_are_entered_by_keyboard(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        _write(page)
        page.get_by_text("payment in several parts").click()
        page.get_by_label("Due, instalment 1").focus()
        for one in ("10 Jun 2100", "Tab", "30 %", "Enter", "20 Jul 2100", "Tab", "100", "Enter"):
            (page.keyboard.press if one in ("Tab", "Enter") else page.keyboard.type)(one)
        expect(page.get_by_label("Due, instalment 3")).to_be_focused()
        sums = page.locator("#plan-sums")
        expect(sums).to_contain_text("less than the total.")
        page.keyboard.type("30 Aug 2100")
        page.keyboard.press("Tab")
        expect(sums).to_contain_text("13,500.00 + 100.00 + 31,400.00")
        expect(sums).to_contain_text("Adds up to the total.")
        look_at(visit, "invoice-instalments")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#instalments tbody tr")).to_have_count(3)
        expect(page.locator("#instalments tbody tr").nth(2)).to_contain_text("31,400.00")
        look_at(visit, "invoice-instalments-draft")


def test_the_server_adds_up_instalments_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address, java_script_enabled=False) as visit:
        page = visit.page
        sign_up(page)
        _write(page)
        page.get_by_text("payment in several parts").click()
        page.get_by_label("Due, instalment 1").fill("10 Jun 2100")
        page.get_by_label("Amount or share, instalment 1").fill("50 %")
        page.get_by_label("Due, instalment 2").fill("20 Jul 2100")
        page.get_by_role("button", name="Add an instalment").click()
        expect(page.locator("#plan-sums")).to_contain_text("22,500.00 + 22,500.00")
        expect(page.get_by_label("Due, instalment 3")).to_be_visible()
        page.get_by_role("button", name="Save draft").click()
        expect(page.locator("#instalments tbody tr")).to_have_count(2)


def _write(page: Page) -> None:
    """Fill in an invoice for 45,000 rupees without its instalments."""
    page.goto("/invoices/new")
    page.get_by_label("Customer", exact=True).fill("Deepa Krishnan")
    page.get_by_label("Description, line 1").fill("Dubai, five nights")
    page.get_by_label("Rate, line 1").fill("45,000")
