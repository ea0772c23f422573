"""Let records of one customer or supplier be merged, and a merge be undone.

The release before ignores the tables, so it shows each record for itself.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0163"
down_revision = "0162"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table party_merges (
          tenant_id uuid not null
            constraint fk_party_merges_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          from_id uuid not null,
          into_id uuid not null,
          reason text not null,
          merged_at timestamptz not null,
          merged_by_user_id uuid,
          undone_at timestamptz,
          undone_by_user_id uuid,
          constraint pk_party_merges primary key (tenant_id, id),
          constraint fk_party_merges_from
            foreign key (tenant_id, from_id) references parties(tenant_id, id),
          constraint fk_party_merges_into
            foreign key (tenant_id, into_id) references parties(tenant_id, id),
          constraint fk_party_merges_merger
            foreign key (tenant_id, merged_by_user_id) references users(tenant_id, id),
          constraint fk_party_merges_undoer
            foreign key (tenant_id, undone_by_user_id) references users(tenant_id, id),
          constraint ck_party_merges_parties check (from_id <> into_id),
          constraint ck_party_merges_reason check (length(reason) between 1 and 500),
          constraint ck_party_merges_undone
            check (undone_at is not null or undone_by_user_id is null)
        );
        create unique index uq_party_merges_from
          on party_merges (tenant_id, from_id) where undone_at is null;
        create index ix_party_merges_into on party_merges (tenant_id, into_id);
        create table party_roots (
          tenant_id uuid not null
            constraint fk_party_roots_tenant_id references tenants(id) on delete cascade,
          party_id uuid not null,
          root_id uuid not null,
          constraint pk_party_roots primary key (tenant_id, party_id),
          constraint fk_party_roots_party
            foreign key (tenant_id, party_id) references parties(tenant_id, id),
          constraint fk_party_roots_root
            foreign key (tenant_id, root_id) references parties(tenant_id, id),
          constraint ck_party_roots_parties check (party_id <> root_id)
        );
        create index ix_party_roots_root on party_roots (tenant_id, root_id);
    """)
    protect("party_merges", grants="select, insert, update")
    protect("party_roots")
    for table in ("party_merges", "party_roots"):
        op.execute(mover_policy(table))


def downgrade() -> None:
    op.execute("drop table party_roots; drop table party_merges")
