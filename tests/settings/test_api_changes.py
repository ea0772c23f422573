"""Changes of settings over the JSON API, accepted, refused and parallel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tests.people import Person

PATH = "/tenant-settings"
WHOLE: dict[str, Any] = {
    "model": "claude-haiku-4-5-20251001",
    "model_override": "claude-opus-5",
    "system_prompt_suffix": "Prefer direct flights. Ø ✈ हिन्दी",
    "rate_limit_per_minute": 10_000,
    "rate_limit_per_hour": 1_000_000,
    "daily_token_budget": 1,
    "locale": "hi",
    "timezone": "America/Argentina/ComodRivadavia",
    "default_currency": "KWD",
    "four_eyes": False,
    "financial_year_start_month": 12,
    "approval_limits": {
        "agency_admin": None,
        "ticketing_lead": {"amount": "250000.00", "currency": "INR"},
        "accounting_lead": {"amount": "1000.00", "currency": "JPY"},
        "agent": {"amount": "0.00", "currency": "INR"},
    },
    "address": "12 Marine Drive\nKochi",
    "tax_number": "27AACCN6194P1ZP",
    "bank_details": "A/c 00123, IFSC ABCD0123456",
    "round_invoices": True,
    "audit_mail_administrators": True,
    "audit_mail_addresses": "auditor@books.example, meera@books.example",
    "rate_max_age_days": 366,
    "sac_digits": 4,
    "bill_tolerance_percent": "1.50",
    "bill_tolerance_minor": 100,
    "confirm_treatments": True,
}
REFUSED: list[dict[str, Any]] = [
    {"model": "gpt-4"},
    {"model": ""},
    {"model": "built-in"},
    {"model_override": "gpt-4"},
    {"model_override": "claude-opus-4-6"},
    {"system_prompt_suffix": "x" * 10_001},
    {"system_prompt_suffix": "a\x00b"},
    {"rate_limit_per_minute": 0},
    {"rate_limit_per_minute": 10_001},
    {"rate_limit_per_minute": "60"},
    {"rate_limit_per_minute": True},
    {"rate_limit_per_minute": 1.5},
    {"rate_limit_per_hour": 0},
    {"rate_limit_per_hour": 1_000_001},
    {"daily_token_budget": 0},
    {"daily_token_budget": -1},
    {"daily_token_budget": 2**63},
    {"locale": "fr"},
    {"locale": "EN"},
    {"timezone": "Mars/Olympus"},
    {"timezone": "localtime"},
    {"timezone": "Factory"},
    {"timezone": ""},
    {"timezone": "x" * 65},
    {"default_currency": "inr"},
    {"default_currency": "RUPEE"},
    {"default_currency": "ZZZ"},
    {"four_eyes": "yes"},
    {"audit_mail_administrators": "yes"},
    {"audit_mail_addresses": "nobody"},
    {"audit_mail_addresses": "a@b.example, Meera <m@b.example>"},
    {"audit_mail_addresses": ", ".join(f"a{n}@b.example" for n in range(6))},
    {"audit_mail_addresses": ["a@b.example"]},
    {"four_eyes": 1},
    {"rate_max_age_days": -1},
    {"rate_max_age_days": 367},
    {"bill_tolerance_percent": "100.01"},
    {"bill_tolerance_percent": "-1"},
    {"bill_tolerance_minor": -1},
    {"confirm_treatments": "yes"},
    {"confirm_treatments": 1},
    {"sac_digits": 5},
    {"sac_digits": 8},
    {"financial_year_start_month": 0},
    {"financial_year_start_month": 13},
    {"approval_limits": {"viewer": None}},
    {"approval_limits": {"agent": {"amount": "5"}}},
    {"approval_limits": {"agent": {"amount": 5, "currency": "INR"}}},
    {"approval_limits": {"agent": {"amount": "-5", "currency": "INR"}}},
    {"approval_limits": {"agent": {"amount": "5.001", "currency": "INR"}}},
    {"approval_limits": {"agent": {"amount": "5", "currency": "ZZZ"}}},
    {"approval_limits": {"agent": {"amount": "5", "currency": "INR", "more": 1}}},
    {"unknown": 1},
    {"tenant_id": "019412f0-7c1e-7a34-9d02-5b1f6c3a8e10"},
]
CANNOT_BE_NULL = [
    "rate_limit_per_minute",
    "rate_limit_per_hour",
    "locale",
    "timezone",
    "default_currency",
    "four_eyes",
    "financial_year_start_month",
    "rate_max_age_days",
    "sac_digits",
    "bill_tolerance_percent",
    "bill_tolerance_minor",
    "confirm_treatments",
    "round_invoices",
    "audit_mail_administrators",
    "approval_limits",
]


def whole(person: Person) -> dict[str, Any]:
    """Return the settings of an agency after it has changed all of them."""
    return {
        "tenant_id": str(person.actor.tenant_id),
        "base_currency": None,
        "base_state": "asked",
        **WHOLE,
    }


def change(person: Person, body: Any, **headers: str) -> Any:
    return person.api.patch(PATH, json=body, headers=headers)


def test_all_settings_can_be_changed_and_are_returned(alice: Person) -> None:
    answer = change(alice, WHOLE)
    assert answer.status_code == 200
    assert answer.json == whole(alice)
    assert alice.api.get(PATH).json == answer.json


def test_absent_members_are_kept(alice: Person) -> None:
    change(alice, WHOLE)
    assert change(alice, {}).json == whole(alice)
    assert change(alice, {"locale": "en"}).json == whole(alice) | {"locale": "en"}


def test_null_clears_model_suffix_and_budget(alice: Person) -> None:
    change(alice, WHOLE)
    cleared = {"model": None, "system_prompt_suffix": None, "daily_token_budget": None}
    assert change(alice, cleared).json == whole(alice) | cleared | {"model_override": None}


def test_the_last_chosen_model_is_used(alice: Person) -> None:
    for body, override, model in (
        ({"model_override": "built-in"}, "built-in", None),
        ({"locale": "hi"}, "built-in", None),
        ({"model": "claude-opus-4-6"}, None, "claude-opus-4-6"),
        ({"model_override": "claude-sonnet-5"}, "claude-sonnet-5", "claude-opus-4-6"),
        ({"model": None}, None, None),
    ):
        found = change(alice, body).json
        assert (found["model_override"], found["model"]) == (override, model), body


@pytest.mark.parametrize("name", CANNOT_BE_NULL)
def test_null_is_refused_for_required_settings(alice: Person, name: str) -> None:
    answer = change(alice, {name: None})
    assert answer.status_code == 422
    assert answer.json["detail"][0]["loc"] == ["body", name]


@pytest.mark.parametrize(
    "body",
    REFUSED,
    ids=lambda body: "=".join(str(part)[:12] for part in next(iter(body.items()))).replace(
        "\x00", "NUL"
    ),
)
def test_a_value_out_of_range_is_refused(alice: Person, body: dict[str, Any]) -> None:
    before = alice.api.get(PATH).json
    assert change(alice, {"rate_limit_per_hour": 7, **body}).status_code == 422
    assert alice.api.get(PATH).json == before


@pytest.mark.parametrize("who", ["bob", "victor"])
def test_the_role_is_checked_before_the_schema(
    request: pytest.FixtureRequest, alice: Person, who: str
) -> None:
    for body in ({"locale": "hi"}, {"unknown": 1}):
        answer = change(request.getfixturevalue(who), body)
        assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")
    assert alice.api.get(PATH).json["locale"] == "en"


def test_if_match_refuses_an_outdated_version(alice: Person) -> None:
    seen = alice.api.get(PATH).headers["ETag"]
    changed = change(alice, {"locale": "hi"}, **{"If-Match": seen})
    assert changed.status_code == 200
    late = change(alice, {"locale": "en"}, **{"If-Match": seen})
    assert (late.status_code, late.json["detail"]) == (412, "settings_changed")
    assert alice.api.get(PATH).headers["ETag"] == changed.headers["ETag"] != seen
    assert change(alice, {"locale": "en"}, **{"If-Match": "*"}).status_code == 200
    assert change(alice, {"locale": "en"}, **{"If-Match": "nonsense"}).status_code == 412


def test_parallel_changes_are_all_stored(alice: Person) -> None:
    together = {"model", "model_override"}  # whoever names the one alone takes back the other
    bodies: list[dict[str, Any]] = [
        {name: WHOLE[name] for name in together},
        *({name: value} for name, value in WHOLE.items() if name not in together),
    ]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda body: change(alice, body).status_code, bodies))
    assert answers == [200] * len(bodies)
    assert alice.api.get(PATH).json == whole(alice)


def test_missing_settings_are_created_by_the_first_read(
    alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from tenant_settings where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _number: bob.api.get(PATH), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json["rate_limit_per_hour"] == 1000


def test_missing_settings_are_created_by_the_first_change(
    alice: Person, owner_engine: sa.Engine
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from tenant_settings where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    assert change(alice, {"locale": "hi"}).json["locale"] == "hi"


def test_the_limit_of_a_role_can_be_set_and_removed(alice: Person) -> None:
    first = change(
        alice,
        {
            "approval_limits": {
                "agent": {"amount": "5000", "currency": "INR"},
                "ticketing_lead": {"amount": "7", "currency": "JPY"},
            }
        },
    ).json
    assert first["approval_limits"]["agent"] == {"amount": "5000.00", "currency": "INR"}
    assert first["approval_limits"]["accounting_lead"] is None
    mark = alice.api.get(PATH).headers["ETag"]
    assert (
        change(
            alice, {"approval_limits": {"agent": {"amount": "5000.0", "currency": "INR"}}}
        ).headers["ETag"]
        == mark
    ), "the same in other words is no change"
    lifted = change(alice, {"approval_limits": {"agent": None}}).json
    assert lifted["approval_limits"]["agent"] is None
    assert lifted["approval_limits"]["ticketing_lead"] == {"amount": "7.00", "currency": "JPY"}
