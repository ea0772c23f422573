"""An enquiry from the phone call to the assistant, without its message.

`test_whole_way` goes on up to the books.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import PASSWORD, WIDE, Look, Visit, expect, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CUSTOMER = "Deepa Krishnan"


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_an_enquiry_is_entered_and_opened_in_the_chat(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        _sign_up(visit)
        _log_the_enquiry(visit)
        _open_it_in_chat(visit)


def _sign_up(visit: Visit) -> None:
    page = visit.page
    page.goto("/sign-up")
    visit.looks_right()
    page.get_by_label("Agency name").fill("Malabar Gulf Travels")
    page.get_by_label("Your name").fill("Neha Kulkarni")
    page.get_by_label("E-mail").fill(f"neha-{secrets.token_hex(4)}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create agency").click()
    expect(page).to_have_url(re.compile(r"/$"))
    visit.looks_right()


def _log_the_enquiry(visit: Visit) -> None:
    page = visit.page
    page.goto("/enquiries/new")
    visit.looks_right()
    page.locator("[name=customer_name]").fill(CUSTOMER)
    page.locator("[name=origin]").fill("Kochi")
    page.locator("[name=destination]").fill("Dubai")
    page.locator("[name=pax_count]").fill("4")
    page.get_by_role("button", name="Save enquiry").click()
    expect(page.get_by_role("heading", name=CUSTOMER, exact=True)).to_be_visible()
    visit.looks_right()
    enquiry = page.url
    page.goto("/enquiries")
    expect(page.get_by_role("link", name=CUSTOMER).first).to_be_visible()
    visit.looks_right()
    page.goto(enquiry)


def _open_it_in_chat(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Open in chat").first.click()
    expect(visit.page.get_by_role("log")).to_contain_text("Dubai")
    visit.looks_right()
