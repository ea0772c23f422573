"""Links of records to people, erasures, retention periods, and the role that pseudonymises.

The role cannot sign in and owns one function. Its grants limit it to columns with texts.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import BOUND, protect

revision = "0105"
down_revision = "0104"
branch_labels = None
depends_on = None

ERASER = "voyagent_eraser"
TEXTS = {
    "invoices": "party_name, party_reference, notes, sent_to, void_reason",
    "invoice_lines": "description",
    "bills": "party_name, party_reference, notes, void_reason",
    "bill_lines": "description",
    "payments": "party_name, reference, reversal_reason",
    "refunds": "reference, reversal_reason",
    "credit_notes": "party_name, reason, reversal_reason",
    "credit_note_lines": "description",
    "supplier_credits": "party_name, reason, reversal_reason",
    "supplier_credit_lines": "description",
    "write_offs": "reason",
    "journal_entries": "narration",
    "postings": "party_name, memo",
}
# Triggers on documents and payments write these as the role.
ROLL_UPS = (
    "ageing_by_due", "ageing_by_party", "advances_by_day", "advances_by_party", "invoice_counts",
    "party_open_balances",
)  # fmt: skip


def upgrade() -> None:
    op.execute(f"""
        do $$
        begin
          if not exists (select from pg_roles where rolname = '{ERASER}') then
            begin
              create role {ERASER} nologin noinherit;
            exception when duplicate_object or unique_violation then null;
            end;
          end if;
          execute format('grant {ERASER} to %I', current_user);
        end $$;
        grant usage on schema app, public to {ERASER};
        grant create on schema app to {ERASER};  -- as the owner of its function

        create table person_links (
          tenant_id uuid not null
            constraint fk_person_links_tenant_id references tenants(id) on delete cascade,
          party_id uuid not null,
          kind text not null,
          record_id uuid not null,
          confirmed_by_user_id uuid,
          confirmed_at timestamptz not null default now(),
          constraint pk_person_links primary key (tenant_id, party_id, kind, record_id),
          constraint fk_person_links_party
            foreign key (tenant_id, party_id) references parties(tenant_id, id),
          constraint fk_person_links_confirmer
            foreign key (tenant_id, confirmed_by_user_id) references users(tenant_id, id),
          constraint ck_person_links_kind
            check (kind in ('enquiry', 'passenger', 'trip', 'conversation'))
        );
        create table erasures (
          tenant_id uuid not null
            constraint fk_erasures_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          party_id uuid not null,
          pseudonym text not null,
          reason text not null,
          erased_by_user_id uuid,
          erased_at timestamptz not null,
          counts jsonb not null,
          identity_sealed bytea,
          identity_until date,
          constraint pk_erasures primary key (tenant_id, id),
          constraint uq_erasures_party unique (tenant_id, party_id),
          constraint fk_erasures_party
            foreign key (tenant_id, party_id) references parties(tenant_id, id),
          constraint fk_erasures_eraser
            foreign key (tenant_id, erased_by_user_id) references users(tenant_id, id),
          constraint ck_erasures_reason check (length(reason) between 1 and 500),
          constraint ck_erasures_counts check (jsonb_typeof(counts) = 'object'),
          constraint ck_erasures_identity
            check (identity_sealed is null or identity_until is not null)
        );
        create index ix_erasures_identity
          on erasures (tenant_id, identity_until) where identity_sealed is not null;
        alter table tenant_settings add column retention jsonb not null default '{{}}';
        alter table tenant_settings add constraint ck_tenant_settings_retention
          check (jsonb_typeof(retention) = 'object');
    """)
    protect("person_links", grants="select, insert, delete")
    protect("erasures", grants="select, insert, update")
    _let_eraser("allocations", "select")  # read by a check of payments at commit
    for table, columns in TEXTS.items():
        _let_eraser(table, f"select, update ({columns})")
    for table in ROLL_UPS:
        _let_eraser(table, "select, insert, update, delete")


def downgrade() -> None:
    for table in ("allocations", *TEXTS, *ROLL_UPS):
        op.execute(f"drop policy {table}_eraser on {table}; revoke all on {table} from {ERASER}")
    for table, columns in TEXTS.items():
        op.execute(f"revoke update ({columns}) on {table} from {ERASER}")
    op.execute(f"""
        revoke all on schema app, public from {ERASER};
        alter table tenant_settings drop column retention;
        drop table erasures;
        drop table person_links;
    """)


def _let_eraser(table: str, grants: str) -> None:
    op.execute(
        f"create policy {table}_eraser on {table} to {ERASER}"
        f" using (tenant_id = {BOUND}) with check (tenant_id = {BOUND});"
        f" grant {grants} on {table} to {ERASER}"
    )
