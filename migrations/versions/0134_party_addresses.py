"""Further addresses of customers and suppliers.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0134"
down_revision = "0133"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table party_addresses (
          tenant_id uuid not null
            constraint fk_party_addresses_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          party_id uuid not null,
          kind text not null,
          lines text not null,
          city text,
          postcode text,
          country text,
          state text,
          is_default boolean not null default false,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint pk_party_addresses primary key (tenant_id, id),
          constraint fk_party_addresses_party
            foreign key (tenant_id, party_id) references parties(tenant_id, id) on delete cascade,
          constraint ck_party_addresses_kind check (kind in ('billing', 'shipping', 'office')),
          constraint ck_party_addresses_country check (country ~ '^[A-Z]{2}$'),
          constraint ck_party_addresses_state check (state is null or country is not null)
        );
        create index ix_party_addresses_party on party_addresses (tenant_id, party_id);
        create unique index uq_party_addresses_default
          on party_addresses (tenant_id, party_id, kind) where is_default;
    """)
    protect("party_addresses")
    op.execute(mover_policy("party_addresses"))


def downgrade() -> None:
    op.execute("drop table party_addresses")
