"""Figures of the whole installation for its operator: one look-up that counts what is open now, over indexes that hold nothing else.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function, lookup_may_read

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Each holds the rows that are open (or, of conversations, an order by their last word), so that a count costs the same at any age of the installation.
INDEXES = {
    "ix_chat_sessions_last_message": "chat_sessions (last_message_at) where deleted_at is null",
    "ix_chat_turns_unfinished": "chat_turns (status) where status in ('queued', 'running')",
    "ix_approvals_undecided": "approvals (expires_at) where status = 'pending' and hidden_at is null",
    "ix_procrastinate_jobs_failed": "procrastinate_jobs (id) where status = 'failed'",
}

# Failed jobs are kept for as long as nobody looks at them, so their count ends at ten thousand.
FIGURES = """
begin
  return query
    select 'active_sessions', count(*) from chat_sessions s where s.deleted_at is null and s.last_message_at > now() - interval '1 hour'
    union all select 'turns_waiting', count(*) from chat_turns t where t.status = 'queued'
    union all select 'turns_running', count(*) from chat_turns t where t.status = 'running'
    union all select 'approvals_pending', count(*) from approvals a where a.status = 'pending' and a.hidden_at is null and a.expires_at > now()
    union all select 'mails_waiting', count(*) from mails m where m.sent_at is null and m.failed_at is null
    union all
    select 'jobs_' || j.state, count(*) from (
      select case when p.status = 'doing' then 'running' when p.scheduled_at > now() then 'scheduled' else 'waiting' end as state
        from procrastinate_jobs p where p.status in ('todo', 'doing')
    ) j group by j.state
    union all select 'jobs_failed', count(*) from (select 1 from procrastinate_jobs p where p.status = 'failed' limit 10000) f;
end
"""


def upgrade() -> None:
    for name, what in INDEXES.items():
        op.execute(f"create index {name} on {what}")
    lookup_may_read("chat_sessions", "deleted_at, last_message_at")
    lookup_may_read("chat_turns", "status")
    lookup_may_read("approvals", "status, expires_at, hidden_at")
    op.execute("grant select (status, scheduled_at) on procrastinate_jobs to voyagent_lookup")
    lookup_function("figures() returns table(figure text, number bigint)", FIGURES)


def downgrade() -> None:
    op.execute("drop function app.figures()")
    op.execute("revoke select (status, scheduled_at) on procrastinate_jobs from voyagent_lookup")
    for table, columns in (
        ("approvals", "status, expires_at, hidden_at"),
        ("chat_turns", "status"),
        ("chat_sessions", "deleted_at, last_message_at"),
    ):
        op.execute(f"revoke select ({columns}) on {table} from voyagent_lookup")
        op.execute(f"drop policy {table}_lookup on {table}")
    for name in INDEXES:
        op.execute(f"drop index {name}")
