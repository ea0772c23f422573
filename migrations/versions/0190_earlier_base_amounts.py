"""Let base amounts be filled in rows of earlier releases.

Triggers let them be filled once.

Never edit this file once it has landed.
"""

import recipes

revision = "0190"
down_revision = "0189"
branch_labels = None
depends_on = None

COLUMNS = {
    "postings": "rate, is_rate_inverse, rate_on, rate_source",
    "payments": "base_minor",
    "refunds": "base_minor",
    "refund_parts": "base_minor",
    "credit_notes": "base_minor",
    "supplier_credits": "base_minor",
    "write_offs": "base_minor",
    "supplier_claims": "base_minor",
    "supplier_claim_receipts": "base_minor",
    "allocations": "document_base_minor, payment_base_minor",
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        recipes.change(f"grant update ({columns}) on {table} to voyagent_app")


def downgrade() -> None:
    for table, columns in COLUMNS.items():
        recipes.change(f"revoke update ({columns}) on {table} from voyagent_app")
