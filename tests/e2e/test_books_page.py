"""A manual entry by keyboard, and the chart of accounts; also without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, WIDE, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_an_entry_is_entered_by_keyboard(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        _add_postage(page)
        look_at(visit, "accounts")
        page.goto("/journal/new")
        expect(page.get_by_label("Narration")).to_be_focused()
        page.keyboard.type("Stamps")
        page.get_by_label("Account, line 1").focus()
        _keys(page, "5810", "Tab", "June", "Tab", "1,200", "Enter")
        expect(page.get_by_label("Account, line 2")).to_be_focused()
        _keys(page, "1100", "Tab", "Tab", "Tab", "1000")
        status = page.locator("#entry-preview [role=status]")
        expect(status).to_contain_text(
            "Debits and credits differ by INR200.00. More debit than credit."
        )
        expect(page.locator("#entry-preview tbody tr").nth(1)).to_contain_text("1,000.00Cr")
        look_at(visit, "journal-new")
        page.get_by_label("Credit, line 4").focus()
        page.keyboard.press("Tab")
        expect(
            page.get_by_role("button", name="Add a line")
        ).to_be_focused()  # an empty last line lets go
        page.get_by_label("Account, line 4").focus()
        _keys(page, "1010", "Tab", "Tab", "Tab", "200", "Tab")
        expect(page.get_by_label("Account, line 5")).to_be_focused()
        expect(page.get_by_label("Account, line 5")).to_have_value("")
        expect(status).to_contain_text("Debits equal credits.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Entry posted.")).to_be_visible()
        page.goto("/accounts")
        expect(page.get_by_role("row", name="5810 Postage")).to_contain_text("1,200.00")


def test_lines_and_effect_work_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address, java_script_enabled=False) as visit:
        page = visit.page
        sign_up(page)
        _add_postage(page)
        page.goto("/journal/new")
        page.get_by_label("Account, line 1").select_option(label="5810 Postage")
        page.get_by_label("Debit, line 1").fill("50")
        page.get_by_role("button", name="Add a line").click()
        page.get_by_label("Account, line 2").select_option(label="1100 Bank, current account")
        page.get_by_label("Credit, line 2").fill("50")
        page.get_by_role("button", name="Preview balances").click()
        expect(page.locator("#entry-preview")).to_contain_text("Debits equal credits.")
        expect(page.locator("#entry-preview tbody tr").first).to_contain_text("50.00Dr")
        page.get_by_role("button", name="Post entry").click()
        expect(page.locator("#narration-err")).to_contain_text("Enter a narration")
        page.get_by_label("Narration").fill("Stamps")
        page.get_by_role("button", name="Post entry").click()
        expect(page.get_by_role("heading", name="Journal entry", exact=True)).to_be_visible()


def _add_postage(page: Page) -> None:
    page.goto("/accounts")
    page.get_by_role("link", name="New account").click()
    page.get_by_label("Code").fill("5810")
    page.get_by_label("Name").fill("Postage")
    page.get_by_label("Type").select_option("expense")
    page.get_by_role("button", name="Add account").click()
    expect(page.get_by_role("rowheader", name="5810 Postage")).to_be_visible()


def _keys(page: Page, *pressed: str) -> None:
    """Type texts and press keys."""
    for one in pressed:
        (page.keyboard.press if one in ("Tab", "Enter") else page.keyboard.type)(one)
