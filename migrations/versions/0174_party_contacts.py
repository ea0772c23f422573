"""Contacts of customers and suppliers.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0174"
down_revision = "0173"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table party_contacts (
          tenant_id uuid not null
            constraint fk_party_contacts_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          party_id uuid not null,
          name text not null,
          role text,
          email text,
          phone text,
          is_default boolean not null default false,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint pk_party_contacts primary key (tenant_id, id),
          constraint fk_party_contacts_party
            foreign key (tenant_id, party_id) references parties(tenant_id, id) on delete cascade
        );
        create index ix_party_contacts_party on party_contacts (tenant_id, party_id);
        create unique index uq_party_contacts_default
          on party_contacts (tenant_id, party_id) where is_default;
    """)
    protect("party_contacts")
    op.execute(mover_policy("party_contacts"))


def downgrade() -> None:
    op.execute("drop table party_contacts")
