"""Rules of settings: permission, refusals, and the audit event of a change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tests.people import Person
from voyagent.kernel.errors import Forbidden
from voyagent.settings import queries
from voyagent.settings.service import tenant_settings


def events(engine: sa.Engine, person: Person) -> list[dict[str, Any]]:
    """Return the audit events of changed settings, oldest first."""
    with engine.connect() as connection:
        statement = sa.text(
            "select * from audit_events where tenant_id = :t and kind = 'settings.changed' order"
            " by seq"
        )
        return [
            dict(row)
            for row in connection.execute(statement, {"t": person.actor.tenant_id}).mappings()
        ]


def as_they_stand(person: Person) -> dict[str, Any]:
    """Return the row of the settings."""
    with person.acting():
        return queries.row_of(queries.get_settings())


def test_only_the_given_settings_are_changed(alice: Person) -> None:
    before = as_they_stand(alice)
    alice.does(tenant_settings.update, {"timezone": "Asia/Kolkata", "daily_token_budget": 200_000})
    assert as_they_stand(alice) == {
        **before,
        "timezone": "Asia/Kolkata",
        "daily_token_budget": 200_000,
    }


@pytest.mark.parametrize("who", ["bob", "victor"])
def test_only_an_administrator_changes_settings(
    request: pytest.FixtureRequest, alice: Person, who: str
) -> None:
    before = as_they_stand(alice)
    with pytest.raises(Forbidden):
        request.getfixturevalue(who).does(tenant_settings.update, {"locale": "hi"})
    assert as_they_stand(alice) == before


def test_settings_of_another_agency_do_not_change(alice: Person, charlie: Person) -> None:
    before = as_they_stand(charlie)
    alice.does(tenant_settings.update, {"locale": "hi", "default_currency": "AED"})
    assert as_they_stand(charlie) == before


def test_a_change_records_one_event_with_the_changed_fields(
    alice: Person, owner_engine: sa.Engine
) -> None:
    alice.does(
        tenant_settings.update,
        {
            "locale": "hi",
            "timezone": "UTC",
            "rate_limit_per_minute": 30,
            "model": "claude-opus-4-6",
        },
    )
    (event,) = events(owner_engine, alice)
    assert event["inputs"] == {
        "fields": [
            {"field": "locale", "before": "en", "after": "hi"},
            {"field": "rate_limit_per_minute", "before": 60, "after": 30},
            {"field": "model", "before": None, "after": "claude-opus-4-6"},
        ]
    }
    assert (event["actor_id"], event["actor_email"], event["status"]) == (
        alice.actor.user_id,
        alice.email,
        "succeeded",
    )


def test_an_update_without_changes_records_no_event(
    alice: Person, owner_engine: sa.Engine, statements: list[str]
) -> None:
    alice.does(tenant_settings.update, {"locale": "en", "four_eyes": True, "model": None})
    assert events(owner_engine, alice) == []
    assert not [statement for statement in statements if statement.lower().startswith("update")]


def test_none_clears_model_suffix_and_budget(alice: Person) -> None:
    alice.does(
        tenant_settings.update,
        {
            "model": "claude-sonnet-4-5",
            "system_prompt_suffix": "Prefer direct flights.",
            "daily_token_budget": 5,
        },
    )
    alice.does(
        tenant_settings.update,
        {"model": None, "system_prompt_suffix": None, "daily_token_budget": None},
    )
    found = as_they_stand(alice)
    assert (found["model"], found["system_prompt_suffix"], found["daily_token_budget"]) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "IST", "asia/kolkata", "", "../etc/passwd", "Asia/Kolkata "]
)
def test_a_time_zone_must_be_known(alice: Person, zone: str) -> None:
    with pytest.raises(tenant_settings.UnknownZone):
        alice.does(tenant_settings.update, {"timezone": zone})
    assert as_they_stand(alice)["timezone"] == "UTC"


@pytest.mark.parametrize("currency", ["XXX", "ZZZ", "inr", "RS", "XAU"])
def test_a_currency_must_be_supported(alice: Person, currency: str) -> None:
    with pytest.raises(tenant_settings.UnbookableCurrency):
        alice.does(tenant_settings.update, {"default_currency": currency})


def test_a_change_of_outdated_settings_is_reported(alice: Person) -> None:
    mark = queries.mark_of(as_they_stand(alice))
    alice.does(tenant_settings.update, {"rate_limit_per_hour": 500}, seen=mark)
    with pytest.raises(tenant_settings.SettingsChangedSince):
        alice.does(tenant_settings.update, {"rate_limit_per_hour": 700}, seen=mark)
    assert as_they_stand(alice)["rate_limit_per_hour"] == 500


def test_the_version_changes_with_the_settings(alice: Person) -> None:
    first = queries.mark_of(as_they_stand(alice))
    alice.does(tenant_settings.update, {"four_eyes": False})
    assert queries.mark_of(as_they_stand(alice)) != first
    alice.does(tenant_settings.update, {"four_eyes": True})
    assert queries.mark_of(as_they_stand(alice)) == first


def test_parallel_changes_are_all_stored_and_recorded(
    alice: Person, owner_engine: sa.Engine
) -> None:
    wishes: list[Any] = [
        {"locale": "hi"},
        {"timezone": "Asia/Dubai"},
        {"default_currency": "AED"},
        {"four_eyes": False},
        *({"rate_limit_per_minute": number} for number in range(1, 9)),
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda wish: alice.does(tenant_settings.update, wish), wishes))
    found = as_they_stand(alice)
    assert (found["locale"], found["timezone"], found["default_currency"], found["four_eyes"]) == (
        "hi",
        "Asia/Dubai",
        "AED",
        False,
    )
    changes = [event["inputs"]["fields"][0] for event in events(owner_engine, alice)]
    minutes = [change for change in changes if change["field"] == "rate_limit_per_minute"]
    assert len(changes) == len(wishes)
    assert [change["before"] for change in minutes] == [
        60,
        *(change["after"] for change in minutes[:-1]),
    ], "each begins where the one before it ended"
    assert minutes[-1]["after"] == found["rate_limit_per_minute"]


def test_the_history_lists_changes_of_the_agency_newest_first(
    alice: Person, charlie: Person
) -> None:
    alice.does(tenant_settings.update, {"locale": "hi"})
    alice.does(tenant_settings.update, {"locale": "en"})
    charlie.does(tenant_settings.update, {"timezone": "Asia/Dubai"})
    with alice.reading() as reader:
        history = queries.read_history(reader, alice.actor.tenant_id)
    assert [step["changes"] for step in history] == [
        [{"field": "locale", "before": "hi", "after": "en"}],
        [{"field": "locale", "before": "en", "after": "hi"}],
    ]
