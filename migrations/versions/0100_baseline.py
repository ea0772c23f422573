"""The schema of release 0.1: what its 63 migrations made, without functions and triggers.

The tables are in `migrations/baseline/`, one file for each package; functions and triggers are in
`voyagent/*/sql/` and follow the migrations (voyagent/kernel/database/sql_files.py). A database of
release 0.1 has this schema already; env.py marks it as being here.

Never edit this file once it has landed.
"""

from pathlib import Path

from alembic import op
from alembic.util import CommandError
from row_security import APP, LOOKUP, lookup_may_read, protect

revision = "0100"
down_revision = None
branch_labels = None
depends_on = None

TABLES = Path(__file__).resolve().parent.parent / "baseline"
# Each package's tables refer to those of the packages before it.
PACKAGES = (
    "identity", "settings", "audit", "mail", "http", "chat", "approvals", "parties", "enquiries",
    "trips", "ledger", "billing", "assistant", "imports",
)  # fmt: skip

# Roles belong to the whole server, so several databases may create them, also at the same time.
# Behind a policy the planner does not use column statistics. On a server of its own the look-up
# role bypasses row-level security, which makes its searches cheaper; elsewhere it has policies.
ROLES = f"""
do $$
begin
  begin
    create role {APP} nologin noinherit;
  exception when duplicate_object or unique_violation then null;
  end;
  begin
    create role {LOOKUP} nologin noinherit;
  exception when duplicate_object or unique_violation then null;
  end;
  if (select rolsuper from pg_roles where rolname = current_user)
     and (select not rolbypassrls from pg_roles where rolname = '{LOOKUP}') then
    alter role {LOOKUP} bypassrls;
  end if;
  execute format('grant {APP}, {LOOKUP} to %I', current_user);
end $$;

create extension if not exists pg_trgm;
create extension if not exists btree_gin;

create schema app;
grant usage on schema app to {APP}, {LOOKUP};
grant create on schema app to {LOOKUP};  -- as the owner of its functions
grant usage on schema public to {APP}, {LOOKUP};
"""

# The application defers and runs jobs. Metrics count failed jobs by an index that has no others.
JOBS = f"""
grant select, insert, update, delete on all tables in schema public to {APP};
revoke all on alembic_version from {APP};
grant select on alembic_version to {APP};
grant usage, select on all sequences in schema public to {APP};
grant select (status, scheduled_at) on procrastinate_jobs to {LOOKUP};
create index ix_procrastinate_jobs_failed on procrastinate_jobs (id) where status = 'failed';
"""

# Tables need these two functions: a generated column and two CHECK constraints call them. They are
# written here as they are at this revision; their current text is in voyagent/*/sql/.
FUNCTIONS = """
create function app.words_of(role text, blocks jsonb) returns text
language sql immutable parallel safe as $$
  select case
    when role in ('user', 'assistant') then
      lower(coalesce(string_agg(told.block->>'text', chr(31) order by told.place), ''))
    else ''
  end
    from jsonb_array_elements(blocks) with ordinality as told(block, place)
   where told.block->>'type' = 'text'
$$;

create function app.is_plan(dues date[], minors bigint[], issued date) returns boolean
language sql immutable as $$
  select coalesce(
    cardinality(dues) between 2 and 36 and cardinality(minors) = cardinality(dues)
    and array_position(dues, null) is null
    and issued <= dues[1] and dues[cardinality(dues)] <= '2200-12-31' and 0 < all(minors)
    and not exists (
      select 1 from generate_series(2, cardinality(dues)) place
       where dues[place] <= dues[place - 1]
    ), false)
$$;
"""

