"""Store refunds that suppliers owe, and what comes of them.

The release before ignores the tables.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0186"
down_revision = "0185"
branch_labels = None
depends_on = None

TABLES = ("supplier_claims", "supplier_claim_receipts")


def upgrade() -> None:
    op.execute("""
        create table supplier_claims (
          tenant_id uuid not null
            constraint fk_supplier_claims_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          number text not null,
          bill_id uuid not null,
          supplier_credit_id uuid not null,
          currency text not null,
          amount_minor bigint not null,
          base_minor bigint,
          received_minor bigint not null default 0,
          given_up_minor bigint not null default 0,
          base_settled_minor bigint not null default 0,
          claimed_on date not null,
          expected_on date,
          chased_on date,
          credit_note_number text,
          reversed_on date,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_supplier_claims primary key (tenant_id, id),
          constraint uq_supplier_claims_number unique (tenant_id, number),
          constraint uq_supplier_claims_credit unique (tenant_id, supplier_credit_id),
          constraint fk_supplier_claims_bill
            foreign key (tenant_id, bill_id) references bills(tenant_id, id),
          constraint fk_supplier_claims_credit
            foreign key (tenant_id, supplier_credit_id)
            references supplier_credits(tenant_id, id),
          constraint fk_supplier_claims_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_supplier_claims_currency check (currency ~ '^[A-Z]{3}$'),
          constraint ck_supplier_claims_amounts check (
            amount_minor > 0 and received_minor >= 0 and given_up_minor >= 0
            and received_minor + given_up_minor <= amount_minor
          ),
          constraint ck_supplier_claims_base
            check (base_settled_minor between 0 and coalesce(base_minor, 0)),
          constraint ck_supplier_claims_dates check (
            claimed_on between '1900-01-01' and '2200-12-31' and expected_on >= claimed_on
            and expected_on <= '2200-12-31' and chased_on >= claimed_on
          ),
          constraint ck_supplier_claims_credit_note
            check (length(credit_note_number) between 1 and 64),
          constraint ck_supplier_claims_reversed check (
            reversed_on is null or reversed_on >= claimed_on and received_minor + given_up_minor = 0
          )
        );
        create index ix_supplier_claims_claimed
          on supplier_claims (tenant_id, claimed_on desc, id desc);
        create index ix_supplier_claims_open
          on supplier_claims (tenant_id, expected_on, claimed_on, id)
          where received_minor + given_up_minor < amount_minor and reversed_on is null;
        create index ix_supplier_claims_bill on supplier_claims (tenant_id, bill_id);
        create table supplier_claim_receipts (
          tenant_id uuid not null
            constraint fk_supplier_claim_receipts_tenant_id
            references tenants(id) on delete cascade,
          id uuid not null,
          claim_id uuid not null,
          received_minor bigint not null,
          given_up_minor bigint not null,
          base_minor bigint,
          bank_account_id uuid,
          money_currency text not null,
          money_minor bigint not null,
          received_on date not null,
          reference text,
          entry_id uuid not null,
          reversed_on date,
          reversal_entry_id uuid,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_supplier_claim_receipts primary key (tenant_id, id),
          constraint fk_supplier_claim_receipts_claim
            foreign key (tenant_id, claim_id) references supplier_claims(tenant_id, id),
          constraint fk_supplier_claim_receipts_bank_account
            foreign key (tenant_id, bank_account_id) references bank_accounts(tenant_id, id),
          constraint fk_supplier_claim_receipts_entry
            foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
          constraint fk_supplier_claim_receipts_reversal
            foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
          constraint fk_supplier_claim_receipts_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_supplier_claim_receipts_amounts check (
            received_minor >= 0 and given_up_minor >= 0 and received_minor + given_up_minor > 0
            and base_minor >= 0 and money_minor >= 0
            and (money_minor > 0) = (received_minor > 0)
          ),
          constraint ck_supplier_claim_receipts_currency
            check (money_currency ~ '^[A-Z]{3}$'),
          constraint ck_supplier_claim_receipts_date
            check (received_on between '1900-01-01' and '2200-12-31'),
          constraint ck_supplier_claim_receipts_reversed check (
            num_nonnulls(reversed_on, reversal_entry_id) in (0, 2) and reversed_on >= received_on
          )
        );
        create index ix_supplier_claim_receipts_claim
          on supplier_claim_receipts (tenant_id, claim_id, received_on, id);
    """)
    for table in TABLES:
        protect(table, grants="select, insert, update")
        op.execute(mover_policy(table))


def downgrade() -> None:
    op.execute("""
        drop table supplier_claim_receipts;
        drop table supplier_claims;
        delete from number_series where series = 'supplier_claim';
        delete from app.sql_files
         where path like '%/guard_reversal.sql' or path like '%/append_only_billing.sql'
            or path like '%/guard_claim.sql';
    """)
