"""Indexes that hold what a report of ages sums up: it reads them alone, and not the rows of hundreds of days behind them.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

_INDEXES = (
    (
        "ix_ageing_by_due_open",
        "ageing_by_due",
        "tenant_id, kind, issue_month",
        "currency, due_date, n, open_minor",
    ),
    (
        "ix_advances_by_day_left",
        "advances_by_day",
        "tenant_id, direction, paid_on",
        "currency, n, unapplied_minor",
    ),
)


def upgrade() -> None:
    for name, table, key, held in _INDEXES:
        op.execute(f"drop index {name}")
        op.execute(f"create index {name} on {table} ({key}) include ({held}) where n > 0")


def downgrade() -> None:
    for name, table, key, _held in _INDEXES:
        op.execute(f"drop index {name}")
        op.execute(f"create index {name} on {table} ({key}) where n > 0")
