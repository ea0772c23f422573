"""Printed pages of a busy agency fit on a page or two, without the menu."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import Look, Visit, expect, pages_on_paper, visiting
from tests.e2e.conftest import Site
from voyagent.demo.service.agency import create_agency
from voyagent.factory import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOOK = Look("dark", 1280)
AGENCY, TAX_NUMBER = "Malabar Gulf Travels", "32AAACM1234A1ZH"


@pytest.fixture(scope="module")
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """A page signed in to the demo agency, which has no conversations and trips here.

    `tests/demo` runs the command that creates all of it.
    """
    app = create_app(site.settings)
    with app.app_context():
        create_agency(app.extensions["voyagent.identity"])
    with visiting(browser, LOOK, base_url=site.address) as visit:
        page = visit.page
        page.goto("/sign-in")
        page.get_by_role("button", name=re.compile("demo", re.IGNORECASE)).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page).to_have_url(re.compile("/$"))
        yield visit


@pytest.mark.parametrize(
    ("address", "pages"),
    [
        ("/reports/receivables", 2),
        ("/reports/trial-balance", 2),
        ("/reports/profit-and-loss", 1),
        ("/reports/balance-sheet", 1),
        ("/invoices?status=paid", 1),
    ],
)
def test_printed_pages_have_the_agency_and_no_menu(visit: Visit, address: str, pages: int) -> None:
    page = visit.page
    page.emulate_media(media="screen")
    page.goto(address)
    if address.startswith("/invoices"):
        page.get_by_role("main").get_by_role("row").nth(1).get_by_role("link").first.click()
        page.wait_for_url(re.compile(r"/invoices/[0-9a-f-]{36}"))
    visit.looks_right()
    assert pages_on_paper(page) == pages
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_text(AGENCY).locator("visible=true").first).to_be_visible()
    expect(page.get_by_text(TAX_NUMBER).locator("visible=true").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in {
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    }
