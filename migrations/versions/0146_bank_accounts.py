"""Store bank accounts, cash in hand, cards, gateways and wallets of an agency.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0146"
down_revision = "0145"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table bank_accounts (
          tenant_id uuid not null
            constraint fk_bank_accounts_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          account_id uuid not null,
          kind text not null,
          currency text not null,
          name text not null,
          bank_name text,
          number_last4 text,
          number_sealed bytea,
          ifsc text,
          swift text,
          is_default boolean not null default false,
          is_printed boolean not null default false,
          opened_on date not null,
          closed_on date,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint pk_bank_accounts primary key (tenant_id, id),
          constraint uq_bank_accounts_account unique (tenant_id, account_id),
          constraint fk_bank_accounts_account
            foreign key (tenant_id, account_id) references accounts(tenant_id, id),
          constraint ck_bank_accounts_kind
            check (kind in ('bank', 'cash', 'card', 'gateway', 'wallet')),
          constraint ck_bank_accounts_currency check (currency ~ '^[A-Z]{3}$'),
          constraint ck_bank_accounts_name check (length(name) between 1 and 128),
          constraint ck_bank_accounts_number
            check ((number_sealed is null) = (number_last4 is null)),
          constraint ck_bank_accounts_opened
            check (opened_on between '1900-01-01' and '2200-12-31'),
          constraint ck_bank_accounts_closed check (
            closed_on is null or (closed_on >= opened_on and not is_default and not is_printed)
          )
        );
        create unique index uq_bank_accounts_default
          on bank_accounts (tenant_id, kind, currency) where is_default;
    """)
    protect("bank_accounts", grants="select, insert, update")
    op.execute(mover_policy("bank_accounts"))


def downgrade() -> None:
    op.execute("drop table bank_accounts")
