"""Note on each person who invited them, and since when they are suspended.

The inviter of people who joined before is found by their address, unless they have changed it. The
release before ignores the columns, and treats a suspended person as removed.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0115"
down_revision = "0114"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table users add column invited_by_user_id uuid;
        alter table users add column suspended_at timestamptz;
        alter table users add constraint ck_users_suspended
          check (suspended_at is null or not is_active) not valid;
        alter table users validate constraint ck_users_suspended;
        alter table users add constraint fk_users_inviter
          foreign key (tenant_id, invited_by_user_id) references users(tenant_id, id) not valid;
    """)
    # Row security is forced, so it binds the owner of the tables too.
    for table in ("users", "invites"):
        op.execute(f"alter table {table} no force row level security")
    op.execute("""
        update users u set invited_by_user_id = i.invited_by_user_id
          from (select distinct on (tenant_id, email) tenant_id, email, invited_by_user_id
                  from invites where status = 'accepted'
                 order by tenant_id, email, accepted_at desc) i
         where i.tenant_id = u.tenant_id and i.email = u.email and u.is_active
           and i.invited_by_user_id <> u.id
    """)
    op.execute("alter table users validate constraint fk_users_inviter")
    for table in ("users", "invites"):
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    """Remove the people who are suspended, because the release before knows no other state."""
    op.execute("alter table users no force row level security")
    op.execute(
        "update users set removed_at = suspended_at where suspended_at is not null"
        " and removed_at is null"
    )
    op.execute("alter table users force row level security")
    op.execute("""
        alter table users drop constraint fk_users_inviter;
        alter table users drop constraint ck_users_suspended;
        alter table users drop column suspended_at;
        alter table users drop column invited_by_user_id;
    """)
