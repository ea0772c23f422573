"""An agency's settings over the JSON API."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.people import Person
from voyagent.kernel.db import db
from voyagent.settings import queries

CONTRACT = {
    "model": None,
    "system_prompt_suffix": None,
    "rate_limit_per_minute": 60,
    "rate_limit_per_hour": 1000,
    "daily_token_budget": None,
    "locale": "en",
    "timezone": "UTC",
    "default_currency": "INR",
}
PAPER = {"address", "tax_number", "bank_details"}


def test_a_new_agency_has_the_default_settings_of_the_contract(alice: Person) -> None:
    answer = alice.api.get("/tenant-settings")
    assert answer.status_code == 200
    assert answer.json["tenant_id"] == str(alice.actor.tenant_id)
    assert CONTRACT.items() <= answer.json.items()
    assert (
        set(answer.json) - set(CONTRACT)
        == {
            "tenant_id",
            "model_override",
            "four_eyes",
            "financial_year_start_month",
            "approval_limits",
            "round_invoices",
            "audit_mail_administrators",
            "audit_mail_addresses",
            "rate_max_age_days",
            "base_currency",
            "base_state",
            "sac_digits",
            "bill_tolerance_percent",
            "bill_tolerance_minor",
            "confirm_treatments",
        }
        | PAPER
    )


@pytest.mark.parametrize("who", ["alice", "bob", "victor"])
def test_every_role_can_read_settings(request: pytest.FixtureRequest, who: str) -> None:
    assert request.getfixturevalue(who).api.get("/tenant-settings").status_code == 200


def test_each_agency_has_its_own_settings(
    alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update tenant_settings set timezone = 'Asia/Dubai' where tenant_id = :t"),
            {"t": charlie.actor.tenant_id},
        )
    assert charlie.api.get("/tenant-settings").json["timezone"] == "Asia/Dubai"
    assert alice.api.get("/tenant-settings").json["timezone"] == "UTC"


def test_reading_settings_costs_no_extra_statement(alice: Person, statements: list[str]) -> None:
    statements.clear()
    assert alice.api.get("/tenant-settings").status_code == 200
    assert statements == []


def test_services_of_other_packages_get_settings_inside_a_transaction(alice: Person) -> None:
    with alice.acting():
        found = queries.get_settings()
        assert (found.default_currency, found.four_eyes, found.financial_year_start_month) == (
            "INR",
            True,
            4,
        )
        assert db.session.get_one(type(found), alice.actor.tenant_id) is found


def test_missing_settings_are_created_once_by_parallel_readers(
    alice: Person, owner_engine: sa.Engine
) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from tenant_settings where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )

    def read(_number: int) -> str:
        with alice.acting():
            return queries.get_settings().default_currency

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == ["INR"] * 8


def test_an_invalid_setting_is_refused_by_the_table(alice: Person, owner_engine: sa.Engine) -> None:
    wrong = [
        "rate_limit_per_minute = 0",
        "rate_limit_per_hour = 1000001",
        "daily_token_budget = 0",
        "locale = 'fr'",
        "default_currency = 'inr'",
        "financial_year_start_month = 13",
        "rate_max_age_days = 367",
    ]
    for change in wrong:
        with owner_engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
            connection.execute(
                sa.text(f"update tenant_settings set {change} where tenant_id = :t"),
                {"t": alice.actor.tenant_id},
            )
