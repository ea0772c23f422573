"""The settings page: permissions, stored values and messages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.enquiries.reading import Page
from tests.people import Person, csrf
from voyagent.settings import queries
from voyagent.settings.service import tenant_settings


def as_they_stand(person: Person) -> dict[str, Any]:
    with person.acting():
        return queries.row_of(queries.get_settings())


def form_of(browser: FlaskClient) -> dict[str, str]:
    """Return the current form values."""
    html = browser.get("/settings").text
    form = html[
        html.index('id="settings-form"') : html.index("</form>", html.index('id="settings-form"'))
    ]
    fields = {
        m[1]: m[2]
        for m in re.finditer(
            r'<input[^>]*name="(\w+)"[^>]*type="(?:hidden|text)"[^>]*value="([^"]*)"', form
        )
    }
    fields |= {
        m[1]: m[3]
        for m in re.finditer(
            r'<select[^>]*name="(\w+)"[^>]*>.*?(<option selected value="([^"]*)")', form, re.DOTALL
        )
    }
    fields |= {
        m[2]: m[3]
        for m in re.finditer(
            r'<input (checked )?class="form-check-input"[^>]*name="(model)" type="radio"'
            r' value="([^"]*)"',
            form,
        )
        if m[1]
    }
    fields |= (
        {"four_eyes": "y"} if re.search(r"<input[^>]*checked[^>]*name=\"four_eyes\"", form) else {}
    )
    fields |= {
        m[1]: m[2]
        for m in re.finditer(
            r'<textarea[^>]*name="(\w+)"[^>]*>\s*(.*?)</textarea>', form, re.DOTALL
        )
    }
    return {
        name: value.replace("&#39;", "'").replace("&amp;", "&") for name, value in fields.items()
    }


def save(browser: FlaskClient, **changes: str | None) -> Any:
    sent = {
        name: value for name, value in {**form_of(browser), **changes}.items() if value is not None
    }
    return browser.post("/settings", data=sent)


def test_submitting_the_unchanged_page_changes_nothing(alice: Person) -> None:
    alice.does(
        tenant_settings.update,
        {
            "daily_token_budget": 200_000,
            "system_prompt_suffix": "Never promise a visa.",
            "four_eyes": False,
        },
    )
    before = as_they_stand(alice)
    assert save(alice.tab).status_code == 303
    assert as_they_stand(alice) == before


def test_saving_shows_a_confirmation(alice: Person) -> None:
    browser = alice.tab
    answer = save(
        browser,
        timezone="Asia/Kolkata",
        daily_token_budget="2,00,000",
        four_eyes=None,
        model="claude-opus-4-6",
        financial_year_start_month="1",
    )
    assert (answer.status_code, answer.location) == (303, "/settings")
    found = as_they_stand(alice)
    assert (found["timezone"], found["daily_token_budget"], found["four_eyes"]) == (
        "Asia/Kolkata",
        200_000,
        False,
    )
    assert (found["model"], found["financial_year_start_month"]) == ("claude-opus-4-6", 1)
    assert "Settings saved." in browser.get("/settings").text


def test_a_blank_value_clears_an_optional_field(alice: Person) -> None:
    alice.does(
        tenant_settings.update,
        {
            "model": "claude-opus-4-6",
            "daily_token_budget": 5,
            "system_prompt_suffix": "Never promise a visa.",
        },
    )
    assert (
        save(alice.tab, model="", daily_token_budget="", system_prompt_suffix=" ").status_code
        == 303
    )
    found = as_they_stand(alice)
    assert (found["model"], found["daily_token_budget"], found["system_prompt_suffix"]) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("rate_limit_per_hour", "0", "At least 1."),
        ("rate_limit_per_minute", "10,001", "At most 10,000."),
        ("rate_limit_per_minute", "", "Enter a whole number."),
        ("rate_limit_per_minute", "many", "Enter a whole number."),
        ("rate_limit_per_hour", "9" * 5000, "Enter a whole number."),
        ("daily_token_budget", "0", "Leave it empty for no limit."),
        ("timezone", "Mars/Olympus", "Enter a time zone such as"),
        ("default_currency", "ZZZ", "Enter a currency code of"),
        ("locale", "fr", "Choose one from the list."),
        ("system_prompt_suffix", "x" * 10_001, "At most 10,000 characters."),
    ],
)
def test_an_error_is_shown_at_its_field_and_nothing_is_saved(
    alice: Person, field: str, typed: str, sentence: str
) -> None:
    before = as_they_stand(alice)
    answer = (
        save(alice.tab, rate_limit_per_minute="77", **{field: typed})
        if field != "rate_limit_per_minute"
        else save(alice.tab, **{field: typed})
    )
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-err"[^>]*>.*?{re.escape(sentence)}', answer.text, re.DOTALL), (
        field
    )
    assert as_they_stand(alice) == before


def test_a_refused_form_keeps_its_input(alice: Person) -> None:
    answer = save(
        alice.tab,
        rate_limit_per_hour="0",
        system_prompt_suffix="Quote hotels with breakfast.",
        timezone="Asia/Dubai",
    )
    assert answer.status_code == 422
    assert 'value="0"' in answer.text
    assert "Quote hotels with breakfast." in answer.text
    assert '<option selected value="Asia/Dubai">' in answer.text
    assert "One problem to correct" in answer.text


def test_a_change_of_an_outdated_version_is_refused(alice: Person) -> None:
    browser = alice.tab
    opened = form_of(browser)
    alice.does(tenant_settings.update, {"rate_limit_per_hour": 500})
    answer = browser.post("/settings", data={**opened, "locale": "hi"})
    assert answer.status_code == 422
    assert "The settings were changed after you opened them." in answer.text
    assert as_they_stand(alice)["locale"] == "en"


@pytest.mark.parametrize("who", ["bob", "victor"])
def test_other_roles_read_but_cannot_change(
    request: pytest.FixtureRequest, alice: Person, who: str
) -> None:
    alice.does(
        tenant_settings.update,
        {"timezone": "Asia/Kolkata", "system_prompt_suffix": "Never promise a visa."},
    )
    browser = request.getfixturevalue(who).browser
    page = browser.get("/settings")
    assert page.status_code == 200
    assert "Asia/Kolkata" in page.text
    assert "Never promise a visa." in page.text
    assert "settings-form" not in page.text
    answer = browser.post("/settings", data={"locale": "hi", "csrf_token": csrf(browser, "/team")})
    assert answer.status_code == 403
    assert as_they_stand(alice)["locale"] == "en"


def test_the_history_shows_user_change_and_local_time(
    alice: Person, bob: Person, charlie: Person
) -> None:
    charlie.does(tenant_settings.update, {"locale": "hi"})
    alice.does(
        tenant_settings.update,
        {
            "timezone": "Asia/Kolkata",
            "daily_token_budget": 200_000,
            "four_eyes": False,
            "financial_year_start_month": 1,
        },
    )
    text = re.sub(r"\s+", " ", bob.tab.get("/settings").text)
    history = text[text.index('id="history"') :]
    assert f'<span class="v-strong">{alice.actor.full_name}</span>' in history
    assert "Time zone: UTC → Asia/Kolkata" in history
    assert "Tokens per day: no limit → 2,00,000" in history
    assert "Requesters can’t approve their own requests: yes → no" in history
    assert "Financial year starts in: April → January" in history
    assert " IST" in history, "an instant is shown in the agency's zone"
    assert "हिन्दी" not in history, "another agency's change is not shown"


def test_a_new_agency_has_no_history_yet(alice: Person) -> None:
    assert "No changes yet." in alice.tab.get("/settings").text


def test_the_page_is_in_the_menu(victor: Person) -> None:
    assert 'href="/settings"' in victor.tab.get("/team").text


def test_limits_of_roles_are_formatted_and_in_the_history(alice: Person, bob: Person) -> None:
    browser = alice.tab
    assert (
        save(
            browser,
            limit_agent="2,50,000",
            limit_ticketing_lead="aed 1 000.50",
            limit_accounting_lead="",
        ).status_code
        == 303
    )
    with alice.acting():
        limits = queries.get_settings().approval_limits
    assert limits == {
        "agent": {"amount": "250000.00", "currency": "INR"},
        "ticketing_lead": {"amount": "1000.50", "currency": "AED"},
    }
    page = Page(browser.get("/settings"))
    assert page.field("limit_agent") == "INR 2,50,000.00"
    assert page.field("limit_ticketing_lead") == "AED 1,000.50"
    assert "Limit, Agent: no limit → INR 2,50,000.00" in page.words(".//*[@id='changes']")
    assert "Limit, AgentINR 2,50,000.00" in Page(bob.tab.get("/settings")).words(
        ".//section[@id='approvals']"
    )
    assert save(browser, limit_agent="").status_code == 303
    with alice.acting():
        assert "agent" not in queries.get_settings().approval_limits


@pytest.mark.parametrize("typed", ["much", "5.001", "-5", "ZZZ 5", "INR 5 AED", "1e3"])
def test_an_invalid_limit_is_shown_at_its_field(alice: Person, typed: str) -> None:
    answer = save(alice.tab, limit_agent=typed)
    page = Page(answer)
    assert page.status == 422
    assert page.error_at("limit_agent")
    assert page.field("limit_agent") == typed
