"""Index the open jobs by agency, so that a new job finds its agency's last one at once.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0108"
down_revision = "0107"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "create index ix_procrastinate_jobs_agency on procrastinate_jobs"
        " ((coalesce(args->>'tenant_id', '')), priority) where status in ('todo', 'doing')"
    )


def downgrade() -> None:
    op.execute("drop index ix_procrastinate_jobs_agency")
