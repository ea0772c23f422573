"""The books: accounts, journal entries with their postings, and the balances of each month, guarded by the database itself.

Never edit this file once it has landed.
"""

from alembic import op
from walls import append_only, tenant_wall

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table accounts (
      tenant_id uuid not null constraint fk_accounts_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      code text not null,
      name text not null,
      type text not null,
      normal_side text not null,
      purpose text,
      is_active boolean not null default true,
      created_at timestamptz not null default now(),
      constraint pk_accounts primary key (tenant_id, id),
      constraint uq_accounts_code unique (tenant_id, code),
      constraint uq_accounts_purpose unique (tenant_id, purpose),
      constraint ck_accounts_code check (code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$'),
      constraint ck_accounts_type check (type in ('asset', 'liability', 'equity', 'revenue', 'expense')),
      constraint ck_accounts_normal_side check (normal_side in ('debit', 'credit'))
    )
    """,
    """
    create table journal_entries (
      tenant_id uuid not null constraint fk_journal_entries_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      entry_date date not null,
      narration text not null,
      source_type text not null,
      source_id uuid not null,
      purpose text not null,
      line_count bigint not null,
      reverses_id uuid,
      created_by_user_id uuid,
      recorded_at timestamptz not null default now(),
      constraint pk_journal_entries primary key (tenant_id, id),
      constraint uq_journal_entries_source unique (tenant_id, source_type, source_id, purpose),
      constraint uq_journal_entries_reverses_id unique (tenant_id, reverses_id),
      constraint fk_journal_entries_reverses foreign key (tenant_id, reverses_id) references journal_entries(tenant_id, id),
      constraint fk_journal_entries_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint ck_journal_entries_date check (entry_date between '1900-01-01' and '2200-12-31'),
      constraint ck_journal_entries_lines check (line_count >= 2),
      constraint ck_journal_entries_reverses check (reverses_id <> id)
    )
    """,
    "create index ix_journal_entries_date on journal_entries (tenant_id, entry_date desc, id desc)",
    """
    create table postings (
      tenant_id uuid not null constraint fk_postings_tenant_id references tenants(id) on delete cascade,
      entry_id uuid not null,
      line_no bigint not null,
      account_id uuid not null,
      currency text not null,
      debit_minor bigint not null default 0,
      credit_minor bigint not null default 0,
      effective_date date not null,
      party_name text,
      memo text,
      constraint pk_postings primary key (tenant_id, entry_id, line_no),
      constraint fk_postings_entry foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
      constraint fk_postings_account foreign key (tenant_id, account_id) references accounts(tenant_id, id),
      constraint ck_postings_line_no check (line_no >= 1),
      constraint ck_postings_currency check (currency ~ '^[A-Z]{3}$'),
      constraint ck_postings_sides check (debit_minor >= 0 and credit_minor >= 0 and (debit_minor > 0) <> (credit_minor > 0))
    )
    """,
    "create index ix_postings_date on postings (tenant_id, effective_date, account_id)",
    "create index ix_postings_account on postings (tenant_id, account_id, effective_date)",
    """
    create table balances_month (
      tenant_id uuid not null constraint fk_balances_month_tenant_id references tenants(id) on delete cascade,
      account_id uuid not null,
      currency text not null,
      month date not null,
      debit_minor bigint not null default 0,
      credit_minor bigint not null default 0,
      constraint pk_balances_month primary key (tenant_id, account_id, currency, month),
      constraint fk_balances_month_account foreign key (tenant_id, account_id) references accounts(tenant_id, id)
    ) with (fillfactor = 50)
    """,
]

# An entry says how many lines it has, so one look at commit proves it whole, and no line can ever join it later: 1 to n are taken, more are refused.
CHECK_ENTRY = """
create function app.check_entry() returns trigger language plpgsql as $$
declare
  found_lines bigint;
  last_line bigint;
  same_day boolean;
  unbalanced text;
begin
  select count(*), max(line_no), bool_and(effective_date = new.entry_date) into found_lines, last_line, same_day
    from postings where tenant_id = new.tenant_id and entry_id = new.id;
  if found_lines <> new.line_count or last_line <> new.line_count then
    raise exception 'journal entry has % of its % lines', found_lines, new.line_count using errcode = 'check_violation', constraint = 'ck_entry_complete';
  end if;
  if not same_day then
    raise exception 'a posting has another day than its journal entry' using errcode = 'check_violation', constraint = 'ck_entry_day';
  end if;
  select currency into unbalanced from postings where tenant_id = new.tenant_id and entry_id = new.id
    group by currency having sum(debit_minor) <> sum(credit_minor) limit 1;
  if unbalanced is not null then
    raise exception 'journal entry does not balance in %', unbalanced using errcode = 'check_violation', constraint = 'ck_entry_balanced';
  end if;
  return null;
end $$
"""

# The rows of a statement are taken in the order of their key, so that two entries at once wait for each other and never deadlock.
ROLL_UP = """
create function app.roll_up_postings() returns trigger language plpgsql as $$
begin
  if exists (select 1 from new_rows n join journal_entries e on e.tenant_id = n.tenant_id and e.id = n.entry_id where n.line_no > e.line_count) then
    raise exception 'a posted journal entry takes no further line' using errcode = 'restrict_violation';
  end if;
  insert into balances_month as b (tenant_id, account_id, currency, month, debit_minor, credit_minor)
    select tenant_id, account_id, currency, date_trunc('month', effective_date::timestamp)::date, sum(debit_minor), sum(credit_minor)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, account_id, currency, month)
      do update set debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor;
  return null;
end $$
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    tenant_wall("accounts", grants="select, insert, update")
    tenant_wall("journal_entries", grants="select, insert")
    tenant_wall("postings", grants="select, insert")
    tenant_wall("balances_month", grants="select, insert, update")
    append_only("journal_entries")
    append_only("postings")
    op.execute(CHECK_ENTRY)
    op.execute(
        "create constraint trigger journal_entries_checked after insert on journal_entries deferrable initially deferred"
        " for each row execute function app.check_entry()"
    )
    op.execute(ROLL_UP)
    op.execute(
        "create trigger postings_rolled_up after insert on postings referencing new table as new_rows"
        " for each statement execute function app.roll_up_postings()"
    )


def downgrade() -> None:
    for table in ("balances_month", "postings", "journal_entries", "accounts"):
        op.execute(f"drop table {table}")
    op.execute("drop function app.roll_up_postings()")
    op.execute("drop function app.check_entry()")
