"""An action is found with Ctrl K, filled and sent; also without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, NARROW, Look, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_an_action_is_found_and_carried_out(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/do")
        look_at(visit, "actions")
        page.keyboard.press("Control+k")
        page.keyboard.type("enter a bill")
        expect(page.get_by_role("option").first).to_have_text("Enter a bill")
        page.keyboard.press("Backspace")
        page.get_by_role("option", name="Enter a bill").click()
        expect(page.get_by_role("heading", name="Enter a bill")).to_be_visible()
        look_at(visit, "action")
        page.get_by_label("Supplier").fill("BSP India")
        page.locator("button[formaction$='row=line_items']").click()
        expect(page.get_by_role("group", name="Line 2")).to_be_visible()
        expect(page.get_by_label("Supplier")).to_have_value("BSP India")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("This field is required.").first).to_be_visible()
        look_at(visit, "action-refused")
        page.goto("/do/list_receivables")
        page.get_by_role("button", name="Show").click()
        look_at(visit, "action-result")


def test_the_forms_work_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address, java_script_enabled=False) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/do/receive_bill")
        page.get_by_label("Supplier").fill("BSP India")
        page.locator("button[formaction$='row=line_items']").click()
        expect(page.get_by_role("group", name="Line 2")).to_be_visible()
        page.goto("/do/create_enquiry?customer_name=Deepa%20Krishnan")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Deepa Krishnan", exact=True)).to_be_visible()
