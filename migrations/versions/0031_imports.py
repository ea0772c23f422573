"""Which files an agency has taken, so that the same one is never taken twice.

Never edit this file once it has landed.
"""

from alembic import op
from walls import append_only, tenant_wall

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table imports (
          tenant_id uuid not null constraint fk_imports_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          kind text not null,
          digest text not null,
          row_count bigint not null,
          effective_on date,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_imports primary key (tenant_id, id),
          constraint uq_imports_digest unique (tenant_id, kind, digest),
          constraint fk_imports_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_imports_digest check (digest ~ '^[0-9a-f]{64}$'),
          constraint ck_imports_rows check (row_count > 0)
        )
        """
    )
    tenant_wall("imports", grants="select, insert")
    append_only("imports")


def downgrade() -> None:
    op.execute("drop table imports")
