"""Bank accounts: cheques, deducted tax, and payouts of a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.browsing import LOOKS, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at
from tests.e2e.test_settling_page import CUSTOMER, _invoice as an_invoice

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_bank_account_is_added_and_used(browser: Browser, site: Site) -> None:
    with visiting(browser, *reversed(LOOKS), base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/settings/bank-accounts")
        look_at(visit, "bank-accounts-first")
        page.goto("/settings/bank-accounts/new")
        page.get_by_label("IFSC").fill("HDFC1")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Enter an IFSC such as HDFC0000001.").last).to_be_visible()
        look_at(visit, "bank-account-refused")
        page.get_by_label("Name", exact=True).fill("HDFC current account")
        page.get_by_label("Account number").fill("5010 0012 3456 78")
        page.get_by_label("IFSC").fill("HDFC0000001")
        page.get_by_label("Print on invoices in this currency").check()
        page.keyboard.press("Control+Enter")
        row = page.get_by_role("row", name="HDFC current account")
        expect(row).to_contain_text("ends in 5678")
        look_at(visit, "bank-accounts")
        row.get_by_role("link", name="Edit").click()
        look_at(visit, "bank-account")
        page.get_by_role("link", name="Close account").click()
        look_at(visit, "bank-account-close")
        page.goto("/payments/new?direction=in")
        page.get_by_label("Customer or supplier").fill("Deepa Krishnan")
        page.get_by_label("Amount", exact=True).fill("29000")
        page.get_by_label("Bank or cash").select_option("HDFC current account, INR")
        page.get_by_label("Paid by").select_option("Cheque")
        page.get_by_text("Details of the cheque").click()
        page.get_by_label("Cheque number").fill("000123")
        page.get_by_text("Tax deducted (TDS)").first.click()
        page.get_by_label("Tax deducted (TDS)").fill("500")
        page.get_by_role("button", name="Record payment").click()
        expect(page.get_by_text("Enter both the tax deducted").last).to_be_visible()
        look_at(visit, "payment-tds-refused")
        page.get_by_label("Section").fill("194H")
        page.get_by_role("button", name="Record payment").click()
        expect(page.locator("#sheet")).to_contain_text("Cheque 000123")
        expect(page.locator("#sheet")).to_contain_text("section 194H")
        look_at(visit, "payment-with-means")
        page.get_by_role("link", name="Bounced").click()
        page.get_by_label("Reason").fill("No money")
        page.get_by_role("button", name="Record bounced cheque").click()
        expect(page.get_by_text("This field is required.").last).to_be_visible()
        page.get_by_label("Fee").fill("300")
        expect(page.locator("#postings")).to_contain_text("300.00")
        look_at(visit, "bounce")
        page.get_by_role("button", name="Record bounced cheque").click()
        expect(page.locator("#about")).to_contain_text("Bounced, charge of the bank")


def test_a_receipt_follows_the_tax_and_a_gateway_pays_out(browser: Browser, site: Site) -> None:
    with visiting(browser, *reversed(LOOKS), base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/payouts/new")
        look_at(visit, "payout-no-gateway")
        page.goto("/settings/bank-accounts/new")
        page.get_by_label("Kind").select_option("Payment gateway")
        page.get_by_label("Name", exact=True).fill("Razorpay")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("row", name="Razorpay")).to_be_visible()
        an_invoice(page, "29,500")
        page.get_by_role("link", name="Record payment").click()
        page.get_by_text("Tax deducted (TDS)").first.click()
        expect(page.get_by_role("button", name="Subtract from the amount due")).to_be_hidden()
        page.get_by_label("Tax deducted (TDS)").fill("500")
        amount = page.get_by_label("Amount", exact=True)
        expect(amount).to_have_value("29000.00")
        page.get_by_label("Tax deducted (TDS)").fill("")
        expect(amount).to_have_value("29500.00")
        amount.fill("20000")
        page.get_by_label("Tax deducted (TDS)").fill("500")
        expect(amount).to_have_value("20000")
        amount.fill("29000")
        page.get_by_label("Section").fill("194H")
        page.get_by_label("Paid into").select_option("Razorpay, INR")
        look_at(visit, "receipt-with-tax")
        page.get_by_role("button", name="Record payment").click()
        expect(page.get_by_text("Payment recorded.")).to_be_visible()
        page.goto("/payouts")
        look_at(visit, "payouts-empty")
        page.get_by_role("link", name="Record first payout").click()
        page.get_by_label("Fee").fill("30,000")
        page.get_by_role("button", name="Record payout").click()
        expect(page.get_by_text("The fee and its tax must be less").last).to_be_visible()
        look_at(visit, "payout-refused")
        page.get_by_label("Fee").fill("580")
        expect(page.locator("#postings")).to_contain_text("28,420.00")
        look_at(visit, "payout-new")
        page.get_by_role("button", name="Record payout").click()
        expect(page.locator("#payout")).to_contain_text("28,420.00")
        expect(page.locator("#payout-items")).to_contain_text(CUSTOMER)
        look_at(visit, "payout")
        page.goto("/payouts")
        look_at(visit, "payouts")
