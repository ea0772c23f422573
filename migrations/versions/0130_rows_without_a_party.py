"""Index the rows that have the name of a party but not its id yet.

`flask books link-parties` finds them without a read of the whole table. The indexes are empty when
it has ended.

Never edit this file once it has landed.
"""

import recipes

revision = "0130"
down_revision = "0129"
branch_labels = None
depends_on = None

DAYS = {
    "invoices": "issue_date",
    "bills": "issue_date",
    "credit_notes": "issue_date",
    "supplier_credits": "issue_date",
    "payments": "paid_on",
    "postings": "effective_date",
}


def upgrade() -> None:
    for table, day in DAYS.items():
        recipes.create_index(
            f"ix_{table}_unlinked",
            f"{table} (tenant_id, {day}) where party_id is null and party_name is not null",
        )


def downgrade() -> None:
    for table in DAYS:
        recipes.drop_index(f"ix_{table}_unlinked")
