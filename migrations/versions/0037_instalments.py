"""A document that is due in several instalments: its plan stands on its row, its due date is that of the first one still open, and each one ages by itself.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# The plan is two arrays of one length. What settles a document settles the earliest instalment first, so what is open of each follows from one sum.
FUNCTIONS = [
    """
    create function app.is_plan(dues date[], minors bigint[], issued date) returns boolean language sql immutable as $$
      select coalesce(
        cardinality(dues) between 2 and 36 and cardinality(minors) = cardinality(dues) and array_position(dues, null) is null
        and issued <= dues[1] and dues[cardinality(dues)] <= '2200-12-31' and 0 < all(minors)
        and not exists (select 1 from generate_series(2, cardinality(dues)) place where dues[place] <= dues[place - 1]), false)
    $$
    """,
    """
    create function app.instalments(dues date[], minors bigint[], settled bigint)
      returns table(place bigint, due_date date, amount_minor bigint, open_minor bigint, is_next boolean) language sql immutable rows 3 as $$
      select p.place, p.due, p.minor, p.minor - least(greatest(settled - p.before, 0), p.minor), settled >= p.before and settled < p.before + p.minor
        from (select u.place, u.due, u.minor, (sum(u.minor) over (order by u.place))::bigint - u.minor as before
                from unnest(dues, minors) with ordinality u(due, minor, place)) p
    $$
    """,
    """
    create function app.next_due(dues date[], minors bigint[], settled bigint) returns date language sql immutable as $$
      select coalesce(min(due_date) filter (where is_next), max(due_date)) from app.instalments(dues, minors, settled)
    $$
    """,
]
COLUMNS = """
alter table {table}
  add column instalment_dues date[],
  add column instalment_minors bigint[],
  add constraint ck_{table}_instalments check (
    num_nonnulls(instalment_dues, instalment_minors) = 0 or app.is_plan(instalment_dues, instalment_minors, issue_date))
"""

# What was posted keeps its plan; its due date moves on with what is settled, by this trigger and by nobody else.
_GUARDED = "if old.status <> 'draft' and (new.status = 'draft' or"
_WITH_PLAN = f"""if new.instalment_dues is not null and new.status <> 'draft' then
    if (select sum(minor) from unnest(new.instalment_minors) minor) <> new.total_minor then
      raise exception '% whose instalments do not add up are not posted', tg_table_name
        using errcode = 'check_violation', constraint = 'ck_document_instalments';
    end if;
    new.due_date := app.next_due(new.instalment_dues, new.instalment_minors, new.paid_minor + new.credited_minor);
  end if;
  {_GUARDED}"""
CHANGED = (
    (
        "lines_minor numeric;",
        "lines_minor numeric;\n  moving text := case when new.instalment_dues is null then '' else 'due_date' end;",
    ),
    (
        "to_jsonb(new) - free <> to_jsonb(old) - free",
        "to_jsonb(new) - free - moving <> to_jsonb(old) - free - moving",
    ),
    (_GUARDED, _WITH_PLAN),
)
_REPLACE = """
do $do$
declare
  body text := pg_get_functiondef('app.guard_document()'::regprocedure);
begin
  if position($from${before}$from$ in body) = 0 then
    raise exception 'app.guard_document() is not as it was';
  end if;
  execute replace(body, $from${before}$from$, $to${after}$to$);
end $do$
"""

# By due date each instalment counts with what is open of it, and the document once, where its first open one is due; by party the document counts once.
_OPEN = "status in ('issued', 'partially_paid', 'received', 'scheduled')"
_SHOWN = (
    "tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name,"
    " total_minor - paid_minor - credited_minor as open_minor"
)
_PLANNED = (
    f"{_SHOWN}, instalment_dues, instalment_minors, paid_minor + credited_minor as settled_minor"
)
_BY_DUE = """
    insert into ageing_by_due as a (tenant_id, kind, currency, issue_month, due_date, n, documents, open_minor)
      select tenant_id, tg_argv[0], currency, month, due, sum(step), sum(step * documents), sum(step * due_minor)
        from (select m.*, coalesce(i.due_date, m.due_date) as due, coalesce(i.open_minor, m.open_minor) as due_minor,
                     coalesce(i.is_next, true)::int as documents
                from ({moved}) m left join lateral app.instalments(m.instalment_dues, m.instalment_minors, m.settled_minor) i on true) m
       where due_minor > 0
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * documents) <> 0 or sum(step * due_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, due_date)
        do update set n = a.n + excluded.n, documents = a.documents + excluded.documents, open_minor = a.open_minor + excluded.open_minor;
"""
_BY_DUE_BEFORE = """
    insert into ageing_by_due as a (tenant_id, kind, currency, issue_month, due_date, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, due_date, sum(step), sum(step * open_minor) from ({moved}) m
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * open_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, due_date)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor;
"""
_BY_PARTY = """    insert into ageing_by_party as a (tenant_id, kind, currency, issue_month, party_key, party_name, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, party_key, max(party_name), sum(step), sum(step * open_minor) from ({moved}) m
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * open_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;
"""


def roll_up(by_due: str, shown: str) -> str:
    """The function behind the triggers of both roll-ups."""
    moved_in = f"select 1 as step, {shown} from new_rows where {_OPEN}"
    moved_over = f"select -1 as step, {shown} from old_rows where {_OPEN} union all {moved_in}"
    inserted, updated = (
        (by_due + _BY_PARTY).format(moved=moved) for moved in (moved_in, moved_over)
    )
    return f"""
create or replace function app.roll_up_documents() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then {inserted}
  else {updated}
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    for table in ("invoices", "bills"):
        op.execute(COLUMNS.format(table=table))
    for before, after in CHANGED:
        op.execute(_REPLACE.format(before=before, after=after))
    op.execute("alter table ageing_by_due add column documents bigint not null default 0")
    # Even the owner is behind the wall while it is forced.
    op.execute("alter table ageing_by_due no force row level security")
    op.execute("update ageing_by_due set documents = n")
    op.execute("alter table ageing_by_due force row level security")
    op.execute(roll_up(_BY_DUE, _PLANNED))


def downgrade() -> None:
    # A document that has a plan is due whole with the first instalment that is still open; the roll-up follows while it still knows plans.
    for table in ("invoices", "bills"):
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable trigger {table}_guarded")
        op.execute(
            f"update {table} set instalment_dues = null, instalment_minors = null where instalment_dues is not null"
        )
        op.execute(f"alter table {table} enable trigger {table}_guarded")
        op.execute(f"alter table {table} force row level security")
    op.execute(roll_up(_BY_DUE_BEFORE, _SHOWN))
    op.execute("alter table ageing_by_due drop column documents")
    for before, after in reversed(CHANGED):
        op.execute(_REPLACE.format(before=after, after=before))
    for table in ("invoices", "bills"):
        op.execute(
            f"alter table {table} drop constraint ck_{table}_instalments, drop column instalment_minors, drop column instalment_dues"
        )
    for function in (
        "next_due(date[], bigint[], bigint)",
        "instalments(date[], bigint[], bigint)",
        "is_plan(date[], bigint[], date)",
    ):
        op.execute(f"drop function app.{function}")
