"""Store what each revaluation of foreign balances at a month end posted.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0155"
down_revision = "0154"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table revaluations (
          tenant_id uuid not null
            constraint fk_revaluations_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          month date not null,
          run_no smallint not null,
          account_id uuid not null,
          currency text not null,
          rate numeric(17, 8),
          is_rate_inverse boolean,
          rate_on date,
          rate_source text,
          balance_minor bigint not null,
          base_before_minor bigint not null,
          base_after_minor bigint not null,
          entry_id uuid not null,
          reversal_entry_id uuid,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_revaluations primary key (tenant_id, id),
          constraint uq_revaluations_run
            unique (tenant_id, month, account_id, currency, run_no),
          constraint fk_revaluations_account
            foreign key (tenant_id, account_id) references accounts(tenant_id, id),
          constraint fk_revaluations_entry
            foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
          constraint fk_revaluations_reversal
            foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
          constraint fk_revaluations_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_revaluations_month check (
            extract(day from month) = 1 and month between '1900-01-01' and '2200-12-01'
          ),
          constraint ck_revaluations_run_no check (run_no >= 1),
          constraint ck_revaluations_currency check (currency ~ '^[A-Z]{3}$'),
          constraint ck_revaluations_rate check (
            num_nonnulls(rate, is_rate_inverse, rate_on, rate_source)
              = case when balance_minor = 0 then 0 else 4 end
            and rate > 0
          ),
          constraint ck_revaluations_difference check (base_before_minor <> base_after_minor)
        );
    """)
    protect("revaluations", grants="select, insert")
    op.execute(mover_policy("revaluations"))


def downgrade() -> None:
    op.execute("""
        drop table revaluations;
        delete from app.sql_files where path like '%/append_only_revaluations.sql';
    """)
