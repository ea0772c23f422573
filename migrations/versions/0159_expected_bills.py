"""Store the bills that suppliers of booked services are expected to send, and their matches.

The release before ignores the tables: services that it books expect no bill until their trip
changes.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0159"
down_revision = "0158"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table expected_bills (
          tenant_id uuid not null
            constraint fk_expected_bills_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          trip_id uuid not null,
          trip_line_id uuid,
          party_id uuid,
          currency text not null,
          amount_minor bigint not null,
          matched_minor bigint not null default 0,
          due_on date not null,
          status text not null default 'open',
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint pk_expected_bills primary key (tenant_id, id),
          constraint fk_expected_bills_trip foreign key (tenant_id, trip_id)
            references trips(tenant_id, id) on delete cascade,
          constraint fk_expected_bills_line foreign key (tenant_id, trip_line_id)
            references trip_lines(tenant_id, id) on delete set null (trip_line_id),
          constraint fk_expected_bills_party foreign key (tenant_id, party_id)
            references parties(tenant_id, id),
          constraint ck_expected_bills_currency check (currency ~ '^[A-Z]{3}$'),
          constraint ck_expected_bills_amounts check (amount_minor > 0 and matched_minor >= 0),
          constraint ck_expected_bills_status check (status in ('open', 'matched', 'released'))
        );
        create index ix_expected_bills_due on expected_bills (tenant_id, status, due_on, id);
        create index ix_expected_bills_party
          on expected_bills (tenant_id, party_id, status, due_on, id);
        create index ix_expected_bills_trip on expected_bills (tenant_id, trip_id);
        create index ix_expected_bills_line on expected_bills (tenant_id, trip_line_id);
        create unique index uq_expected_bills_line on expected_bills (tenant_id, trip_line_id)
          where status <> 'released';
    """)
    op.execute("""
        create table expected_bill_matches (
          tenant_id uuid not null
            constraint fk_expected_bill_matches_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          bill_id uuid not null,
          line_no bigint not null,
          expected_bill_id uuid not null,
          amount_minor bigint,
          is_final boolean not null default true,
          constraint pk_expected_bill_matches primary key (tenant_id, id),
          constraint uq_expected_bill_matches_line
            unique (tenant_id, bill_id, line_no, expected_bill_id),
          constraint fk_expected_bill_matches_bill foreign key (tenant_id, bill_id)
            references bills(tenant_id, id) on delete cascade,
          constraint fk_expected_bill_matches_expected foreign key (tenant_id, expected_bill_id)
            references expected_bills(tenant_id, id) on delete cascade,
          constraint ck_expected_bill_matches_amount check (amount_minor > 0)
        );
        create index ix_expected_bill_matches_expected
          on expected_bill_matches (tenant_id, expected_bill_id);
    """)
    protect("expected_bills", grants="select, insert, update")
    op.execute(mover_policy("expected_bills"))
    protect("expected_bill_matches")
    op.execute(mover_policy("expected_bill_matches"))


def downgrade() -> None:
    op.execute("drop table expected_bill_matches; drop table expected_bills")
