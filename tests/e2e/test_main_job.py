"""An enquiry from the phone call to the trial balance, in every look."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import PASSWORD, WIDE, Look, Visit, expect, pages_on_paper, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CUSTOMER = "Deepa Krishnan"
AMOUNT = re.compile(r"45,000\.00")
ANSWER_MS = 30_000


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_an_enquiry_is_handled_up_to_the_trial_balance(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        _sign_up(visit)
        _log_the_enquiry(visit)
        _have_it_invoiced(visit)
        _grant(visit, "draft an invoice")
        _grant(visit, "issue the invoice")
        _hear_that_it_is_done(visit)
        _see_the_invoice(visit)
        _see_the_reports(visit)


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


def _have_it_invoiced(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Open in chat").first.click()
    expect(page.get_by_role("log")).to_contain_text("Dubai")
    visit.looks_right()
    page.locator("#say").fill("Invoice Deepa Krishnan 45,000 for the Dubai package due in 15 days")
    page.get_by_role("button", name="Send").click()


def _grant(visit: Visit, what: str) -> None:
    """Review and approve the assistant's newest request.

    It is confirmed if it cannot be undone.
    """
    page = visit.page
    page.get_by_role("button", name="Send for approval").click(timeout=ANSWER_MS)
    ask = page.locator(".v-ask:not(.v-draft)").filter(has_text=re.compile(what, re.IGNORECASE))
    expect(ask).to_be_visible(timeout=ANSWER_MS)
    visit.looks_right()
    conversation = page.url
    ask.get_by_role("link", name="Review").click()
    expect(page.locator("#decide")).to_be_visible()
    visit.looks_right()
    page.locator("#decide").get_by_text("Approve").first.click()
    again, granted = (
        page.get_by_role("button", name="Confirm approval"),
        page.locator(".v-review [data-st=granted]"),
    )
    expect(again.or_(granted).first).to_be_visible()
    if again.is_visible():
        again.click()
        expect(granted).to_be_visible()
    page.goto(conversation)


def _hear_that_it_is_done(visit: Visit) -> None:
    expect(visit.page.get_by_role("log")).to_contain_text(
        re.compile(r"\d{4}-\d{2}/000001"), timeout=ANSWER_MS
    )
    visit.looks_right()


def _see_the_invoice(visit: Visit) -> None:
    page = visit.page
    page.goto("/invoices")
    visit.looks_right()
    expect(page.get_by_role("main")).to_contain_text("000001")
    page.get_by_role("main").get_by_role("link", name=CUSTOMER).first.click()
    expect(page.get_by_role("main")).to_contain_text(AMOUNT)
    visit.looks_right()


def _see_the_reports(visit: Visit) -> None:
    page = visit.page
    for address in ("/reports/receivables", "/reports/trial-balance"):
        page.goto(address)
        expect(page.get_by_role("main")).to_contain_text(AMOUNT)
        visit.looks_right()
        assert pages_on_paper(page) == 1
