"""What each party has open, and what is paid ahead by day and by party, as roll-ups: reports of today cost the same whatever is behind them.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table open_by_party (
      tenant_id uuid not null constraint fk_open_by_party_tenant_id references tenants(id) on delete cascade,
      kind text not null,
      currency text not null,
      party_key text not null,
      party_name text not null,
      n bigint not null default 0,
      open_minor bigint not null default 0,
      constraint pk_open_by_party primary key (tenant_id, kind, currency, party_key)
    ) with (fillfactor = 50)
    """,
    "create index ix_open_by_party_open on open_by_party (tenant_id, kind) where n > 0",
    """
    create table advances_by_day (
      tenant_id uuid not null constraint fk_advances_by_day_tenant_id references tenants(id) on delete cascade,
      direction text not null,
      currency text not null,
      paid_on date not null,
      n bigint not null default 0,
      unapplied_minor bigint not null default 0,
      constraint pk_advances_by_day primary key (tenant_id, direction, currency, paid_on)
    ) with (fillfactor = 50)
    """,
    "create index ix_advances_by_day_left on advances_by_day (tenant_id, direction, paid_on) where n > 0",
    """
    create table advances_by_party (
      tenant_id uuid not null constraint fk_advances_by_party_tenant_id references tenants(id) on delete cascade,
      direction text not null,
      currency text not null,
      party_key text not null,
      party_name text not null,
      n bigint not null default 0,
      unapplied_minor bigint not null default 0,
      constraint pk_advances_by_party primary key (tenant_id, direction, currency, party_key)
    ) with (fillfactor = 50)
    """,
    "create index ix_advances_by_party_left on advances_by_party (tenant_id, direction) where n > 0",
]

# What a party has open is the sum of its months, so it follows them; the rows of a statement are taken in the order of their key, as everywhere.
FOLLOW = """
create function app.sum_up_parties() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into open_by_party as a (tenant_id, kind, currency, party_key, party_name, n, open_minor)
      select tenant_id, kind, currency, party_key, max(party_name), sum(n), sum(open_minor) from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
      on conflict (tenant_id, kind, currency, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;
  else
    insert into open_by_party as a (tenant_id, kind, currency, party_key, party_name, n, open_minor)
      select tenant_id, kind, currency, party_key, max(party_name), sum(n), sum(open_minor) from (
        select tenant_id, kind, currency, party_key, party_name, n, open_minor from new_rows
        union all select tenant_id, kind, currency, party_key, null, -n, -open_minor from old_rows) m
       group by 1, 2, 3, 4 order by 1, 2, 3, 4
      on conflict (tenant_id, kind, currency, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;
  end if;
  return null;
end $$
"""

_MOVED_IN = "select tenant_id, direction, currency, paid_on, party_key, party_name, 1 as step, {left} as minor from new_rows where {left} > 0"
_MOVED_OVER = (
    _MOVED_IN
    + " union all select tenant_id, direction, currency, paid_on, party_key, party_name, -1, -({left}) from old_rows where {left} > 0"
)
_LEFT = "amount_minor - allocated_minor - refunded_minor"
_BOOK = """
    insert into advances_by_day as a (tenant_id, direction, currency, paid_on, n, unapplied_minor)
      select tenant_id, direction, currency, paid_on, sum(step), sum(minor) from ({moved}) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, paid_on)
        do update set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor;
    insert into advances_by_party as a (tenant_id, direction, currency, party_key, party_name, n, unapplied_minor)
      select tenant_id, direction, currency, party_key, max(party_name), sum(step), sum(minor) from ({moved}) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, party_key)
        do update set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor, party_name = excluded.party_name;
"""
ROLL_UP = f"""
create function app.roll_up_payments() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then {_BOOK.format(moved=_MOVED_IN.format(left=_LEFT))}
  else {_BOOK.format(moved=_MOVED_OVER.format(left=_LEFT))}
  end if;
  return null;
end $$
"""
_ROWS = {
    "in": ("insert", "new table as new_rows"),
    "over": ("update", "old table as old_rows new table as new_rows"),
}
TRIGGERS = [
    f"create trigger {table}_{name}_{suffix} after {act} on {table} referencing {rows} for each statement execute function {function}"
    for table, name, function in (
        ("ageing_by_party", "summed_up", "app.sum_up_parties()"),
        ("payments", "rolled_up", "app.roll_up_payments()"),
    )
    for suffix, (act, rows) in _ROWS.items()
]

# What was booked before.
BACKFILL = [
    """
    insert into open_by_party (tenant_id, kind, currency, party_key, party_name, n, open_minor)
      select tenant_id, kind, currency, party_key, max(party_name), sum(n), sum(open_minor) from ageing_by_party group by 1, 2, 3, 4
    """,
    f"""
    insert into advances_by_day (tenant_id, direction, currency, paid_on, n, unapplied_minor)
      select tenant_id, direction, currency, paid_on, count(*) filter (where {_LEFT} > 0), sum({_LEFT}) from payments group by 1, 2, 3, 4
    """,
    f"""
    insert into advances_by_party (tenant_id, direction, currency, party_key, party_name, n, unapplied_minor)
      select tenant_id, direction, currency, party_key, max(party_name), count(*) filter (where {_LEFT} > 0), sum({_LEFT}) from payments group by 1, 2, 3, 4
    """,
]
_NEW = ("open_by_party", "advances_by_day", "advances_by_party")


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    # Even the owner is behind the wall while it is forced.
    for table in ("ageing_by_party", "payments"):
        op.execute(f"alter table {table} no force row level security")
    for statement in BACKFILL:
        op.execute(statement)
    for table in ("ageing_by_party", "payments"):
        op.execute(f"alter table {table} force row level security")
    for table in _NEW:
        tenant_wall(table, grants="select, insert, update")
    for statement in (FOLLOW, ROLL_UP, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for table, name in (("ageing_by_party", "summed_up"), ("payments", "rolled_up")):
        for suffix in _ROWS:
            op.execute(f"drop trigger {table}_{name}_{suffix} on {table}")
    op.execute("drop function app.sum_up_parties()")
    op.execute("drop function app.roll_up_payments()")
    for table in reversed(_NEW):
        op.execute(f"drop table {table}")
