"""Store the payouts of payment gateways to bank accounts.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0166"
down_revision = "0165"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table gateway_payouts (
          tenant_id uuid not null
            constraint fk_gateway_payouts_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          gateway_id uuid not null,
          bank_account_id uuid not null,
          currency text not null,
          gross_minor bigint not null,
          fee_minor bigint not null,
          tax_minor bigint not null,
          paid_on date not null,
          reference text,
          entry_id uuid not null,
          reversed_on date,
          reversal_entry_id uuid,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_gateway_payouts primary key (tenant_id, id),
          constraint fk_gateway_payouts_gateway
            foreign key (tenant_id, gateway_id) references bank_accounts(tenant_id, id),
          constraint fk_gateway_payouts_bank_account
            foreign key (tenant_id, bank_account_id) references bank_accounts(tenant_id, id),
          constraint fk_gateway_payouts_entry
            foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
          constraint fk_gateway_payouts_reversal
            foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
          constraint fk_gateway_payouts_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_gateway_payouts_currency check (currency ~ '^[A-Z]{3}$'),
          constraint ck_gateway_payouts_amounts check (
            fee_minor >= 0 and tax_minor >= 0 and fee_minor + tax_minor < gross_minor
          ),
          constraint ck_gateway_payouts_date
            check (paid_on between '1900-01-01' and '2200-12-31'),
          constraint ck_gateway_payouts_reversed check (
            num_nonnulls(reversed_on, reversal_entry_id) in (0, 2) and reversed_on >= paid_on
          )
        );
        create index ix_gateway_payouts_paid
          on gateway_payouts (tenant_id, paid_on desc, id desc);
    """)
    protect("gateway_payouts", grants="select, insert, update")
    op.execute(mover_policy("gateway_payouts"))


def downgrade() -> None:
    op.execute("""
        drop table gateway_payouts;
        delete from app.sql_files
         where path like '%/guard_reversal.sql' or path like '%/append_only_billing.sql';
    """)
