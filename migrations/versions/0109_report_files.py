"""Store large report files that workers make, for the person who requested them.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import protect

revision = "0109"
down_revision = "0108"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table report_files (
          tenant_id uuid not null,
          id uuid not null,
          user_id uuid not null,
          address text not null,
          credential jsonb not null,
          status text default 'waiting' not null,
          name text,
          media_type text,
          content bytea,
          created_at timestamp with time zone default now() not null,
          expires_at timestamp with time zone not null,
          constraint pk_report_files primary key (tenant_id, id),
          constraint fk_report_files_tenant_id_tenants foreign key (tenant_id)
            references tenants (id) on delete cascade,
          constraint fk_report_files_user foreign key (tenant_id, user_id)
            references users (tenant_id, id) on delete cascade,
          constraint ck_report_files_status
            check (status in ('waiting', 'running', 'done', 'failed')),
          constraint ck_report_files_content check ((status = 'done') = (content is not null))
        );
        create unique index uq_report_files_open on report_files (tenant_id, user_id, address)
          where status in ('waiting', 'running');
    """)
    protect("report_files")


def downgrade() -> None:
    op.execute("drop table report_files")
