"""Store the base amounts that documents and advances carry to their settlement.

The release before leaves the columns at their defaults, and ignores them.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0153"
down_revision = "0152"
branch_labels = None
depends_on = None

SETTLED = {
    "invoices": "base_settled_minor",
    "bills": "base_settled_minor",
    "payments": "base_used_minor",
}
SETTLING = ("refunds", "credit_notes", "supplier_credits", "write_offs")
SIGNED = "base_minor >= 0"
SIGNED_AS_AMOUNT = "base_minor * sign(amount_minor) >= 0"


def upgrade() -> None:
    for table, settled in SETTLED.items():
        _add(
            table,
            f"add column if not exists base_minor bigint,"
            f" add column if not exists {settled} bigint not null default 0",
            f"{settled} between 0 and coalesce(base_minor, 0)",
            f"grant update ({settled}) on {table} to voyagent_app",
        )
    for table in SETTLING:
        _add(
            table,
            "add column if not exists base_minor bigint",
            SIGNED_AS_AMOUNT if table == "write_offs" else SIGNED,
        )
    _add(
        "allocations",
        "add column if not exists document_base_minor bigint,"
        " add column if not exists payment_base_minor bigint",
        "document_base_minor * sign(amount_minor) >= 0"
        " and payment_base_minor * sign(amount_minor) >= 0",
    )


def _add(table: str, columns: str, rule: str, grant: str = "") -> None:
    recipes.change(f"""
        alter table {table}
          {columns},
          drop constraint if exists ck_{table}_base,
          add constraint ck_{table}_base check ({rule}) not valid;
        {grant}
    """)
    recipes.validate(table, f"ck_{table}_base")


def downgrade() -> None:
    for table, settled in SETTLED.items():
        op.execute(f"alter table {table} drop column {settled}, drop column base_minor")
    for table in SETTLING:
        op.execute(f"alter table {table} drop column base_minor")
    op.execute(
        "alter table allocations drop column payment_base_minor, drop column document_base_minor"
    )
