"""A supplier is created and found, and a file imported; also without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, NARROW, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEAD = "name,is_customer,terms_days\n"


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_supplier_is_created_and_files_are_imported(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/parties")
        look_at(visit, "parties-empty")
        page.goto("/parties/new?kind=supplier")
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.type("Kerala Coach Tours")
        look_at(visit, "party-new")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name="Kerala Coach Tours")).to_be_visible()
        look_at(visit, "party")
        page.goto("/import")
        look_at(visit, "import")
        _choose(page, f"{HEAD}Deepa Krishnan,perhaps,15\n")
        expect(page.get_by_role("row", name="2 is_customer")).to_contain_text("Enter yes or no.")
        look_at(visit, "import-findings")
        _choose(page, f"{HEAD}Deepa Krishnan,yes,15\n")
        look_at(visit, "import-take")
        page.get_by_role("button", name="Import", exact=False).last.click()
        expect(page.get_by_text("One line was imported.")).to_be_visible()
        look_at(visit, "parties")


def test_a_file_is_imported_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address, java_script_enabled=False) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/import")
        _choose(page, f"{HEAD}Deepa Krishnan,yes,15\n")
        page.get_by_role("button", name="Import", exact=False).last.click()
        expect(page.get_by_role("link", name="Deepa Krishnan")).to_be_visible()


def _choose(page: Page, content: str) -> None:
    page.set_input_files(
        "#file", {"name": "parties.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Preview import").click()
