"""Keep a copy of each signed statement of an audit log.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import protect

revision = "0106"
down_revision = "0105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table audit_statements (
          tenant_id uuid not null
            constraint fk_audit_statements_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          number bigint not null,
          seq bigint not null,
          head bytea not null,
          kid text not null,
          signed_at timestamptz not null,
          document text not null,
          mailed_at timestamptz,
          constraint pk_audit_statements primary key (tenant_id, id),
          constraint uq_audit_statements_number unique (tenant_id, number),
          constraint ck_audit_statements_numbers check (number >= 1 and seq >= 0),
          constraint ck_audit_statements_head check (octet_length(head) = 32),
          constraint ck_audit_statements_kid check (kid ~ '^[0-9a-f]{32}$'),
          constraint ck_audit_statements_document check (octet_length(document) <= 4096)
        )
        """
    )
    protect("audit_statements", grants="select, insert, update (mailed_at)")


def downgrade() -> None:
    op.drop_table("audit_statements")
