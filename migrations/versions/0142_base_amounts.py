"""Give postings an amount in the base currency, and what it comes from.

The release before leaves the columns null, and reads no line without an amount: only later
releases store such a line, for a difference between rates.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0142"
down_revision = "0141"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table postings
          add column base_debit_minor bigint,
          add column base_credit_minor bigint,
          add column base_basis text,
          add column rate numeric(17, 8),
          add column is_rate_inverse boolean,
          add column rate_on date,
          add column rate_source text,
          drop constraint ck_postings_sides,
          add constraint ck_postings_sides check (
            debit_minor >= 0 and credit_minor >= 0
            and case when base_basis = 'difference' then debit_minor = 0 and credit_minor = 0
                     else (debit_minor > 0) <> (credit_minor > 0) end
          ) not valid,
          add constraint ck_postings_base check (
            num_nonnulls(base_debit_minor, base_credit_minor, base_basis) in (0, 3)
            and base_basis in ('own', 'rate', 'given', 'difference')
            and base_debit_minor >= 0 and base_credit_minor >= 0
            and least(base_debit_minor, base_credit_minor) = 0
            and (debit_minor = 0 or base_credit_minor = 0)
            and (credit_minor = 0 or base_debit_minor = 0)
            and (base_basis <> 'own'
                 or base_debit_minor = debit_minor and base_credit_minor = credit_minor)
            and (base_basis <> 'difference' or base_debit_minor + base_credit_minor > 0)
          ) not valid,
          add constraint ck_postings_rate check (
            case when base_basis = 'rate'
                 then num_nonnulls(rate, is_rate_inverse, rate_on, rate_source) = 4
                 else num_nonnulls(rate, is_rate_inverse, rate_on, rate_source) = 0 end
            and rate > 0
          ) not valid;
        grant update (base_debit_minor, base_credit_minor, base_basis) on postings to voyagent_app;
    """)


def downgrade() -> None:
    op.execute("""
        alter table postings
          drop constraint ck_postings_sides,
          drop column rate_source,
          drop column rate_on,
          drop column is_rate_inverse,
          drop column rate,
          drop column base_basis,
          drop column base_credit_minor,
          drop column base_debit_minor,
          add constraint ck_postings_sides check (
            debit_minor >= 0 and credit_minor >= 0 and (debit_minor > 0) <> (credit_minor > 0)
          )
    """)
