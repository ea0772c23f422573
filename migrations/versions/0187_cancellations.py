"""Store the cancellations of sales, and what each did with the lines of invoices.

The release before ignores the tables. It would reverse a credit note of a cancellation, or credit
what a cancellation has kept, on the accounts of a sale that is not cancelled.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import BOUND, mover_policy, protect

revision = "0187"
down_revision = "0186"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table cancellations (
          tenant_id uuid not null
            constraint fk_cancellations_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          number text not null,
          trip_id uuid,
          cancelled_on date not null,
          reason text not null,
          preview_hash text not null,
          fee_invoice_id uuid,
          refund_id uuid,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_cancellations primary key (tenant_id, id),
          constraint uq_cancellations_number unique (tenant_id, number),
          constraint fk_cancellations_trip
            foreign key (tenant_id, trip_id) references trips(tenant_id, id),
          constraint fk_cancellations_fee
            foreign key (tenant_id, fee_invoice_id) references invoices(tenant_id, id),
          constraint fk_cancellations_refund
            foreign key (tenant_id, refund_id) references refunds(tenant_id, id),
          constraint fk_cancellations_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_cancellations_number check (length(number) <= 16),
          constraint ck_cancellations_date
            check (cancelled_on between '1900-01-01' and '2200-12-31'),
          constraint ck_cancellations_reason check (length(reason) between 1 and 500),
          constraint ck_cancellations_hash check (preview_hash ~ '^[0-9a-f]{64}$')
        );
        create index ix_cancellations_trip
          on cancellations (tenant_id, trip_id) where trip_id is not null;
        create table cancellation_lines (
          tenant_id uuid not null
            constraint fk_cancellation_lines_tenant_id
              references tenants(id) on delete cascade,
          cancellation_id uuid not null,
          position bigint not null,
          invoice_id uuid,
          invoice_line_no bigint,
          credit_note_id uuid,
          bill_id uuid,
          bill_line_no bigint,
          supplier_credit_id uuid,
          currency text not null,
          customer_credit_minor bigint not null default 0,
          kept_minor bigint not null default 0,
          commission_recalled_minor bigint not null default 0,
          tax_treatment text not null default 'keep',
          supplier_refund_minor bigint not null default 0,
          supplier_charge_minor bigint not null default 0,
          supplier_expected_on date,
          constraint pk_cancellation_lines
            primary key (tenant_id, cancellation_id, position),
          constraint fk_cancellation_lines_cancellation
            foreign key (tenant_id, cancellation_id) references cancellations(tenant_id, id),
          constraint fk_cancellation_lines_invoice
            foreign key (tenant_id, invoice_id) references invoices(tenant_id, id),
          constraint fk_cancellation_lines_note
            foreign key (tenant_id, credit_note_id) references credit_notes(tenant_id, id),
          constraint fk_cancellation_lines_bill
            foreign key (tenant_id, bill_id) references bills(tenant_id, id),
          constraint fk_cancellation_lines_credit
            foreign key (tenant_id, supplier_credit_id)
            references supplier_credits(tenant_id, id),
          constraint ck_cancellation_lines_document check (
            num_nonnulls(invoice_id, bill_id) = 1
            and (invoice_id is null) = (invoice_line_no is null)
            and (bill_id is null) = (bill_line_no is null)
          ),
          constraint ck_cancellation_lines_currency check (currency ~ '^[A-Z]{3}$'),
          constraint ck_cancellation_lines_amounts check (
            customer_credit_minor >= 0 and kept_minor >= 0
            and commission_recalled_minor between 0 and customer_credit_minor
            and supplier_refund_minor >= 0 and supplier_charge_minor >= 0
          ),
          constraint ck_cancellation_lines_tax check (tax_treatment in ('credit', 'keep'))
        );
        create index ix_cancellation_lines_invoice
          on cancellation_lines (tenant_id, invoice_id) where invoice_id is not null;
        create index ix_cancellation_lines_bill
          on cancellation_lines (tenant_id, bill_id) where bill_id is not null;
    """)
    for table, texts in (("cancellations", ", update (reason)"), ("cancellation_lines", "")):
        protect(table, grants="select, insert")
        op.execute(mover_policy(table))
        op.execute(f"""
            create policy {table}_eraser on {table} to voyagent_eraser
              using (tenant_id = {BOUND}) with check (tenant_id = {BOUND});
            grant select{texts} on {table} to voyagent_eraser;
        """)


def downgrade() -> None:
    op.execute("""
        drop table cancellation_lines;
        drop table cancellations;
        delete from app.sql_files
         where path ~ '/(append_only_billing|pseudonymise_party)[.]sql$';
    """)
