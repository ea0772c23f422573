"""Validate the constraints of 0128 and 0129.

Never edit this file once it has landed.
"""

import recipes

revision = "0131"
down_revision = "0130"
branch_labels = None
depends_on = None

TABLES = ("invoices", "bills", "credit_notes", "supplier_credits", "payments", "postings")


def upgrade() -> None:
    recipes.validate("parties", "ck_parties_origin")
    for table in TABLES:
        recipes.validate(table, f"fk_{table}_party")


def downgrade() -> None:
    pass
