"""Keep the PDF of an invoice or credit note as it was issued.

The release before ignores the table. It may print a document that has a kept file, and shows the
present letterhead then, as it did before.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import BOUND, mover_policy, protect

revision = "0141"
down_revision = "0140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table kept_papers (
          tenant_id uuid not null,
          id uuid not null,
          kind text not null,
          document_id uuid not null,
          locale text not null,
          sha256 bytea not null,
          content bytea not null,
          kept_at timestamp with time zone default now() not null,
          sealed_by bytea generated always as ("substring"(content, 1, 9)) stored not null,
          constraint pk_kept_papers primary key (tenant_id, id),
          constraint uq_kept_papers_document unique (tenant_id, kind, document_id),
          constraint fk_kept_papers_tenant_id_tenants foreign key (tenant_id)
            references tenants (id) on delete cascade,
          constraint ck_kept_papers_kind check (kind in ('invoice', 'credit_note')),
          constraint ck_kept_papers_locale check (locale in ('en', 'hi')),
          constraint ck_kept_papers_sha256 check (length(sha256) = 32)
        );
    """)
    protect("kept_papers", grants="select, insert, update (content)")
    op.execute(mover_policy("kept_papers"))
    op.execute(f"""
        create policy kept_papers_eraser on kept_papers to voyagent_eraser
          using (tenant_id = {BOUND}) with check (tenant_id = {BOUND});
        grant select, delete on kept_papers to voyagent_eraser;
    """)


def downgrade() -> None:
    op.execute("""
        drop table kept_papers;
        drop function app.guard_kept_paper();
        drop function app.forget_kept_paper() cascade;  -- with its triggers
        delete from app.sql_files where path like '%kept_paper.sql';
    """)
