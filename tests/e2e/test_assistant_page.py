"""The assistant's page in a real browser: words as they come, requests that are decided in place, keys, and a stream that drops."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, Look, Visit, expect, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PASSWORD = "Harbour-lantern-42"
ANSWER_MS = 30_000
LEAD = "Hi, we are a family of four and want a trip from Kochi to Dubai from 19 Dec to 25 Dec 2100, budget 3 lakhs. Regards, Deepa Krishnan"


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    with visiting(browser, Look("light", 1280), base_url=site.address) as begun:
        sign_up(begun.page)
        yield begun


def sign_up(page: Page) -> None:
    page.goto("/sign-up")
    page.get_by_label("Agency").fill("Malabar Gulf Travels")
    page.get_by_label("Your name").fill("Neha Kulkarni")
    page.get_by_label("E-mail").fill(f"neha-{secrets.token_hex(4)}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create agency").click()
    expect(page).to_have_url(re.compile(r"/$"))


def say(page: Page, words: str) -> None:
    page.get_by_label("Message to the assistant").fill(words)
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_talk_from_a_pasted_message_to_an_issued_invoice_without_leaving_the_page(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/assistant")
        visit.looks_right()
        say(page, LEAD)
        log = page.get_by_role("log")
        expect(log).to_contain_text("Logged as a new enquiry from Deepa Krishnan", timeout=ANSWER_MS)
        expect(page.get_by_role("complementary", name="What this is about")).to_contain_text("Deepa Krishnan")
        here = page.url
        say(page, "make the invoice, 45,000 for Dubai visa due 10 Dec 2100")
        log.get_by_role("button", name="Grant").click(timeout=ANSWER_MS)
        expect(log).to_contain_text("The draft for Deepa Krishnan is made", timeout=ANSWER_MS)
        visit.looks_right()
        log.get_by_role("button", name="Grant").click(timeout=ANSWER_MS)
        expect(log).to_contain_text("is issued and posted", timeout=ANSWER_MS)
        expect(log.get_by_role("button", name="Grant")).to_have_count(0)
        expect(page.get_by_role("complementary", name="What this is about")).to_contain_text(re.compile(r"Invoice \d{4}-\d\d/000001"))
        assert page.url == here
        visit.looks_right()
        say(page, "trial balance")
        log.get_by_text("Read the trial balance").click(timeout=ANSWER_MS)
        expect(log.get_by_role("table").last).to_contain_text("45,000.00")
        visit.looks_right()


def test_enter_sends_and_the_words_are_told_once(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    box = page.get_by_label("Message to the assistant")
    box.fill("help")
    box.press("Enter")
    page.wait_for_url(re.compile(r"/assistant/[0-9a-f-]{36}$"))
    box.fill("what can you do")
    box.press("Enter")
    log = page.get_by_role("log")
    expect(log.get_by_text("I work in the books and enquiries")).to_have_count(2, timeout=ANSWER_MS)
    expect(log).not_to_have_attribute("data-running", re.compile("."), timeout=ANSWER_MS)
    assert page.locator(".v-msg").count() == 4
    whole = log.inner_text()
    page.reload()
    assert page.get_by_role("log").inner_text() == whole


def test_a_rejection_is_shown_in_place(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "invoice Deepa Krishnan 45,000 for Dubai visa")
    log = page.get_by_role("log")
    log.get_by_role("button", name="Reject").click(timeout=ANSWER_MS)
    expect(log).to_contain_text("Rejected, so nothing was changed.", timeout=ANSWER_MS)
    expect(log.get_by_role("button", name="Grant")).to_have_count(0)


def test_a_decision_made_elsewhere_appears_by_itself(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "invoice Deepa Krishnan 45,000 for Dubai visa")
    log = page.get_by_role("log")
    expect(log.get_by_role("button", name="Grant")).to_be_visible(timeout=ANSWER_MS)
    inbox = page.context.new_page()
    inbox.goto("/approvals")
    inbox.get_by_role("link", name=re.compile("Draft an invoice")).first.click()
    inbox.get_by_role("button", name="Grant").click()
    expect(log).to_contain_text("The draft for Deepa Krishnan is made", timeout=ANSWER_MS)
    assert visit.complaints == []


def test_deleting_offers_the_way_back(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "help")
    page.get_by_label("Rename or delete").click()
    page.get_by_role("button", name="Delete the conversation").click()
    expect(page).to_have_url(re.compile(r"/assistant$"))
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(re.compile(r"/assistant/[0-9a-f-]{36}$"))
    assert visit.complaints == []


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_message_is_put_in_other_words_answered_again_and_copied_by_keys_alone(browser: Browser, site: Site, look: Look) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/assistant")
        say(page, "help")
        log, box = page.get_by_role("log"), page.get_by_label("Message to the assistant")
        again = log.get_by_role("button", name="Answer again")
        expect(again).to_be_visible(timeout=ANSWER_MS)
        box.focus()
        page.keyboard.press("ArrowUp")
        words = log.get_by_label("What you meant to say")
        expect(words).to_be_focused()
        visit.looks_right()
        page.keyboard.press("Escape")
        expect(words).to_be_hidden()
        box.focus()
        page.keyboard.press("ArrowUp")
        words.fill("trial balance")
        page.keyboard.press("Enter")
        expect(log).to_contain_text("the trial balance is empty", timeout=ANSWER_MS)
        expect(log.locator(".v-msg-me")).to_have_text(re.compile("trial balance"))
        expect(page.locator("#aloud")).to_contain_text("the trial balance is empty")
        with page.expect_response(re.compile("/regenerate$")):
            again.click()
        expect(log.locator(".v-msg-me")).to_have_count(1)
        log.get_by_role("link", name="Earlier versions").click()
        expect(log.get_by_text("An earlier version")).to_have_count(4)
        visit.looks_right()


def test_the_words_of_a_message_are_copied_as_they_were_said(visit: Visit) -> None:
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/assistant")
    say(page, "help")
    copy = page.get_by_role("log").get_by_role("button", name="Copy the message")
    expect(copy).to_have_count(2, timeout=ANSWER_MS)
    copy.first.click()
    assert page.evaluate("navigator.clipboard.readText()") == "help"


def test_what_is_read_aloud_are_whole_sentences(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "help")
    page.wait_for_url(re.compile("/assistant/.+"))
    expect(page.get_by_role("log").get_by_role("button", name="Answer again")).to_be_visible(timeout=ANSWER_MS)
    page.get_by_role("log").get_by_role("button", name="Answer again").click()
    expect(page.locator("#aloud p").first).to_be_attached(timeout=ANSWER_MS)
    expect(page.get_by_role("log").locator("[data-turn]")).to_have_count(0, timeout=ANSWER_MS)
    said = page.get_by_role("log").locator("input[id^=words-]").last.input_value()
    spoken = page.locator("#aloud p").all_text_contents()
    assert " ".join(" ".join(spoken).split()) == " ".join(said.split())
    for words in spoken:
        assert words[-1] in ".!?:" or f"{words}\n" in said or said.endswith(words), words
