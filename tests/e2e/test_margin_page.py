"""From the margin of a trip to its lines, their entry and document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import NARROW, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_margin_opens_its_lines_and_a_line_its_entry(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        _sell_a_trip(page)
        page.goto("/reports/trip-margins")
        page.locator("table.v-margins tbody tr").get_by_role("link", name="45,000.00").first.click()
        expect(page.get_by_role("heading", name="Breakdown")).to_be_visible()
        expect(page.locator("tfoot")).to_contain_text("1 line in all")
        expect(page.locator("tfoot")).to_contain_text("45,000.00")
        look_at(visit, "margin-lines")
        page.get_by_role("link", name="Invoice", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("/")
        page.go_back()
        page.locator("[data-rows]").get_by_role("link", name="45,000.00").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Journal entry")


def _sell_a_trip(page: Page) -> None:
    page.goto("/trips/new")
    page.get_by_label("Title").fill("Dubai in May")
    page.get_by_role("button", name="Open the trip").click()
    page.get_by_role("link", name="New invoice").click()
    page.get_by_label("Customer", exact=True).fill("Deepa Krishnan")
    page.get_by_label("Description, line 1").fill("Dubai package")
    page.get_by_label("Rate, line 1").fill("45,000")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Issue", exact=True).click()
    page.get_by_role("button", name="Issue invoice").click()
    expect(page.get_by_role("link", name="Record payment")).to_be_visible()
