"""The same indexes in the order in which a report of ages reads them: by currency and day, so that what is long past is summed as it comes.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

_NOW = (
    (
        "ix_ageing_by_due_open",
        "ageing_by_due",
        "tenant_id, kind, currency, due_date",
        "issue_month, n, documents, open_minor",
    ),
    (
        "ix_advances_by_day_left",
        "advances_by_day",
        "tenant_id, direction, currency, paid_on",
        "n, unapplied_minor",
    ),
)
_BEFORE = (
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
    _replace(_NOW)


def downgrade() -> None:
    _replace(_BEFORE)


def _replace(indexes: tuple[tuple[str, str, str, str], ...]) -> None:
    for name, table, key, held in indexes:
        op.execute(f"drop index {name}")
        op.execute(f"create index {name} on {table} ({key}) include ({held}) where n > 0")
