"""The settings page for administrators and others; also without JavaScript."""

from __future__ import annotations

import re
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING

from tests.e2e.browsing import LOOKS, PASSWORD, WIDE, Look, Visit, expect, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at
from tests.settings.pictures import picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FONT_S = 10


def test_changed_settings_apply_at_once(browser: Browser, site: Site) -> None:
    with visiting(browser, *reversed(LOOKS), base_url=site.address) as visit:
        sign_up(visit.page)
        _change(visit)
        _speak_hindi(visit)


def _change(visit: Visit) -> None:
    page = visit.page
    page.goto("/settings")
    expect(page.get_by_text("No changes yet.")).to_be_visible()
    look_at(visit, "settings")
    page.get_by_label("Time zone").select_option("Asia/Dubai")
    page.get_by_label("Turns per hour").fill("0")
    _save(visit)
    expect(page.get_by_label("Turns per hour")).to_be_focused()
    expect(page.locator("#rate_limit_per_hour-err")).to_contain_text("At least 1.")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Dubai")
    look_at(visit, "settings-refused")
    page.get_by_label("Turns per hour").fill("500")
    page.get_by_label("Currency", exact=True).select_option("AED")
    page.get_by_label("Requesters can’t approve their own requests").uncheck()
    _save(visit)
    expect(page.get_by_text("Settings saved.")).to_be_visible()
    history = page.locator("#history")
    for words in (
        "Time zone: Asia/Kolkata → Asia/Dubai",
        "Turns per hour: 1,000 → 500",
        "Currency: INR → AED",
        "Aisha Rahman",
    ):
        expect(history).to_contain_text(words)
    look_at(visit, "settings-saved")
    page.goto("/enquiries/new")
    expect(page.locator("#budget_currency")).to_have_value("AED")


def _speak_hindi(visit: Visit) -> None:
    page = visit.page
    page.goto("/settings")
    page.get_by_label("Language").select_option("hi")
    _save(visit)
    expect(page.locator("html")).to_have_attribute("lang", "hi")
    look_at(visit, "settings-hi")


def _save(visit: Visit) -> None:
    visit.page.locator(
        "#settings-form button[type=submit]:not([form])"
    ).click()  # the logo has a form of its own


def test_ctrl_enter_submits_the_form_of_the_field(browser: Browser, site: Site) -> None:
    with visiting(browser, WIDE[0], base_url=site.address) as visit:
        page = visit.page
        sign_up(page)
        page.goto("/settings")
        page.get_by_label("Turns per hour").fill("500")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Settings saved.")).to_be_visible()
        expect(page.get_by_label("Turns per hour")).to_have_value("500")
        page.locator("#logo").set_input_files(
            {"name": "logo.png", "mimeType": "image/png", "buffer": picture()}
        )
        page.locator("#logo").press("Control+Enter")
        expect(page.locator("#logo-part img")).to_be_visible()
        visit.looks_right()


def test_the_page_works_without_javascript_and_is_read_only_for_others(
    browser: Browser, site: Site
) -> None:
    plain = partial(
        visiting, browser, Look("light", 1280), base_url=site.address, java_script_enabled=False
    )
    with plain() as visit, plain() as colleague:
        page = visit.page
        sign_up(page)
        page.goto("/settings")
        page.get_by_label("Tokens per day").fill("2,00,000")
        _save(visit)
        expect(page.get_by_text("Settings saved.")).to_be_visible()
        expect(page.get_by_label("Tokens per day")).to_have_value("2,00,000")
        page.goto("/team")
        page.get_by_label("E-mail").fill(f"neha-{secrets.token_hex(5)}@malabar.example")
        page.locator("#invite").get_by_role("button").click()
        colleague.page.goto(page.locator("#invite-link").inner_text())
        colleague.page.get_by_label("Your name").fill("Neha Kulkarni")
        colleague.page.get_by_label("Password").fill(PASSWORD)
        colleague.page.get_by_role("button", name=re.compile("Join")).click()
        colleague.page.goto("/settings")
        expect(
            colleague.page.get_by_text("Only an administrator of your agency can change these.")
        ).to_be_visible()
        expect(colleague.page.locator("#limits")).to_contain_text("2,00,000")
        expect(colleague.page.locator("#settings-form")).to_have_count(0)


def test_a_devanagari_name_is_shown_on_an_english_page(browser: Browser, site: Site) -> None:
    with visiting(browser, Look("light", 1280), base_url=site.address) as visit:
        page = visit.page
        page.goto("/sign-up")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        fonts = (
            "document.fonts.ready.then(() => [...document.fonts].filter(f =>"
            " f.family.includes('Devanagari') && f.status === 'loaded').length)"
        )
        assert page.evaluate(fonts) == 0, "no letter needs it yet"
        page.evaluate("document.querySelector('h1').textContent = 'आयशा रहमान'")
        # Asked again and again from here: a waiting predicate would be evaluated in the page, which
        # its policy forbids.
        until = time.monotonic() + FONT_S
        while page.evaluate(fonts) == 0:
            assert time.monotonic() < until
            page.wait_for_timeout(100)
