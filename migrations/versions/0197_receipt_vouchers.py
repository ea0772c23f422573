"""Store receipt vouchers, and the tax on advances that is released.

The release before ignores the tables. It does not release tax when it uses an advance; the next
use of the advance by this release makes up for it.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import BOUND, mover_policy, protect

revision = "0197"
down_revision = "0196"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table receipt_vouchers (
          tenant_id uuid not null
            constraint fk_receipt_vouchers_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          number text not null,
          payment_id uuid not null,
          tax text,
          percent numeric(6, 3) not null,
          place_of_supply text,
          amount_minor bigint not null,
          cgst_minor bigint not null default 0,
          sgst_minor bigint not null default 0,
          igst_minor bigint not null default 0,
          issued_on date not null,
          entry_id uuid not null,
          reversed_on date,
          reversal_entry_id uuid,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_receipt_vouchers primary key (tenant_id, id),
          constraint uq_receipt_vouchers_number unique (tenant_id, number),
          constraint fk_receipt_vouchers_payment
            foreign key (tenant_id, payment_id) references payments(tenant_id, id),
          constraint fk_receipt_vouchers_entry
            foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
          constraint fk_receipt_vouchers_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint fk_receipt_vouchers_reversal
            foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
          constraint ck_receipt_vouchers_reversed check (
            num_nonnulls(reversed_on, reversal_entry_id) in (0, 2) and reversed_on >= issued_on
          ),
          constraint ck_receipt_vouchers_percent check (percent > 0 and percent < 100),
          constraint ck_receipt_vouchers_place check (place_of_supply ~ '^[0-9]{2}$'),
          constraint ck_receipt_vouchers_amounts check (
            cgst_minor >= 0 and sgst_minor = cgst_minor and igst_minor >= 0
            and cgst_minor + igst_minor > 0
            and cgst_minor + sgst_minor + igst_minor < amount_minor
          ),
          constraint ck_receipt_vouchers_date
            check (issued_on between '1900-01-01' and '2200-12-31')
        );
        create unique index uq_receipt_vouchers_payment
          on receipt_vouchers (tenant_id, payment_id) where reversed_on is null;
        create index ix_receipt_vouchers_issued
          on receipt_vouchers (tenant_id, issued_on desc, id desc);
        create table voucher_uses (
          tenant_id uuid not null
            constraint fk_voucher_uses_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          voucher_id uuid not null,
          refund_id uuid,
          number text,
          amount_minor bigint not null,
          cgst_minor bigint not null default 0,
          sgst_minor bigint not null default 0,
          igst_minor bigint not null default 0,
          used_on date not null,
          entry_id uuid not null,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_voucher_uses primary key (tenant_id, id),
          constraint uq_voucher_uses_number unique (tenant_id, number),
          constraint fk_voucher_uses_voucher
            foreign key (tenant_id, voucher_id) references receipt_vouchers(tenant_id, id),
          constraint fk_voucher_uses_refund
            foreign key (tenant_id, refund_id) references refunds(tenant_id, id),
          constraint fk_voucher_uses_entry
            foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
          constraint fk_voucher_uses_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_voucher_uses_amounts check (
            amount_minor <> 0 and cgst_minor = sgst_minor
            and cgst_minor * sign(amount_minor) >= 0 and igst_minor * sign(amount_minor) >= 0
          ),
          constraint ck_voucher_uses_refund check (
            (number is not null) = (refund_id is not null and amount_minor > 0)
          ),
          constraint ck_voucher_uses_date check (used_on between '1900-01-01' and '2200-12-31')
        );
        create index ix_voucher_uses_voucher on voucher_uses (tenant_id, voucher_id);
        create index ix_voucher_uses_refund
          on voucher_uses (tenant_id, refund_id) where refund_id is not null;
        create index ix_voucher_uses_used on voucher_uses (tenant_id, used_on);
    """)
    protect("receipt_vouchers", grants="select, insert, update")
    protect("voucher_uses", grants="select, insert")
    for table in ("receipt_vouchers", "voucher_uses"):
        op.execute(mover_policy(table))
        op.execute(f"""
            create policy {table}_eraser on {table} to voyagent_eraser
              using (tenant_id = {BOUND}) with check (tenant_id = {BOUND});
            grant select on {table} to voyagent_eraser;
        """)


def downgrade() -> None:
    op.execute("""
        drop trigger if exists payments_forget_vouchers on payments;
        drop table voucher_uses;
        drop table receipt_vouchers;
        delete from number_series where series in ('receipt_voucher', 'refund_voucher');
        drop function if exists app.forget_kept_vouchers();
        delete from app.sql_files
         where path like '%/guard_reversal.sql' or path like '%/append_only_vouchers.sql'
            or path like '%/forget_kept_vouchers.sql';
    """)
