"""The tables of the ledger equal the models and have row security."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import voyagent.billing.core.models.accruals
import voyagent.billing.core.models.bills
import voyagent.billing.core.models.cancellations
import voyagent.billing.core.models.claims
import voyagent.billing.core.models.counters
import voyagent.billing.core.models.credits
import voyagent.billing.core.models.invoices
import voyagent.billing.core.models.payments
import voyagent.billing.core.models.payouts
import voyagent.billing.core.models.write_offs
import voyagent.ledger.models  # noqa: F401
from voyagent.kernel.db import Base

OURS = {
    "accounts", "journal_entries", "postings", "monthly_balances", "daily_balances",
    "trip_earnings", "closed_months",
    "invoices", "invoice_lines", "bills", "bill_lines", "payments", "allocations",
    "number_series", "invoice_counts", "ageing_by_due", "ageing_by_party",
    "party_open_balances", "advances_by_day", "advances_by_party",
}  # fmt: skip


def test_the_tables_equal_the_models(owner_engine: sa.Engine) -> None:
    with owner_engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _o, name, kind, *_r: kind != "table" or name in OURS},
        )
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("table", sorted(OURS))
def test_each_table_has_row_security(owner_engine: sa.Engine, table: str) -> None:
    with owner_engine.connect() as connection:
        security = connection.execute(
            sa.text("select relrowsecurity, relforcerowsecurity from pg_class where relname = :t"),
            {"t": table},
        ).one()
        policies = connection.scalars(
            sa.text(
                "select count(*) from pg_policies where tablename = :t and 'voyagent_app' ="
                " any(roles)"
            ),
            {"t": table},
        ).one()
    assert tuple(security) == (True, True)
    assert policies == 1
