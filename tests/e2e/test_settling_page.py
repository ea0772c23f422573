"""Settle documents with a payment by mouse and keys.

There are running sums, and it works without JavaScript.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, NARROW, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

CUSTOMER = "Deepa Krishnan"
PREVIEW_MS = 500  # longer than the delay of a preview


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_sums_are_updated_when_documents_are_selected(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        first, second = _invoice(page, "1,20,000"), _invoice(page, "45,000")
        page.goto("/payments/new")
        page.get_by_label("Customer or supplier").fill(CUSTOMER)
        page.keyboard.press("Tab")
        expect(page.get_by_label(f"Settle {first}")).to_be_visible()
        page.get_by_label(f"Settle {second}").check()
        expect(page.get_by_label("Amount", exact=True)).to_have_value(
            "45000.00"
        )  # what is ticked is what was paid
        _expect_totals(page, "45,000.00", "0.00")
        page.get_by_label("Amount", exact=True).fill("1,50,000")
        _expect_totals(page, "45,000.00", "1,05,000.00")
        page.get_by_label(f"Settle {first}").focus()
        page.keyboard.press("Space")
        expect(page.get_by_label(f"Amount for {first}")).to_have_value("105000.00")
        _expect_totals(page, "1,50,000.00", "0.00")
        page.get_by_label(f"Amount for {first}").fill("1,20,000")
        expect(page.locator("[data-over-row]")).to_contain_text("15,000.00")
        expect(page.locator("[data-left-row]")).to_be_hidden()
        look_at(visit, "settle-over")
        page.get_by_role("button", name="Oldest first").click()
        expect(page.get_by_label(f"Amount for {first}")).to_have_value("120000.00")
        expect(page.get_by_label(f"Amount for {second}")).to_have_value("30000.00")
        look_at(visit, "settle")
        page.get_by_label(f"Settle {second}").uncheck()
        _expect_totals(page, "1,20,000.00", "30,000.00")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#about")).to_contain_text("30,000.00")
        page.get_by_role("link", name="Allocate").click()
        _expect_totals(page, "30,000.00", "0.00")
        page.get_by_role("button", name="Clear").click()
        _expect_totals(page, "0.00", "30,000.00")
        page.get_by_label(f"Settle {second}").check()
        look_at(visit, "settle-later")
        page.get_by_role("button", name="Allocate").click()
        expect(page.get_by_text("Payment allocated.")).to_be_visible()


def test_the_form_works_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address, java_script_enabled=False) as visit:
        page = visit.page
        sign_up(page)
        first, second = _invoice(page, "1,20,000"), _invoice(page, "45,000")
        page.goto("/payments/new")
        page.get_by_label("Customer or supplier").fill(CUSTOMER)
        page.get_by_label("Amount", exact=True).fill("1,50,000")
        page.get_by_role("button", name="Show open documents").click()
        expect(page.locator("[data-settle]").first).to_be_hidden()
        page.get_by_role("button", name="Oldest first").click()
        expect(page.get_by_label(f"Amount for {second}")).to_have_value("30,000.00")
        _expect_totals(page, "1,50,000.00", "0.00")
        page.get_by_label(f"Amount for {second}").fill("10,000")
        page.get_by_role("button", name="Record payment").click()
        page.get_by_role("link", name="Allocate").click()
        page.get_by_label(f"Amount for {second}").fill("")
        page.get_by_role("button", name="Oldest first").click()
        expect(page.get_by_label(f"Amount for {second}")).to_have_value("20,000.00")
        expect(page.get_by_label(f"Amount for {first}")).to_have_count(0)
        page.get_by_role("button", name="Allocate").click()
        expect(page.locator("#about")).to_contain_text(re.compile("Advance[^–]*–"))


def test_a_submitted_form_asks_for_no_preview(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/payments/new")
        page.get_by_label("Customer or supplier").fill(CUSTOMER)
        page.keyboard.press("Tab")
        expect(page.locator("[aria-busy]")).to_have_count(0)
        submissions: list[Route] = []
        previews: list[str] = []  # those after the submission

        def hold(route: Route) -> None:
            if "hx-request" not in route.request.headers:
                submissions.append(route)
                return
            if submissions:
                previews.append(route.request.url)
            route.continue_()

        page.route("**/payments/new", hold)
        page.get_by_label("Amount", exact=True).fill("500")
        page.get_by_role("button", name="Record payment").click(no_wait_after=True)
        page.wait_for_timeout(PREVIEW_MS)
        assert len(submissions) == 1
        assert previews == []
        submissions[0].abort()


def _invoice(page: Page, amount: str) -> str:
    """Issue an invoice and return its number."""
    page.goto("/invoices/new")
    page.locator("#customer_name").fill(CUSTOMER)
    page.get_by_label("Description, line 1").fill("Dubai package")
    page.get_by_label("Rate, line 1").fill(amount)
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Issue", exact=True).click()
    page.get_by_role("button", name="Issue invoice").click()
    expect(page.get_by_role("link", name="Record payment")).to_be_visible()
    return page.get_by_role("heading", level=1).inner_text()


def _expect_totals(page: Page, taken: str, left: str) -> None:
    expect(page.locator("[data-taken]")).to_have_text(taken)
    expect(page.locator("[data-left]")).to_have_text(left)
