"""The lines of a party in the books by its name, however it is spelt: what a customer's or supplier's statement is read from.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A column and no index on an expression: behind a policy only what is known to leak nothing may use an index, and lower() is not.
    op.execute(
        "alter table postings add column party_key text generated always as (lower(party_name)) stored"
    )
    op.execute(
        "create index ix_postings_party on postings (tenant_id, party_key, account_id, effective_date, entry_id)"
        " include (currency, debit_minor, credit_minor) where party_key is not null"
    )


def downgrade() -> None:
    op.execute("drop index ix_postings_party")
    op.execute("alter table postings drop column party_key")
