"""The audit page: checking the chain, filters, an event; also without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.browsing import LOOKS, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def change_an_enquiry(page: Page) -> None:
    page.goto("/enquiries/new?customer_name=Harbinder+Singh+Gill")
    page.get_by_role("button", name=re.compile("^Log|^Save")).first.click()
    page.wait_for_url(re.compile(r"/enquiries/[0-9a-f-]{36}"))
    page.goto(page.url.split("?")[0] + "/edit")
    page.locator("#destination").fill("Istanbul")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/enquiries/[0-9a-f-]{36}$"))


def newest_event(page: Page) -> int:
    """Return the number of the newest event.

    The request for a check is the next event. The nightly check may come before it, but reads
    only up to the newest.
    """
    newest = page.locator("a[id^=row-]").first.get_attribute("id")
    assert newest
    return int(newest.removeprefix("row-"))


def test_an_administrator_checks_the_chain_and_opens_an_event(browser: Browser, site: Site) -> None:
    with visiting(browser, *LOOKS, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        change_an_enquiry(page)
        page.goto("/audit")
        asked = newest_event(page) + 1
        chain = page.locator("#chain")
        expect(chain).to_contain_text(re.compile("Chain not checked yet|Chain verified"))
        expect(chain).not_to_contain_text(f"through event {asked}")
        look_at(visit, "audit")
        page.get_by_role("button", name="Verify now").click()
        expect(chain).to_contain_text(f"through event {asked}", timeout=30_000)
        expect(chain).to_contain_text("Chain verified")
        page.get_by_role("link", name="Enquiry changed").click()
        event = page.get_by_role("complementary", name=re.compile("^Event"))
        expect(event.get_by_role("rowheader", name="To", exact=True)).to_be_visible()
        expect(event.get_by_text("Istanbul")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/audit\?open=\d+$"))
        look_at(visit, "audit-event")
        page.keyboard.press("Escape")
        expect(event).to_have_count(0)
        page.get_by_role("link", name="Failed only").click()
        expect(page.get_by_role("heading", name="No results")).to_be_visible()
        look_at(visit, "audit-nothing")


def test_the_page_works_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(
        browser, Look("light", 1280), base_url=site.address, java_script_enabled=False
    ) as visit:
        page = visit.page
        sign_up(page)
        change_an_enquiry(page)
        page.goto("/audit")
        page.locator("summary", has_text="Event").click()
        page.get_by_role("listbox", name="Event").select_option("enquiry.created")
        page.locator("details[open]").get_by_role("button", name="Apply").click()
        expect(page).to_have_url(re.compile(r"kind=enquiry.created"))
        expect(page.locator("tbody a")).to_have_count(1)
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        assert download.value.suggested_filename.startswith("voyagent-audit-")
        assert Path(download.value.path()).read_text().count("enquiry.created,") == 1
        page.get_by_role("button", name="Verify now").click()
        page.goto("/audit")
        expect(page.locator("#chain")).to_contain_text(re.compile("Checking since|Chain verified"))
