"""Personal text of audit events, outside the chain, so that it can be erased.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import protect

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table audit_private (
          tenant_id uuid not null
            constraint fk_audit_private_tenant_id references tenants(id) on delete cascade,
          seq bigint not null,
          salt bytea not null,
          parts jsonb not null,
          constraint pk_audit_private primary key (tenant_id, seq),
          constraint ck_audit_private_parts check (jsonb_typeof(parts) = 'object'),
          constraint ck_audit_private_salt check (octet_length(salt) = 16)
        )
    """)
    protect("audit_private", grants="select, insert, delete")


def downgrade() -> None:
    op.execute("drop table audit_private")
