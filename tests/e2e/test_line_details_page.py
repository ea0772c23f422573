"""Service date and TCS of invoice lines by keyboard; also without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, WIDE, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_line_details_are_shown_on_request_and_do_not_slow_input(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        _taxed(page)
        page.goto("/invoices/new")
        expect(page.get_by_label("Service date, line 1")).to_be_hidden()
        page.get_by_label("Description, line 3").focus()
        page.keyboard.type("Visa")
        for _ in range(4):  # how many, the rate, the tax, how it is sold
            page.keyboard.press("Tab")
        expect(page.get_by_label("Sale type, line 3")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_label("Description, line 4")).to_be_focused()
        page.get_by_label("Show unit, discount and other details per line").check()
        page.get_by_label("Customer", exact=True).fill("Deepa Krishnan")
        for line, (words, rate) in enumerate(
            (("Bali, five nights", "1,00,000"), ("Visa", "5,000")), start=1
        ):
            page.get_by_label(f"Description, line {line}").fill(words)
            page.get_by_label(f"Rate, line {line}").fill(rate)
        page.get_by_label("Description, line 3").fill("")
        page.get_by_label("Service date, line 1").fill("20 Jul 2100")
        page.get_by_label("TCS, line 1").select_option("yes")
        expect(page.locator("#postings")).to_contain_text("TCS payable")
        look_at(visit, "invoice-line-details")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#items tbody tr").first).to_contain_text("Service on 20 July 2100")
        expect(page.locator("#items").get_by_text("TCS is collected on this")).to_have_count(1)
        look_at(visit, "invoice-line-details-draft")


def test_line_details_work_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address, java_script_enabled=False) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/invoices/new")
        expect(page.get_by_label("Service date, line 1")).to_be_hidden()
        page.get_by_label("Show unit, discount and other details per line").check()
        page.get_by_label("Description, line 1").fill("Visa")
        page.get_by_role("button", name="Add a line").click()
        expect(page.get_by_label("Service date, line 1")).to_be_visible()


def _taxed(page: Page) -> None:
    """An agency in Maharashtra, so that its invoices are taxed."""
    page.goto("/settings")
    page.get_by_label("Tax number").fill("27AACCN6194P1ZP")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Settings saved.")).to_be_visible()
