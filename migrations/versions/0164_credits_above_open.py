"""Store what a credit note credits above the open amount, and the credit of the customer.

The release before leaves the columns at their defaults. It lists a credit of a customer as a
receipt by bank.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0164"
down_revision = "0163"
branch_labels = None
depends_on = None

PAYMENTS = {
    "ck_payments_nature": (
        "check (nature = 'service' or nature = 'refundable' and direction = 'in')"
    ),
    "ck_payments_credit_note": (
        "check (credit_note_id is null or nature = 'refundable' and bank_account_id is null and"
        " tds_minor = 0)"
    ),
    "fk_payments_credit_note": (
        "foreign key (tenant_id, credit_note_id) references credit_notes (tenant_id, id)"
    ),
}


def upgrade() -> None:
    recipes.change("""
        alter table invoices
          add column if not exists excess_minor bigint not null default 0,
          drop constraint if exists ck_invoices_excess,
          add constraint ck_invoices_excess check (excess_minor >= 0) not valid;
        grant update (excess_minor) on invoices to voyagent_app
    """)
    recipes.change("""
        alter table credit_notes
          add column if not exists excess_minor bigint not null default 0,
          drop constraint if exists ck_credit_notes_excess,
          add constraint ck_credit_notes_excess
            check (excess_minor between 0 and total_minor) not valid
    """)
    recipes.change(
        "alter table payments"
        " add column if not exists nature text not null default 'service',"
        " add column if not exists credit_note_id uuid"
    )
    for name, rule in PAYMENTS.items():
        recipes.change(
            f"alter table payments drop constraint if exists {name},"
            f" add constraint {name} {rule} not valid"
        )
        recipes.validate("payments", name)
    recipes.validate("invoices", "ck_invoices_excess")
    recipes.validate("credit_notes", "ck_credit_notes_excess")
    recipes.create_index(
        "uq_payments_credit_note",
        "payments (tenant_id, credit_note_id) where credit_note_id is not null",
        unique=True,
    )


def downgrade() -> None:
    op.execute("alter table payments drop column credit_note_id, drop column nature")
    op.execute("alter table credit_notes drop column excess_minor")
    op.execute("alter table invoices drop column excess_minor")
