"""Entering exchange rates, which are never changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.people import People, Person
from tests.rates.entered import entered
from voyagent.kernel import clock
from voyagent.kernel.errors import Forbidden, VoyagentError
from voyagent.kernel.rates import Quote
from voyagent.rates import service
from voyagent.rates.errors import RateInFuture, RateOfOtherBooks, RateOutOfRange, SameCurrency
from voyagent.rates.rules import rate_of_one

DAY = date(2026, 11, 18)


def test_a_rate_is_stored_as_quoted_and_audited(alice: Person, owner_engine: sa.Engine) -> None:
    row = entered(alice, DAY, "84.205", kind="bank_sell", source="HDFC")
    assert row["created_by"] == "Alice Example" or row["created_by"]
    with owner_engine.connect() as connection:
        stored = connection.execute(
            sa.text(
                "select base, quote, kind, rate, rate_on, source, created_by_user_id from"
                " exchange_rates where id = :id"
            ),
            {"id": row["id"]},
        ).one()
        event = connection.execute(
            sa.text(
                "select actor_id, entity_refs, inputs from audit_events"
                " where tenant_id = :t and kind = 'exchange_rate.entered'"
            ),
            {"t": alice.actor.tenant_id},
        ).one()
    assert stored == (
        *("USD", "INR", "bank_sell", Decimal("84.20500000"), DAY, "HDFC"),
        alice.actor.user_id,
    )
    assert event.actor_id == alice.actor.user_id
    assert event.entity_refs == {"exchange_rate_id": str(row["id"])}
    assert event.inputs == {
        "base": "USD",
        "quote": "INR",
        "kind": "bank_sell",
        "rate": "84.205",
        "on": "2026-11-18",
        "source": "HDFC",
    }


@pytest.mark.parametrize(
    ("pair", "rate", "days", "refusal"),
    [
        (("USD", "USD"), "1", 0, SameCurrency),
        (("USD", "AED"), "3.67", 0, RateOfOtherBooks),
        (("USD", "INR"), "84", 1, RateInFuture),
        (("USD", "INR"), "0", 0, RateOutOfRange),
        (("USD", "INR"), "-1", 0, RateOutOfRange),
        (("USD", "INR"), "0.000000001", 0, RateOutOfRange),
        (("USD", "INR"), "1000000000", 0, RateOutOfRange),
    ],
)
def test_an_unusable_rate_is_refused(
    alice: Person, pair: tuple[str, str], rate: str, days: int, refusal: type[VoyagentError]
) -> None:
    today = clock.today(alice.actor.timezone)
    with pytest.raises(refusal):
        entered(alice, today + timedelta(days=days), rate, pair=pair)


def test_a_rate_of_a_hundred_units_is_divided_exactly() -> None:
    assert rate_of_one(Decimal("56.21"), 100) == Decimal("0.5621")
    assert rate_of_one(Decimal("999999999.999999"), 100) == Decimal("9999999.99999999")
    assert rate_of_one(Decimal("56.21"), 1) == Decimal("56.21")


@pytest.mark.parametrize("role", ["viewer", "agent", "ticketing_lead"])
def test_only_accountants_and_administrators_enter_rates(
    alice: Person, people: People, role: str
) -> None:
    colleague = people.colleague(alice, "Carla Nair", role=role)
    with pytest.raises(Forbidden):
        entered(colleague, DAY, "84.20")
    accountant = people.colleague(alice, "Anil Rao", role="accounting_lead")
    assert entered(accountant, DAY, "84.20")["created_by"] == "Anil Rao"


@pytest.mark.parametrize(
    "change",
    [
        "update exchange_rates set rate = 85",
        "delete from exchange_rates",
        "truncate exchange_rates",
    ],
)
def test_the_database_refuses_changes_of_a_rate(
    alice: Person, owner_engine: sa.Engine, change: str
) -> None:
    entered(alice, DAY, "84.20")
    with owner_engine.begin() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"),
            {"t": str(alice.actor.tenant_id)},
        )
        connection.execute(sa.text(change))


@pytest.mark.parametrize(
    "values",
    [
        {"rate": 0},
        {"quote": "USD"},
        {"base": "usd"},
        {"kind": "spot"},
        {"source": ""},
        {"source": "x" * 65},
        {"rate_on": date(1899, 12, 31)},
    ],
)
def test_the_database_refuses_an_invalid_rate(
    alice: Person, owner_engine: sa.Engine, values: dict[str, Any]
) -> None:
    row = {
        "base": "USD",
        "quote": "INR",
        "kind": "reference",
        "rate": 84,
        "rate_on": DAY,
        "source": "FBIL",
    } | values
    with owner_engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(
            sa.text(
                "insert into exchange_rates (tenant_id, id, base, quote, kind, rate, rate_on,"
                " source) values (:t, gen_random_uuid(), :base, :quote, :kind, :rate, :rate_on,"
                " :source)"
            ),
            row | {"t": alice.actor.tenant_id},
        )


def test_entering_a_rate_with_an_unknown_currency_is_refused(alice: Person) -> None:
    with pytest.raises(VoyagentError):
        alice.does(service.enter_rate, Quote("XXX", "INR", Decimal(1), DAY, "typed"))
