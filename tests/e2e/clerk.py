"""One clerk, who handles a case from enquiry to audit in the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.e2e.browsing import Visit, expect, pages_on_paper, sign_up
from tests.e2e.conftest import Site
from tests.e2e.test_assistant_page import save, say
from tests.e2e.whole_way_model import REASON
from tests.paper_text import text_of
from voyagent.kernel.money import spoken

if TYPE_CHECKING:
    from playwright.sync_api import Locator

CUSTOMER, COMPANION = "Deepa Krishnan", "Rajiv Krishnan"
PASSPORTS = {CUSTOMER: "Z1234567", COMPANION: "Z7654321"}
MARKUP = Decimal("3500.50")
ANSWER_MS = 45_000


@dataclass
class Clerk:
    """A single user of an agency, who requests and approves everything."""

    visit: Visit
    site: Site
    conversation: str = ""
    trip: str = ""
    flight: str = ""
    ticket: str = ""
    price: str = ""
    has_model: bool = False
    _checked: set[str] = field(default_factory=set)

    def ask(self, words: str) -> None:
        """Ask for an act that needs approval; without a model its card is confirmed first."""
        say(self.visit.page, words)
        if not self.has_model:
            save(self.visit.page, "Send for approval")

    def walk(self, *, rejects: bool = False) -> None:
        """Run from the first message to the invoice.

        With `rejects` the first request for tickets is declined.
        """
        sign_up(self.visit.page)
        self.log_the_enquiry()
        self.search()
        self.add_the_passengers()
        self.hold()
        self.put_the_price()
        if rejects:
            self.refuse_the_tickets()
        self.have_the_tickets()
        self.have_the_invoice()

    def see_all_results(self) -> None:
        """Look at the invoice, the itinerary, the books and the audit."""
        self.see_the_invoice()
        self.fetch_the_itinerary()
        self.see_the_books()
        self.see_the_decisions()

    @property
    def log(self) -> Locator:
        return self.visit.page.get_by_role("log")

    def hear(self, words: str | re.Pattern[str]) -> None:
        """Wait for this text of the assistant and for the end of the turn."""
        expect(self.log).to_contain_text(words, timeout=ANSWER_MS)
        expect(self.log).not_to_have_attribute("data-running", re.compile("."), timeout=ANSWER_MS)

    def check(self, kind: str) -> None:
        """Check the page, unless one of this kind was checked before.

        `test_whole_way` checks all of them, without a model.
        """
        if not self.has_model and kind not in self._checked:
            self._checked.add(kind)
            self.visit.looks_right()

    def log_the_enquiry(self) -> None:
        page, first = self.visit.page, datetime.now(UTC).date() + timedelta(days=45)
        days = f"{first:%-d %B %Y} to {first + timedelta(days=6):%-d %B %Y}"
        page.goto("/assistant")
        say(
            page,
            f"New enquiry: we are 2 adults and want flights from Kochi to Dubai, {days}. Budget 1.5"
            f" lakh.\nThanks and regards,\n{CUSTOMER}\n+91 98470 12345",
        )
        save(page)
        self.hear("Logged as a new enquiry")
        self.conversation = page.url
        about = page.get_by_role("complementary", name="Context")
        expect(about).to_contain_text(CUSTOMER, timeout=ANSWER_MS)

    def search(self) -> None:
        say(self.visit.page, "search flights")
        self.hear(re.compile(r"(?:[A-Z0-9]{2} \d+.+INR [\d,]+\.\d\d.*){2}", re.DOTALL))

    def add_the_passengers(self) -> None:
        page = self.visit.page
        page.get_by_role("button", name="Start a trip").click()
        for name, passport in PASSPORTS.items():
            page.get_by_role("link", name="Add passenger").click()
            page.get_by_label("Name as in the passport").fill(name)
            page.locator("#date_of_birth").fill("12 May 1990")
            page.get_by_label("Nationality").select_option("IN")
            page.get_by_label("Passport number").fill(passport)
            page.locator("#passport_expiry").fill("30 Apr 2036")
            page.get_by_role("button", name="Save passenger").click()
            expect(page.locator("#about")).to_contain_text(f"Passport ••••{passport[-4:]}")
        self.trip = page.url
        self.check("passengers")
        page.get_by_role("link", name="Conversation").click()

    def hold(self) -> None:
        say(self.visit.page, "hold the second one")
        save(self.visit.page)
        self.hear(re.compile("Held as [A-Z0-9]{6}"))

    def put_the_price(self) -> None:
        """Set the customer's price, which differs from the airline's."""
        page = self.visit.page
        page.goto(self.trip)
        line = (
            page.locator("#about").get_by_role("link", name=re.compile(r"^[A-Z0-9]{2} \d+")).first
        )
        self.flight = line.inner_text()
        line.click()
        price = Decimal(page.locator("#price").input_value().replace(",", "")) + MARKUP
        self.price = spoken(str(price), "INR").removeprefix("INR ")
        page.locator("#price").fill(str(price))
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#about")).to_contain_text("3,500.50")
        self.check("price")
        page.goto(self.conversation)

    def refuse_the_tickets(self) -> None:
        page = self.visit.page
        self.ask("issue the tickets")
        self.review("Issue the tickets")
        page.locator("#decide").get_by_role("link", name="Decline").click()
        page.locator("#reason").fill(REASON)
        page.locator("#decide").get_by_role("button", name="Decline").click()
        expect(page.locator("#outcome")).to_contain_text(REASON)
        page.goto(self.conversation)
        self.hear(f"Reason: {REASON}")

    def have_the_tickets(self) -> None:
        page = self.visit.page
        self.ask("issue the tickets")
        self.review("Issue the tickets")
        review = page.locator("#review")
        for words in (
            "This can’t be undone.",
            "External actions",
            "2 tickets",
            CUSTOMER,
            COMPANION,
            "Held",
            "Ticketed",
            self.flight,
        ):
            expect(review).to_contain_text(words)
        self.grant("Open the trip")
        self.hear(re.compile(r"ticketed.*\d{13}", re.DOTALL))
        found = re.search(r"\d{13}", self.log.inner_text())
        assert found
        self.ticket = found.group()

    def have_the_invoice(self) -> None:
        page = self.visit.page
        self.ask("invoice this trip due in 15 days")
        self.review("Draft an invoice")
        for words in (
            self.flight,
            self.price,
            "Nothing yet. Issuing it needs a separate approval.",
        ):
            expect(page.locator("#review")).to_contain_text(words)
        self.grant()
        if not self.has_model:
            save(page, "Send for approval")
        self.review("Issue the invoice")
        for words in ("Trade receivables", f"Balance of {CUSTOMER}", self.price):
            expect(page.locator("#review")).to_contain_text(words)
        self.grant()
        self.hear(re.compile(r"\d{4}-\d{2}/000001"))
        self.visit.looks_right()  # with all cards of the conversation

    def review(self, what: str) -> None:
        """Open the newest request of the assistant."""
        page = self.visit.page
        ask = page.locator(".v-ask:not(.v-draft)").filter(has_text=what)
        expect(ask).to_be_visible(timeout=ANSWER_MS)
        self.check("request in the conversation")
        ask.get_by_role("link", name="Review").click()
        expect(page.get_by_role("heading", name=re.compile(what))).to_be_visible()
        self.check(what)

    def grant(self, then: str = "Open") -> None:
        """Approve, check the outcome and return to the chat.

        An act that cannot be undone takes a second step.
        """
        page = self.visit.page
        page.locator("#decide").get_by_text("Approve").first.click()
        again, granted = (
            page.get_by_role("button", name="Confirm approval"),
            page.locator(".v-review [data-st=granted]"),
        )
        expect(again.or_(granted).first).to_be_visible()
        if again.is_visible():
            self.check("second step")
            again.click()
        expect(page.locator("#outcome")).to_contain_text("Done.", timeout=ANSWER_MS)
        expect(
            page.locator("#outcome").get_by_role("link", name=re.compile(f"^{then}"))
        ).to_be_visible()
        self.check("outcome")
        page.goto(self.conversation)

    def see_the_invoice(self) -> None:
        page = self.visit.page
        page.get_by_role("complementary", name="Context").get_by_role(
            "link", name=re.compile("^Invoice ")
        ).click()
        main = page.get_by_role("main")
        for words in (CUSTOMER, self.flight, self.price):
            expect(main).to_contain_text(words)
        self.visit.looks_right()

    def fetch_the_itinerary(self) -> None:
        page = self.visit.page
        page.goto(self.trip)
        for words in ("Deepa and Rajiv Krishnan", self.flight, self.ticket):
            expect(page.locator("#sheet")).to_contain_text(words)
        self.visit.looks_right()
        address = page.get_by_role("link", name="PDF").get_attribute("href") or ""
        answer = page.request.get(self.site.address + address)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        paper = " ".join(text_of(answer.body()).split())
        for words in (
            "Deepa and Rajiv Krishnan",
            f"{self.flight} ·",
            self.ticket,
            f"Total price ₹{self.price}",
        ):
            assert words in paper, (words, paper)
        assert not any(passport in paper for passport in PASSPORTS.values())

    def see_the_books(self) -> None:
        page = self.visit.page
        for address in ("/invoices", "/reports/receivables", "/reports/trial-balance"):
            page.goto(address)
            expect(page.get_by_role("main").get_by_text(self.price)).not_to_have_count(0)
            self.visit.looks_right()
        assert pages_on_paper(page) == 1

    def see_the_decisions(self) -> None:
        page = self.visit.page
        page.goto("/audit?kind=approval.granted")
        expect(page.locator("tbody a")).to_have_count(3)
        page.locator("tbody a").first.click()
        expect(page.get_by_role("complementary", name=re.compile("^Event"))).to_contain_text(
            "self_approved"
        )
        self.visit.looks_right()
