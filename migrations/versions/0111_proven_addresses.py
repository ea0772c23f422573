"""Note on each person if a mailed link has proven the e-mail address.

Invitations prove nothing, because their link is shown to whoever invites. So the people who joined
by one start without the mark. The release before ignores the column.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0111"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table users add column email_proven boolean not null default false")
    # Row security is forced, so it binds the owner of the tables too.
    for table in ("users", "invites"):
        op.execute(f"alter table {table} no force row level security")
    op.execute("""
        update users u set email_proven = true
         where u.email_verified
           and not exists (select 1 from invites i
                            where i.tenant_id = u.tenant_id and i.email = u.email
                              and i.status = 'accepted')
    """)
    for table in ("users", "invites"):
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    op.execute("alter table users drop column email_proven")
