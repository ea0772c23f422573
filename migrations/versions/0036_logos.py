"""The picture that an agency has on its documents.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table tenant_logos (
          tenant_id uuid not null constraint fk_tenant_logos_tenant_id references tenants(id) on delete cascade,
          media_type text not null,
          content bytea not null,
          digest text not null,
          width bigint not null,
          height bigint not null,
          constraint pk_tenant_logos primary key (tenant_id),
          constraint ck_tenant_logos_media_type check (media_type in ('image/png', 'image/jpeg')),
          constraint ck_tenant_logos_content check (octet_length(content) between 1 and 2000000),
          constraint ck_tenant_logos_digest check (digest ~ '^[0-9a-f]{64}$'),
          constraint ck_tenant_logos_size check (width between 1 and 800 and height between 1 and 400)
        )
        """
    )
    tenant_wall("tenant_logos")


def downgrade() -> None:
    op.execute("drop table tenant_logos")
