"""The API reference, with Redoc and nothing from another host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, Look, Visit, expect, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOGO = "https://cdn.redoc.ly/redoc/logo-mini-full.svg"
RENDERED_MS = 20_000
RENDERED = """new Promise((resolve) => {
  let height = 0;
  const timer = setInterval(() => {
    if (height === document.body.scrollHeight) resolve(clearInterval(timer));
    height = document.body.scrollHeight;
  }, 1000);
})"""
"""Waits until the page does not grow any more: operations in view are rendered one by one."""
OPERATION = "/api/docs#/invoices/postinvoices"


def only_the_logo_was_refused(visit: Visit) -> bool:
    """Return True if at most the logo of Redoc's vendor was blocked.

    The policy always blocks that logo.
    """
    refused = [complaint for complaint in visit.complaints if LOGO in complaint]
    others = [complaint for complaint in visit.complaints if LOGO not in complaint]
    visit.complaints.clear()
    return len(refused) <= 1 and others == []


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.width}")
def test_operations_are_shown_and_no_other_host_is_reached(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page, reached = visit.page, set[str]()
        page.on("requestfinished", lambda request: reached.add(request.url))
        page.goto("/api/docs")
        expect(page.get_by_role("heading", name="Voyagent API")).to_be_visible(timeout=RENDERED_MS)
        operation = page.get_by_text(re.compile("/api/auth/")).filter(visible=True).first
        page.mouse.move(200, 400)
        for _ in range(12):  # operations are rendered when they come into view
            page.mouse.wheel(0, 1_500)
            page.wait_for_timeout(250)
            if operation.count():
                break
        expect(operation).to_be_visible(timeout=RENDERED_MS)
        expect(page.locator("html")).to_have_class(look.theme)
        assert only_the_logo_was_refused(visit)
        page.goto(OPERATION)  # in the same document, which is checked once, with both operations
        expect(page.get_by_text("Idempotency-Key").last).to_be_visible(timeout=RENDERED_MS)
        assert only_the_logo_was_refused(visit)
        page.evaluate(RENDERED)
        visit.looks_right()
        assert [url for url in reached if not url.startswith((site.address, "data:"))] == []
        assert f"{site.address}/api/openapi.json" in reached


def test_the_api_reference_has_the_chosen_theme(browser: Browser, site: Site) -> None:
    with visiting(browser, Look("light", 1280), base_url=site.address) as visit:
        visit.page.context.add_cookies(
            [{"name": "voyagent_theme", "value": "dark", "url": site.address}]
        )
        visit.page.goto("/api/docs")
        expect(visit.page.locator("html")).to_have_class("dark")


def test_without_javascript_the_page_links_the_document(browser: Browser, site: Site) -> None:
    with visiting(
        browser, Look("light", 1280), base_url=site.address, java_script_enabled=False
    ) as visit:
        visit.page.goto("/api/docs")
        expect(visit.page.get_by_text("Idempotent-Replayed: true")).to_be_visible()
        visit.page.get_by_role("link", name="JavaScript is off").click()
        expect(visit.page).to_have_url(f"{site.address}/api/openapi.json")
