"""The assistant with the Anthropic client and a stand-in server.

It covers a case up to its invoice, streaming, stop, reconnect, markdown and cost.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.conftest import fresh_database
from tests.e2e.browsing import LOOKS, WIDE, Look, Visit, expect, sign_up, visiting
from tests.e2e.clerk import CUSTOMER, PASSPORTS, Clerk
from tests.e2e.conftest import Site, site_of
from tests.e2e.test_assistant_page import ANSWER_MS, say
from tests.e2e.whole_way_model import REASON, WholeWayModel
from tests.model_server import Failure, ModelServer, Reply, Use, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEY = "a-key-of-the-test"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """A stand-in for the server of a model."""
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def thinking(
    server: ModelServer, server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The site with a key, and the Anthropic client's base URL set to the stand-in."""
    model = {"VOYAGENT_ANTHROPIC_API_KEY": KEY, "VOYAGENT_ANTHROPIC_BASE_URL": server.url}
    with fresh_database(server_urls, tmp_path_factory.mktemp("data")) as settings:
        yield from site_of(settings, tmp_path_factory.mktemp("site"), **model)


@pytest.fixture
def visit(browser: Browser, thinking: Site) -> Iterator[Visit]:
    with visiting(browser, Look("light", 1280), base_url=thinking.address) as begun:
        sign_up(begun.page)
        begun.page.goto("/assistant")
        yield begun


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_language_model_handles_an_enquiry_up_to_the_invoice(
    browser: Browser,
    thinking: Site,
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    look: Look,
) -> None:
    script = WholeWayModel()
    monkeypatch.setattr(server, "otherwise", script)
    with visiting(browser, look, base_url=thinking.address) as visit:
        Clerk(visit, thinking, has_model=True).walk(rejects=True)
    assert script.reasons_heard == [REASON]
    assert server.heard
    assert all(heard.is_anthropic and KEY in str(heard.headers) for heard in server.heard)
    assert PASSPORTS[CUSTOMER] not in str([heard.body for heard in server.heard])


def test_text_is_streamed_and_kept_after_a_stop(visit: Visit, server: ModelServer) -> None:
    page, gate = visit.page, threading.Event()
    server.next(Reply("", pieces=("Once upon ", "a time ", "there was an end."), gate=gate))
    say(page, "tell me a story")
    log = page.get_by_role("log")
    expect(log.locator(".v-caret")).to_have_text("Once upon a time ", timeout=ANSWER_MS)
    expect(page.locator("#aloud p")).to_have_count(0)
    page.get_by_label("Message to the assistant").press("Escape")
    expect(log).to_contain_text("Stopped.", timeout=ANSWER_MS)
    expect(page.locator("#aloud")).to_contain_text("Stopped.", timeout=ANSWER_MS)
    gate.set()
    expect(log.locator(".v-md")).to_have_text("Once upon a time")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.get_by_label("Message to the assistant")).to_be_focused()
    assert visit.complaints == []


def test_a_lost_connection_loses_no_text(visit: Visit, server: ModelServer) -> None:
    page, gate = visit.page, threading.Event()
    server.next(Reply("", pieces=("The first half, ", "and the second half."), gate=gate))
    say(page, "tell me both halves")
    log = page.get_by_role("log")
    expect(log.locator(".v-caret")).to_have_text("The first half, ", timeout=ANSWER_MS)
    page.context.set_offline(True)
    gate.set()
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    expect(log.locator(".v-md")).to_have_text(
        "The first half, and the second half.", timeout=ANSWER_MS
    )
    expect(log.get_by_text("and the second half.")).to_have_count(1)


SLY = """A **bold** word.

| Fare | INR |
|---|--:|
| Economy | 12,000 |

```text
AI 933  COK DXB
```

<script>document.title = "taken"</script><img src=x onerror="document.title='taken'">

[go](javascript:document.title='taken') ![pic](https://example.com/p.png) [fine](https://example.com/fares)"""


def test_markdown_is_rendered_without_scripts_or_remote_content(
    browser: Browser, thinking: Site, server: ModelServer
) -> None:
    with visiting(browser, *LOOKS, base_url=thinking.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/assistant")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        server.next(Reply(SLY))
        say(page, "fares?")
        answer = page.get_by_role("log").locator(".v-md")
        expect(answer.locator("strong")).to_have_text("bold", timeout=ANSWER_MS)
        expect(answer.get_by_role("cell", name="12,000")).to_have_css("text-align", "right")
        assert answer.locator("script, img, iframe, style").count() == 0
        assert answer.locator("a[href^='javascript']").count() == 0
        expect(answer.get_by_role("link")).to_have_count(0)
        assert "taken" not in page.title()
        assert not [url for url in asked if "example.com" in url]
        visit.looks_right()


def test_the_card_of_a_refused_tool_call_shows_the_reason(
    visit: Visit, server: ModelServer
) -> None:
    page = visit.page
    server.next(
        Reply("", uses=(Use("read_account_balance", {"account": 1}),)),
        Reply("No."),
    )
    say(page, "balances")
    log = page.get_by_role("log")
    card = log.locator("details.v-tool").last
    expect(card).to_contain_text("not done", timeout=ANSWER_MS)
    card.locator("summary").press("Enter")
    expect(card).to_have_attribute("open", "")
    expect(log).to_contain_text("No.", timeout=ANSWER_MS)
    expect(card).to_have_attribute("open", "")
    visit.looks_right()


def test_replies_and_conversations_show_tokens_and_cost(visit: Visit, server: ModelServer) -> None:
    page = visit.page
    server.next(Reply("Good morning.", input_tokens=123_456, output_tokens=1_000))
    say(page, "hello")
    log = page.get_by_role("log")
    expect(log.locator(".v-took")).to_have_text(
        re.compile(r"1,24,456 tokens,\s+USD\s*0\.39"), timeout=ANSWER_MS
    )
    expect(page.locator("#spent")).to_contain_text("1,24,456 tokens")
    page.goto("/settings")
    expect(page.locator("#spending")).to_contain_text("1,24,456 tokens")
    visit.looks_right()


@pytest.mark.parametrize("look", WIDE, ids=lambda look: f"{look.theme}-{look.width}")
def test_a_withdrawn_model_is_reported_and_the_built_in_planner_answers(
    browser: Browser, thinking: Site, server: ModelServer, look: Look
) -> None:
    with visiting(browser, look, base_url=thinking.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/assistant")
        server.next(Failure(404, "not_found_error"))
        say(page, "trial balance")
        log = page.get_by_role("log")
        expect(log).to_contain_text(
            "The model your agency uses is no longer available", timeout=ANSWER_MS
        )
        expect(log).to_contain_text("the trial balance is empty", timeout=ANSWER_MS)
        visit.looks_right()
        page.goto("/settings")
        expect(page.locator("#answering-model")).to_contain_text(
            "Claude Sonnet 4.5 is no longer available"
        )
        visit.looks_right()
        page.get_by_label("Built-in planner only").check()
        page.get_by_role("button", name="Save changes").first.click()
        expect(page.locator("#answering-model")).to_contain_text(
            "Current: built-in planner, at no cost."
        )
        heard = len(server.heard)
        page.goto("/assistant")
        say(page, "trial balance")
        expect(page.get_by_role("log")).to_contain_text(
            "the trial balance is empty", timeout=ANSWER_MS
        )
        assert len(server.heard) == heard
