"""A month of bookkeeping, from invoice to close and back to documents."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import NARROW, Look, Visit, expect, pages_on_paper, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CUSTOMER = "Deepa Krishnan"
LAST_DAY = date.today().replace(day=1) - timedelta(days=1)  # noqa: DTZ011 - a day of the month before, whatever the zone
WAYS = [
    ("1200", "45,000.00", "Invoice", "Invoice"),
    ("1100", "30,000.00", "Receipt", "Payment"),
    ("4300", "20,000.00", "Not travelled", "Credit note"),
    ("2200", "25,000.00", "Allocated to", "Payment"),
    ("1100", "5,000.00", "Refund", "Payment"),
]


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_closed_month_stays_closed_and_its_amounts_stay_the_same(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        sign_up(visit.page)
        number = _invoice(visit)
        _take_a_part_payment(visit.page)
        _take_back_the_allocation(visit.page)
        _credit(visit, number)
        _allocate_and_refund(visit)
        _close_the_month(visit)
        _see_the_statement(visit, number)
        _find_each_amount(visit, number)
        _see_it_at_home(visit)


def _on(day: int) -> str:
    return LAST_DAY.replace(day=day).strftime("%-d %b %Y")


def _invoice(visit: Visit) -> str:
    """Create and issue an invoice for 45,000; return its number."""
    page = visit.page
    page.goto("/invoices/new")
    page.get_by_label("Customer", exact=True).fill(CUSTOMER)
    page.get_by_role("textbox", name=re.compile("^Issue")).fill(_on(4))
    page.get_by_role("textbox", name=re.compile("^Due")).fill(_on(20))
    page.get_by_label("Description, line 1").fill("Dubai package")
    page.get_by_label("Rate, line 1").fill("45,000")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Issue", exact=True).click()
    expect(
        page.get_by_role("button", name="Issue invoice")
    ).to_be_visible()  # the page that is looked at is there
    visit.looks_right()
    page.get_by_role("button", name="Issue invoice").click()
    expect(page.get_by_role("link", name="Record payment")).to_be_visible()
    return page.get_by_role("heading", level=1).inner_text()


def _take_a_part_payment(page: Page) -> None:
    page.get_by_role("link", name="Record payment").click()
    page.get_by_label("Amount").fill("30,000")
    page.get_by_role("textbox", name="Paid on").fill(_on(8))
    page.get_by_role("button", name="Record payment").click()
    expect(page.locator("#settled")).to_contain_text("30,000.00")


def _take_back_the_allocation(page: Page) -> None:
    page.goto("/payments")
    page.get_by_role("main").get_by_role("link", name=CUSTOMER).click()
    page.locator("#about").get_by_role("link", name="Reverse").click()
    page.get_by_role("textbox", name="Effective date").fill(_on(9))
    page.get_by_role("button", name="Reverse").click()
    expect(page.locator("#about")).to_contain_text("reversed")


def _credit(visit: Visit, number: str) -> None:
    page = visit.page
    page.locator("#about").get_by_role("link", name=number, exact=True).first.click()
    page.get_by_role("link", name="Issue credit note", exact=True).click()
    page.get_by_label("Reason").fill("Not travelled")
    page.locator("#issue_date").fill(_on(10))
    page.get_by_label("Credit, line 1").fill("20,000")
    page.get_by_role("button", name="Issue credit note").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Credit note")
    look_at(visit, "credit-note")


def _allocate_and_refund(visit: Visit) -> None:
    page = visit.page
    page.goto("/payments?unapplied=1")
    page.get_by_role("main").get_by_role("link", name=CUSTOMER).click()
    page.get_by_role("link", name="Allocate").click()
    expect(page.get_by_label(re.compile("^Amount for"))).to_have_value("25,000.00")
    page.get_by_role("textbox", name="Effective date").fill(_on(12))
    look_at(visit, "allocate")
    page.get_by_role("button", name="Allocate").click()
    page.get_by_role("link", name="Refund").click()
    expect(page.get_by_label("Amount")).to_have_value("5,000.00")
    page.get_by_role("textbox", name="Refunded on").fill(_on(15))
    page.get_by_role("button", name="Record refund").click()
    expect(page.get_by_text("Refund recorded.")).to_be_visible()
    look_at(visit, "payment")


def _close_the_month(visit: Visit) -> None:
    page = visit.page
    page.goto("/months")
    page.get_by_role("link", name=re.compile("^Close ")).click()
    look_at(visit, "close-month")
    page.get_by_role("button", name=re.compile("^Close ")).click()
    expect(page.get_by_role("main")).to_contain_text("closed")


def _see_the_statement(visit: Visit, number: str) -> None:
    page = visit.page
    page.goto("/reports/party-statement")
    page.locator("#from").fill(_on(1))
    page.locator("#to").fill(_on(LAST_DAY.day))
    page.locator("#party").fill(CUSTOMER)
    page.get_by_role("button", name="Show", exact=True).click()
    main = page.get_by_role("main")
    expect(main.locator("tfoot")).to_have_text(re.compile(r"INR0\.00\s*$"))
    expect(page.locator("#proof .v-red")).to_have_count(0)
    look_at(visit, "party-statement")
    assert pages_on_paper(page) == 1
    main.get_by_role("link", name=re.compile(r"45,000\.00")).first.click()
    page.get_by_role("complementary").get_by_role("link", name="Invoice", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(number)


def _find_each_amount(visit: Visit, number: str) -> None:
    page = visit.page
    page.goto("/reports/trial-balance")
    page.locator("#as_of").fill(_on(LAST_DAY.day))
    page.locator("#from").fill(_on(1))
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile("from="))
    month = page.url
    for code, amount, narration, document in WAYS:
        page.goto(month)
        main = page.get_by_role("main")
        main.get_by_role("row").filter(
            has=page.get_by_role("link", name=re.compile(rf"^{code} "))
        ).get_by_role("link").nth(1).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(code)
        rows = main.locator("[data-rows] tr").filter(
            has=page.get_by_role("link", name=re.compile(rf"(^|\D){re.escape(amount)}"))
        )
        rows.filter(has_text=narration).get_by_role(
            "link", name=re.compile(re.escape(amount))
        ).first.click()
        expect(page.get_by_role("heading", name="Journal entry", exact=True)).to_be_visible()
        expect(main).to_contain_text(amount)
        page.get_by_role("complementary").get_by_role("link", name=document, exact=True).click()
        expect(page.get_by_role("main")).to_contain_text(amount)
        if document == "Invoice":  # the other documents were looked at when they were made
            look_at(visit, f"found-{code}")


def _see_it_at_home(visit: Visit) -> None:
    """Check that sales appear at their month on Home and link to the profit and loss."""
    page = visit.page
    page.goto("/")
    look_at(visit, "home")
    assert pages_on_paper(page) <= 2
    page.locator("#sales").get_by_role("link", name="25,000").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profit and loss")
    expect(page.get_by_role("main")).to_contain_text("25,000.00")
