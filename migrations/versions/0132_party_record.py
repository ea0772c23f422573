"""Columns of a customer's or supplier's record: other id, PAN, credit limit, hold.

The release before ignores the columns.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0132"
down_revision = "0131"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table parties
          add column external_id text,
          add column pan_sealed bytea,
          add column pan_digest bytea,
          add column credit_limit_minor bigint,
          add column credit_limit_currency text,
          add column is_on_hold boolean not null default false,
          add constraint ck_parties_external_id
            check (length(external_id) between 1 and 64) not valid,
          add constraint ck_parties_pan
            check ((pan_sealed is null) = (pan_digest is null)) not valid,
          add constraint ck_parties_credit_limit
            check (num_nonnulls(credit_limit_minor, credit_limit_currency) in (0, 2)
                   and credit_limit_minor >= 0 and credit_limit_currency ~ '^[A-Z]{3}$') not valid
    """)


def downgrade() -> None:
    op.execute("""
        alter table parties
          drop column is_on_hold,
          drop column credit_limit_currency,
          drop column credit_limit_minor,
          drop column pan_digest,
          drop column pan_sealed,
          drop column external_id
    """)
