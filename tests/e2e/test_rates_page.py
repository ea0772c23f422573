"""A rate is entered and listed, and the form of an invoice proposes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, NARROW, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_rate_is_entered_and_proposed(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/exchange-rates")
        look_at(visit, "rates-empty")
        page.goto("/invoices/new")
        page.get_by_label("Currency", exact=True).select_option("USD")
        expect(page.get_by_text("No reference rate for USD")).to_be_visible()
        look_at(visit, "rate-missing")
        page.goto("/exchange-rates/new?currency=USD")
        expect(page.get_by_label("Rate", exact=True)).to_be_focused()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Enter the source of this rate.").last).to_be_visible()
        look_at(visit, "rate-refused")
        page.get_by_label("Rate", exact=True).fill("84.205")
        page.get_by_label("Source").fill("FBIL")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("row", name="1 USD in INR")).to_contain_text("84.205")
        look_at(visit, "rates")
        page.goto("/invoices/new")
        page.get_by_label("Currency", exact=True).select_option("USD")
        expect(page.get_by_label("Exchange rate")).to_have_value("84.205")
        expect(page.get_by_label("Rate source")).to_have_value("FBIL")
        look_at(visit, "rate-proposed")


def test_a_rate_is_entered_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address, java_script_enabled=False) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/exchange-rates/new?currency=AED")
        page.get_by_label("Rate", exact=True).fill("22.93")
        page.get_by_label("Source").fill("Bank")
        page.get_by_role("button", name="Save rate").click()
        expect(page.get_by_role("row", name="1 AED in INR")).to_contain_text("22.93")
