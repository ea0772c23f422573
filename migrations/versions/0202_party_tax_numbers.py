"""Further tax numbers of customers and suppliers.

The release before ignores them.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0202"
down_revision = "0201"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table party_tax_numbers (
          tenant_id uuid not null
            constraint fk_party_tax_numbers_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          party_id uuid not null,
          country text not null,
          state text,
          number_sealed bytea not null,
          number_digests bytea[] not null,
          is_default boolean not null default false,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint pk_party_tax_numbers primary key (tenant_id, id),
          constraint fk_party_tax_numbers_party
            foreign key (tenant_id, party_id) references parties(tenant_id, id) on delete cascade,
          constraint ck_party_tax_numbers_country check (country ~ '^[A-Z]{2}$')
        );
        create index ix_party_tax_numbers_party on party_tax_numbers (tenant_id, party_id);
        create unique index uq_party_tax_numbers_default
          on party_tax_numbers (tenant_id, party_id, country, coalesce(state, ''))
          where is_default;
    """)
    protect("party_tax_numbers")
    op.execute(mover_policy("party_tax_numbers"))


def downgrade() -> None:
    op.execute("drop table party_tax_numbers")
