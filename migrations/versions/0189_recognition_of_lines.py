"""Store how each line is recognised, and which parts of a line a credit takes back.

The release before ignores the columns and recognises at the start of each service.

Never edit this file once it has landed.
"""

import recipes

revision = "0189"
down_revision = "0188"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("alter table invoice_lines add column if not exists recognition text")
    recipes.change("alter table bill_lines add column if not exists recognition text")
    recipes.change("alter table credit_note_lines add column if not exists parts_minor bigint[]")
    recipes.change(
        "alter table supplier_credit_lines add column if not exists parts_minor bigint[]"
    )


def downgrade() -> None:
    for table in ("supplier_credit_lines", "credit_note_lines"):
        recipes.change(f"alter table {table} drop column if exists parts_minor")
    for table in ("bill_lines", "invoice_lines"):
        recipes.change(f"alter table {table} drop column if exists recognition")
