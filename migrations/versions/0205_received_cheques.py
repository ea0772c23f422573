"""Store received cheques until they are deposited or given back.

The release before ignores the tables.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0205"
down_revision = "0204"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table received_cheques (
          tenant_id uuid not null
            constraint fk_received_cheques_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          party_id uuid not null,
          currency text not null,
          amount_minor bigint not null,
          cheque_no text not null,
          cheque_on date not null,
          drawee_bank text,
          bank_account_id uuid,
          note text,
          received_on date not null,
          payment_id uuid,
          returned_on date,
          return_reason text,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_received_cheques primary key (tenant_id, id),
          constraint fk_received_cheques_party
            foreign key (tenant_id, party_id) references parties(tenant_id, id),
          constraint fk_received_cheques_bank_account
            foreign key (tenant_id, bank_account_id) references bank_accounts(tenant_id, id),
          constraint fk_received_cheques_payment
            foreign key (tenant_id, payment_id) references payments(tenant_id, id),
          constraint fk_received_cheques_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_received_cheques_currency check (currency ~ '^[A-Z]{3}$'),
          constraint ck_received_cheques_amount check (amount_minor > 0),
          constraint ck_received_cheques_number check (cheque_no <> ''),
          constraint ck_received_cheques_dates check (
            cheque_on between '1900-01-01' and '2200-12-31'
            and received_on between '1900-01-01' and '2200-12-31'
          ),
          constraint ck_received_cheques_returned check (
            num_nonnulls(returned_on, return_reason) in (0, 2) and returned_on >= received_on
            and (returned_on is null or payment_id is null)
          )
        );
        create unique index uq_received_cheques_payment
          on received_cheques (tenant_id, payment_id) where payment_id is not null;
        create index ix_received_cheques_held
          on received_cheques (tenant_id, cheque_on, id)
          where payment_id is null and returned_on is null;
        create index ix_received_cheques_dated
          on received_cheques (tenant_id, cheque_on desc, id desc);
        create index ix_received_cheques_party
          on received_cheques (tenant_id, party_id, cheque_on desc, id desc);
        create table cheque_invoices (
          tenant_id uuid not null
            constraint fk_cheque_invoices_tenant_id references tenants(id) on delete cascade,
          cheque_id uuid not null,
          invoice_id uuid not null,
          constraint pk_cheque_invoices primary key (tenant_id, cheque_id, invoice_id),
          constraint fk_cheque_invoices_cheque
            foreign key (tenant_id, cheque_id) references received_cheques(tenant_id, id),
          constraint fk_cheque_invoices_invoice
            foreign key (tenant_id, invoice_id) references invoices(tenant_id, id)
        );
        create index ix_cheque_invoices_invoice on cheque_invoices (tenant_id, invoice_id);
    """)
    protect("received_cheques", grants="select, insert, update")
    protect("cheque_invoices", grants="select, insert")
    for table in ("received_cheques", "cheque_invoices"):
        op.execute(mover_policy(table))


def downgrade() -> None:
    op.execute("""
        drop table cheque_invoices;
        drop table received_cheques;
        delete from app.sql_files where path like '%/guard_cheque.sql';
    """)