# What the application may do with the rows of its agency. What is posted or audited is only added
# to; counters and other roll-ups are never deleted.
ADDED = (
    "allocations", "audit_events", "credit_note_lines", "credit_note_taxes", "credit_notes",
    "imports", "journal_entries", "payments", "postings", "refunds", "supplier_credit_lines",
    "supplier_credit_taxes", "supplier_credits", "turn_costs", "write_offs",
)  # fmt: skip
ADDED_AND_DELETED = ("closed_months", "turn_admissions")
KEPT = (
    "accounts", "advances_by_day", "advances_by_party", "ageing_by_due", "ageing_by_party",
    "approval_counts", "audit_heads", "balances_day", "balances_month", "enquiries_by_hour",
    "enquiry_counts", "invoice_counts", "model_days", "number_series", "open_by_party", "parties",
    "tenant_settings", "trip_earnings",
)  # fmt: skip
CHANGED = (
    "api_keys", "approvals", "audit_checks", "auth_sessions", "bill_lines", "bill_taxes", "bills",
    "chat_events", "chat_messages", "chat_sessions", "chat_turn_steps", "chat_turns", "enquiries",
    "idempotency_keys", "invites", "invoice_lines", "invoice_taxes", "invoices", "mails",
    "missing_models", "one_time_tokens", "open_answers", "recovery_codes", "refresh_tokens",
    "revoked_tokens", "supplier_answers", "supplier_offers", "tenant_logos", "trip_lines",
    "trip_passengers", "trips", "users",
)  # fmt: skip
REVERSAL = "reversed_on, reversal_reason, reversal_entry_id, reversed_by_user_id"
COLUMNS = {
    "payments": f"allocated_minor, refunded_minor, {REVERSAL}",
    "refunds": REVERSAL,
    "credit_notes": REVERSAL,
    "supplier_credits": REVERSAL,
}

# What the look-up role may read of every agency: only what its functions need.
LOOKED_UP = {
    "tenants": "id, is_active, is_demo, display_name",
    "users": "tenant_id, id, email, role, password_hash, email_verified, is_active",
    "refresh_tokens": "tenant_id, id, session_id, token_hash",
    "invites": "tenant_id, id, token_hash",
    "one_time_tokens": "tenant_id, id, token_hash",
    "api_keys": "tenant_id, id, created_by_user_id, prefix, key_hash",
    "audit_events": "tenant_id, seq, entity_refs",
    "mails": "tenant_id, created_at, due_at, queued_at, useless_at, sent_at, failed_at",
    "idempotency_keys": "tenant_id, created_at",
    "chat_sessions": "tenant_id, id, created_at, deleted_at, last_message_at, search",
    "chat_turns": "tenant_id, status, created_at",
    "chat_messages": "tenant_id, session_id, search",
    "approvals": "tenant_id, expires_at, status, resolved_at, effect_status, hidden_at",
    "enquiries": (
        "tenant_id, id, customer_email, origin, destination, depart_date, status, search,"
        " created_at"
    ),
    "supplier_offers": "tenant_id, expires_at",
    "supplier_answers": "tenant_id, expires_at",
    "invoices": "tenant_id, id, status, issue_date, due_date, currency, party_key, search",
}


def upgrade() -> None:
    op.execute(ROLES)
    _run(TABLES / "procrastinate.sql")
    op.execute(JOBS)
    op.execute(FUNCTIONS)
    for package in PACKAGES:
        _run(TABLES / f"{package}.sql")
    protect("tenants", column="id", grants="select, insert, update")
    for tables, grants in (
        (ADDED, "select, insert"),
        (ADDED_AND_DELETED, "select, insert, delete"),
        (KEPT, "select, insert, update"),
        (CHANGED, "select, insert, update, delete"),
    ):
        for table in tables:
            protect(table, grants=grants)
    for table, columns in COLUMNS.items():
        op.execute(f"grant update ({columns}) on {table} to {APP}")
    for table, columns in LOOKED_UP.items():
        lookup_may_read(table, columns)


def downgrade() -> None:
    raise CommandError(
        "There is no way back from the first revision: drop the database to begin anew."
    )


def _run(path: Path) -> None:
    # The driver takes a script of many statements; `%` and `:` in it are no parameters.
    op.get_bind().connection.cursor().execute(path.read_bytes())
