"""Short functions for tests to post entries and read stored rows."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from tests.people import Person
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line, Posted

DAY = date(2026, 3, 10)


def inr(minor: int) -> Money:
    """An amount in paise."""
    return Money(minor, "INR")


def sale(amount: Money | None = None) -> list[Line]:
    """Two lines that balance: a receivable against revenue, by default 100 rupees."""
    amount = amount or inr(10_000)
    return [
        entries.debit("receivable", amount, party_name="Deepa Krishnan"),
        entries.credit("revenue_services", amount),
    ]


def post(person: Person, lines: list[Line] | None = None, **given: Any) -> Posted:
    """Post an entry, by default a sale of 100 rupees on the tenth of March 2026."""
    values = {
        "source_type": "test",
        "source_id": new_id(),
        "purpose": "sale",
        "narration": "A sale",
        "entry_date": DAY,
    } | given
    return person.does(entries.post, lines=sale() if lines is None else lines, **values)


def account_id(person: Person, purpose: str) -> UUID:
    """The account of a purpose."""
    with person.reading() as reader:
        return next(
            account["id"]
            for account in accounts.read_chart(reader)
            if account["purpose"] == purpose
        )


def balances(person: Person, as_of: date = date(2200, 12, 31)) -> dict[tuple[str, str], int]:
    """Debit less credit by purpose and currency."""
    with person.reading() as reader:
        rows = trial_balance_rows(reader, as_of)
    return {
        (row["purpose"], row["currency"]): row["debit_minor"] - row["credit_minor"] for row in rows
    }


def stored(engine: sa.Engine, sql: str, **values: Any) -> list[sa.RowMapping]:
    """Return stored rows, read as the owner."""
    with engine.connect() as connection:
        return list(connection.execute(sa.text(sql), values).mappings())


def bind(connection: sa.Connection, person: Person) -> None:
    """Bind raw SQL of the application's role to a user's agency."""
    connection.execute(
        sa.text("select set_config('app.tenant', :t, true)"), {"t": str(person.actor.tenant_id)}
    )
