"""Base amounts are established, and statements have one currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import NARROW, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_foreign_entry_is_in_the_statements(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/base-amounts")
        look_at(visit, "base-possible")
        page.get_by_role("button", name="Establish base amounts").click()
        expect(page.get_by_text("Every posting has its amount in INR.")).to_be_visible()
        look_at(visit, "base-done")
        _enter(page, "USD", "1,000")
        page.get_by_role("button", name="Post entry").click()
        expect(page.locator(".v-note-red")).to_contain_text(
            "There is no exchange rate for this day."
        )
        look_at(visit, "rate-missing-journal")
        with page.expect_popup() as opened:
            page.get_by_role("link", name="Enter the exchange rate").first.click()
        rate = opened.value
        rate.get_by_label("Rate", exact=True).fill("84.205")
        rate.get_by_label("Source").fill("FBIL")
        rate.get_by_role("button", name="Save rate").click()
        expect(rate.get_by_role("row", name="1 USD in INR")).to_contain_text("84.205")
        rate.close()
        expect(page.get_by_label("Narration")).to_have_value("Fee")
        page.get_by_role("button", name="Post entry").click()
        expect(page.get_by_role("heading", name="Journal entry", exact=True)).to_be_visible()
        expect(page.get_by_role("columnheader", name="Debit in INR")).to_be_visible()
        look_at(visit, "base-entry")
        for path in ("general-ledger?account=1100", "day-book"):
            page.goto(f"/reports/{path}")
            expect(page.get_by_text("84,205.00").first).to_be_visible()
            look_at(visit, f"base-{path[:8]}")
        for path in ("profit-and-loss", "balance-sheet", "trial-balance"):
            page.goto(f"/reports/{path}")
            expect(page.get_by_role("heading", name="All currencies")).to_be_visible()
            expect(page.get_by_text("84,205.00").first).to_be_visible()
            page.locator("#currencies summary").click()
            expect(page.locator("#currencies")).to_contain_text("1,000.00")
            look_at(visit, f"base-{path}")
        page.locator("#currencies summary").click()
        expect(page.locator("#currencies table")).to_be_hidden()
        page.emulate_media(media="print")
        expect(page.locator("#currencies table")).to_be_visible()
        page.emulate_media(media="screen")


def _enter(page: Page, currency: str, amount: str) -> None:
    page.goto("/journal/new")
    page.get_by_label("Narration").fill("Fee")
    page.get_by_label("Currency", exact=True).select_option(currency)
    page.get_by_label("Account, line 1").select_option(label="1100 Bank, current account")
    page.get_by_label("Debit, line 1").fill(amount)
    page.get_by_label("Account, line 2").select_option(label="4200 Service fees")
    page.get_by_label("Credit, line 2").fill(amount)
