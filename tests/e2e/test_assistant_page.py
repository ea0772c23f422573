"""The assistant's page: streaming, decisions, keyboard, and lost connections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, PASSWORD, WIDE, Look, Visit, expect, sign_up, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ANSWER_MS = 30_000
AWAY_MS, AGAIN_MS = 6_000, 3_000
"""Times in `chat.js`: until a missing response is reported, and until the next attempt."""
LEAD = (
    "Hi, we are a family of four and want a trip from Kochi to Dubai from 19 Dec to 25 Dec 2100,"
    " budget 3 lakhs. Regards, Deepa Krishnan"
)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    with visiting(browser, Look("light", 1280), base_url=site.address) as begun:
        sign_up(begun.page)
        yield begun


def say(page: Page, words: str) -> None:
    page.get_by_label("Message to the assistant").fill(words)
    page.get_by_role("button", name="Send", exact=True).click()


def signed_in(page: Page, email: str) -> dict[str, str]:
    """Return the header of requests to the API in the name of a user."""
    answer = page.request.post("/api/auth/sign-in", data={"email": email, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def save(page: Page, name: str = "Save") -> None:
    """Confirm the open card."""
    page.locator(".v-draft").get_by_role("button", name=name).click(timeout=ANSWER_MS)


def request(page: Page, words: str) -> None:
    """Send a message that becomes a request for approval."""
    say(page, words)
    save(page, "Send for approval")


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_conversation_leads_from_a_pasted_message_to_an_issued_invoice(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/assistant")
        visit.looks_right()
        say(page, LEAD)
        log = page.get_by_role("log")
        save(page)
        expect(log).to_contain_text(
            "Logged as a new enquiry from Deepa Krishnan", timeout=ANSWER_MS
        )
        expect(page.get_by_role("complementary", name="Context")).to_contain_text("Deepa Krishnan")
        here = page.url
        request(page, "draft an invoice for her, 45,000 for Dubai visa due 10 Dec 2100")
        log.get_by_role("button", name="Approve").click(timeout=ANSWER_MS)
        expect(log).to_contain_text(
            "The draft invoice for Deepa Krishnan is saved", timeout=ANSWER_MS
        )
        visit.looks_right()
        save(page, "Send for approval")
        log.get_by_role("button", name="Approve").click(timeout=ANSWER_MS)
        expect(log).to_contain_text("is issued and posted", timeout=ANSWER_MS)
        expect(log.get_by_role("button", name="Approve")).to_have_count(0)
        expect(page.get_by_role("complementary", name="Context")).to_contain_text(
            re.compile(r"Invoice \d{4}-\d\d/000001")
        )
        assert page.url == here
        visit.looks_right()
        say(page, "trial balance")
        log.get_by_text("Viewed the trial balance").click(timeout=ANSWER_MS)
        expect(log.get_by_role("table").last).to_contain_text("45,000.00")
        visit.looks_right()


def test_enter_sends_and_the_response_is_announced_once(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    box = page.get_by_label("Message to the assistant")
    box.fill("help")
    box.press("Enter")
    page.wait_for_url(re.compile(r"/assistant/[0-9a-f-]{36}$"))
    expect(box).to_be_focused()
    box.fill("help")
    box.press("Enter")
    log = page.get_by_role("log")
    refusal = re.compile("No action (clearly )?matches this message")
    expect(log.get_by_text(refusal)).to_have_count(2, timeout=ANSWER_MS)
    expect(log).not_to_have_attribute("data-running", re.compile("."), timeout=ANSWER_MS)
    assert page.locator(".v-msg").count() == 4
    whole = log.inner_text()
    page.reload()
    assert page.get_by_role("log").inner_text() == whole


def test_a_message_sent_during_a_response_is_queued_and_can_be_withdrawn(
    visit: Visit,
) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "help")
    log, box, sent = (
        page.get_by_role("log"),
        page.get_by_label("Message to the assistant"),
        page.locator(".v-msg-me"),
    )
    expect(log).to_contain_text("Ctrl K", timeout=ANSWER_MS)
    expect(log).not_to_have_attribute("data-running", re.compile("."), timeout=ANSWER_MS)
    page.reload()  # nothing is read again meanwhile
    is_told = "document.getElementById('talk').dataset.running = 'still'"
    page.evaluate(is_told)
    box.fill("trial")
    box.press("Enter")
    note = page.get_by_text("Sent when the answer is complete.")
    expect(note).to_be_visible()
    box.press("x")
    expect(box).to_have_value("trial")
    page.get_by_role("button", name="Keep editing").click()
    expect(note).to_be_hidden()
    box.press_sequentially(" balance")
    expect(sent).to_have_count(1)
    page.evaluate(is_told)
    box.press("Enter")
    expect(note).to_be_visible()
    visit.looks_right()
    page.evaluate(
        "document.dispatchEvent(new Event('over'))"
    )  # the page is read again, and the answer is complete
    expect(sent).to_have_count(2, timeout=ANSWER_MS)
    expect(sent.last).to_contain_text("trial balance")
    expect(box).to_have_value("")
    expect(note).to_be_hidden()


def test_a_rejection_is_shown_in_place(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    request(page, "invoice Deepa Krishnan 45,000 for Dubai visa")
    log = page.get_by_role("log")
    log.locator("summary", has_text="Decline").click(timeout=ANSWER_MS)
    reason = log.get_by_label("Reason")
    expect(reason).to_be_focused()
    visit.looks_right()
    reason.press("Escape")
    expect(reason).to_be_hidden()
    page.keyboard.press("Enter")
    expect(reason).to_be_focused()
    reason.fill("Ask her first")
    log.get_by_role("button", name="Decline").click()
    expect(log).to_contain_text("Declined: Draft an invoice for Deepa", timeout=ANSWER_MS)
    expect(log.locator(".v-asked")).to_contain_text("Ask her first")
    expect(log.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_decision_made_elsewhere_appears_without_reload(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    request(page, "invoice Deepa Krishnan 45,000 for Dubai visa")
    log = page.get_by_role("log")
    expect(log.get_by_role("button", name="Approve")).to_be_visible(timeout=ANSWER_MS)
    expect(page.locator("#nav-approvals")).to_have_text(re.compile("Approvals ?1"))
    inbox = page.context.new_page()
    inbox.goto("/approvals")
    inbox.get_by_role("link", name=re.compile("Draft an invoice")).first.click()
    inbox.get_by_role("link", name="Edit", exact=True).click()
    inbox.get_by_label("Unit price").first.fill("40,000")
    inbox.get_by_role("button", name="Save and review").click()
    expect(log).to_contain_text("Edited by", timeout=ANSWER_MS)
    expect(page.locator("#aloud")).to_contain_text("Edited by", timeout=ANSWER_MS)
    inbox.get_by_role("button", name="Approve").click()
    expect(log).to_contain_text("The draft invoice for Deepa Krishnan is saved", timeout=ANSWER_MS)
    expect(page.locator("#aloud")).to_contain_text(
        re.compile(r"(Approved|Done).*Draft an invoice for Deepa"), timeout=ANSWER_MS
    )
    assert visit.complaints == []


def test_a_turn_started_in_another_window_appears(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "help")
    expect(page.get_by_role("log")).not_to_have_attribute(
        "data-running", re.compile("."), timeout=ANSWER_MS
    )
    other = page.context.new_page()
    other.goto(page.url)
    log = other.get_by_role("log")
    expect(log).not_to_have_attribute("data-running", re.compile("."))
    say(page, "trial balance")
    expect(log.locator(".v-msg-me")).to_have_count(2, timeout=ANSWER_MS)
    expect(log).to_contain_text("the trial balance is empty", timeout=ANSWER_MS)
    assert visit.complaints == []


def test_a_stale_request_is_renewed_on_the_open_page(browser: Browser, site: Site) -> None:
    with visiting(browser, Look("light", 1280), base_url=site.address) as here:
        page = here.page
        bearer = signed_in(page, sign_up(page))
        page.goto("/assistant")
        log = page.get_by_role("log")
        request(page, "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100")
        log.get_by_role("button", name="Approve").click(timeout=ANSWER_MS)
        expect(log).to_contain_text(
            "The draft invoice for Deepa Krishnan is saved", timeout=ANSWER_MS
        )
        save(page, "Send for approval")
        expect(log.get_by_role("button", name="Approve")).to_have_count(1, timeout=ANSWER_MS)
        old = log.locator(".v-ask:not(.v-draft)").get_attribute("id")
        # Meanwhile Deepa is billed for something else, so what she owes is not what the first
        # request shows any more.
        body = {
            "customer_name": "Deepa Krishnan",
            "currency": "INR",
            "issue_date": f"{datetime.now(UTC):%Y-%m-%d}",
            "due_date": "2100-12-10",
            "line_items": [{"description": "Insurance", "quantity": 1, "unit_price": "7000"}],
        }
        invoice = page.request.post("/api/invoices", data=body, headers=bearer)
        assert invoice.ok, invoice.text()
        address = f"/api/invoices/{invoice.json()['id']}/issue"
        issued = page.request.post(address, headers=bearer)
        assert issued.ok, issued.text()
        other = page.context.new_page()
        other.goto(f"/approvals/{str(old).removeprefix('ask-')}")
        other.get_by_role("button", name="Approve").click()
        expect(other.locator("body")).to_contain_text("figures changed after you opened")
        # The open page receives the event. It shows the old proposal as superseded, and the new one
        # once, below it.
        expect(log).to_contain_text(
            "Here is a new request with the current figures.", timeout=ANSWER_MS
        )
        expect(log.locator(f"#{old}")).to_contain_text("Replaced by a new request.")
        expect(log.locator(".v-ask:not(.v-draft)")).to_have_count(1)
        assert log.locator(".v-ask:not(.v-draft)").get_attribute("id") != old
        here.looks_right()
        # A decision in another tab appears on the page, and the user can type a message meanwhile.
        box = page.get_by_label("Message to the assistant")
        box.fill("half a sentence")
        other.get_by_role("link", name="Decline").first.click()
        other.get_by_role("button", name="Decline").first.click()
        expect(log).to_contain_text("Declined", timeout=ANSWER_MS)
        expect(log.get_by_role("button", name="Approve")).to_have_count(0)
        expect(box).to_have_value("half a sentence")
        expect(box).to_be_focused()
        assert here.complaints == []


def test_an_unreachable_server_is_reported_until_it_responds(visit: Visit) -> None:
    page = visit.page
    page.clock.install()
    page.goto("/assistant")
    say(page, "help")
    page.wait_for_url(re.compile("/assistant/.+"))
    expect(page.get_by_role("log").get_by_role("button", name="Answer again")).to_be_visible(
        timeout=ANSWER_MS
    )
    page.route(page.url, lambda route: route.abort("connectionrefused"))
    page.evaluate("document.dispatchEvent(new Event('over'))")  # the page is read again
    page.clock.fast_forward(AWAY_MS)
    notice = page.get_by_text("The server can’t be reached.")
    expect(notice).to_be_visible(timeout=ANSWER_MS)
    page.unroute(page.url)
    page.clock.fast_forward(AGAIN_MS)
    expect(page.get_by_text("Connected again.")).to_be_visible(timeout=ANSWER_MS)
    expect(notice).to_have_count(0)


def test_a_server_that_never_responds_is_reported(visit: Visit) -> None:
    page = visit.page
    page.clock.install()
    page.goto("/assistant")
    say(page, "help")
    page.wait_for_url(re.compile("/assistant/.+"))
    expect(page.get_by_role("log").get_by_role("button", name="Answer again")).to_be_visible(
        timeout=ANSWER_MS
    )
    held: list[Route] = []
    page.route(page.url, lambda route: held.append(route))  # noqa: PLW0108 - the driver marks what it is given, and a method of a list takes no mark
    say(page, "trial balance")
    page.clock.fast_forward(AWAY_MS)
    notice = page.get_by_text("The server can’t be reached.")
    expect(notice).to_be_visible(timeout=ANSWER_MS)
    while held:
        held.pop().continue_()
    page.unroute(page.url)
    expect(notice).to_have_count(0, timeout=ANSWER_MS)
    expect(page.get_by_role("log")).to_contain_text("Viewed the trial balance", timeout=ANSWER_MS)


def test_a_first_message_without_a_response_is_reported(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    held: list[Route] = []
    page.route("**/assistant", lambda route: held.append(route))  # noqa: PLW0108 - as above
    # The driver finds no elements on a page that is about to be left, so the toast is read from its
    # event.
    page.evaluate("document.addEventListener('toast', (event) => console.info(event.detail.text))")
    page.get_by_label("Message to the assistant").fill("help")
    with page.expect_console_message(
        lambda message: "The server can’t be reached." in message.text, timeout=ANSWER_MS
    ):
        page.get_by_role("button", name="Send").click(no_wait_after=True)
    held.pop().continue_()
    page.wait_for_url(re.compile("/assistant/.+"), timeout=ANSWER_MS)


def test_a_failed_first_message_is_kept_in_its_field(visit: Visit) -> None:
    page, field = visit.page, visit.page.get_by_label("Message to the assistant")
    page.goto("/assistant")
    page.context.set_offline(True)
    say(page, "who owes us more than 50,000")
    page.context.set_offline(False)
    page.goto("/assistant")
    expect(field).to_have_value("who owes us more than 50,000")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(re.compile("/assistant/.+"))
    expect(field).to_have_value("")
    page.goto("/assistant")
    expect(field).to_have_value("")


def test_the_deletion_of_an_open_conversation_is_reported(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    request(page, "invoice Deepa Krishnan 45,000 for Dubai visa")
    expect(page.get_by_role("log").get_by_role("button", name="Approve")).to_be_visible(
        timeout=ANSWER_MS
    )
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Rename or delete").click()
    other.get_by_role("button", name="Delete conversation").click()
    expect(other).to_have_url(re.compile(r"/assistant$"))
    expect(page.get_by_role("main")).to_contain_text(
        "This conversation was not found", timeout=ANSWER_MS
    )


def test_conversations_are_searched_and_renamed_by_keyboard(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        for words in ("trial balance", "who owes us more than 50,000"):
            page.goto("/assistant")
            say(page, words)
            page.wait_for_url(re.compile("/assistant/.+"))
            expect(
                page.get_by_role("log").get_by_role("button", name="Answer again")
            ).to_be_visible(timeout=ANSWER_MS)
        address = page.url
        for look, title in zip(LOOKS, ("Who still owes us", "Who owes us still"), strict=True):
            page.emulate_media(color_scheme=look.theme)
            page.set_viewport_size(look.screen)
            page.goto(address)
            _rename_and_search(visit, title)


def _rename_and_search(visit: Visit, title: str) -> None:
    page = visit.page
    page.get_by_label("Rename or delete").press("Enter")
    name = page.get_by_label("Conversation name")
    name.fill(title)
    name.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.goto("/assistant")
    search = page.get_by_label("Search conversations").locator("visible=true")
    words = title.removeprefix("Who ")
    search.fill(words)
    search.press("Enter")
    found = page.locator(".v-convs:visible a")
    expect(found).to_have_count(1)
    expect(found).to_contain_text(title)
    visit.looks_right()
    search = page.get_by_label("Search conversations").locator("visible=true")
    expect(search).to_have_value(words)
    search.fill("zzzz-nothing")
    search.press("Enter")
    expect(page.locator(".v-convs:visible")).to_contain_text("No match for “")
    visit.looks_right()


def test_deleting_offers_undo(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "W" * 60)  # a name of one word, wider than what tells of its deletion
    page.get_by_label("Rename or delete").click()
    page.get_by_role("button", name="Delete conversation").click()
    expect(page).to_have_url(re.compile(r"/assistant$"))
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(re.compile(r"/assistant/[0-9a-f-]{36}$"))
    assert visit.complaints == []


def test_ctrl_z_undoes_a_deletion_with_an_empty_field_in_focus(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "help")
    expect(page.get_by_role("log")).to_contain_text("Ctrl K", timeout=ANSWER_MS)
    gone = page.url
    page.get_by_label("Rename or delete").click()
    page.get_by_role("button", name="Delete conversation").click()
    box = page.get_by_label("Message to the assistant")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    box.focus()
    box.press("Control+z")
    expect(page).to_have_url(gone)


def test_a_draft_message_is_kept_until_it_is_sent_or_the_user_signs_out(
    visit: Visit,
) -> None:
    page = visit.page
    page.goto("/assistant")
    box = page.get_by_label("Message to the assistant")
    box.fill("who owes")
    page.reload()
    expect(box).to_have_value("who owes")
    box.fill("help")
    box.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Ctrl K", timeout=ANSWER_MS)
    expect(box).to_have_value("")
    box.fill("trial")
    here = page.url
    page.goto("/assistant")
    expect(box).to_have_value("")
    page.goto(here)
    expect(box).to_have_value("trial")
    with page.expect_response(re.compile("/assistant/[^/]+$")) as sent:
        box.press("Enter")
    assert sent.value.ok
    expect(box).to_have_value("")
    page.reload()
    expect(box).to_have_value("")
    box.fill("a secret")
    page.locator("form[data-sign-out]").evaluate("form => form.requestSubmit()")
    expect(page).to_have_url(re.compile("/sign-in"))
    assert (
        page.evaluate(
            "Object.keys(sessionStorage).filter((name) => name.startsWith('voyagent_draft'))"
        )
        == []
    )


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_message_is_edited_regenerated_and_copied_by_keyboard(
    browser: Browser, site: Site, look: Look
) -> None:
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
        words = log.get_by_label("Edited message")
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
        expect(log.get_by_text("Previous version")).to_have_count(4)
        visit.looks_right()


def test_a_message_is_copied_as_it_was_written(visit: Visit) -> None:
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/assistant")
    say(page, "help")
    copy = page.get_by_role("log").get_by_role("button", name="Copy message")
    expect(copy).to_have_count(2, timeout=ANSWER_MS)
    copy.first.click()
    assert page.evaluate("navigator.clipboard.readText()") == "help"


def test_screen_readers_get_whole_sentences(visit: Visit) -> None:
    page = visit.page
    page.goto("/assistant")
    say(page, "help")
    page.wait_for_url(re.compile("/assistant/.+"))
    expect(page.get_by_role("log").get_by_role("button", name="Answer again")).to_be_visible(
        timeout=ANSWER_MS
    )
    text = page.get_by_role("log").locator("input[id^=words-]").last.input_value()
    page.reload()  # nothing is read aloud of what stands there already
    page.get_by_role("log").get_by_role("button", name="Answer again").click()
    expect(page.locator("#aloud")).to_contain_text(" ".join(text.split()[-3:]), timeout=ANSWER_MS)
    spoken = page.locator("#aloud p").all_text_contents()
    assert " ".join(" ".join(spoken).split()) == " ".join(text.split())
    for words in spoken:
        assert words[-1] in ".!?:" or f"{words}\n" in text or text.endswith(words), words


def test_screen_readers_get_the_visible_error_message(browser: Browser, site: Site) -> None:
    with visiting(browser, Look("light", 1280), base_url=site.address) as visit:
        page = visit.page
        bearer = signed_in(page, sign_up(page))
        assert page.request.patch(
            "/api/tenant-settings", data={"rate_limit_per_minute": 1}, headers=bearer
        ).ok
        page.goto("/assistant")
        say(page, "help")
        page.wait_for_url(re.compile("/assistant/.+"))
        expect(page.get_by_role("log").get_by_role("button", name="Answer again")).to_be_visible(
            timeout=ANSWER_MS
        )
        say(page, "trial balance")
        expect(page.locator("#aloud")).to_contain_text(
            "limit of assistant turns per minute", timeout=ANSWER_MS
        )
        assert "rate_limited" not in page.locator("#aloud").inner_text()
