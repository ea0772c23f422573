"""Payments as documents of their own: numbered, of an account, settling many documents or none, with what of them is left; and what was given back.

Never edit this file once it has landed.
"""

from alembic import op
from walls import append_only, tenant_wall

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = [
    """
    alter table payments
      add column number text,
      add column account text not null default 'bank',
      add column allocated_minor bigint not null default 0,
      add column refunded_minor bigint not null default 0
    """,
    "alter table allocations add column entry_id uuid, add column reverses_id uuid",
]

# What stands was paid on one document and settles it whole; it is numbered by the day on which it was paid, in the order in which it was noted.
_YEAR = """case when m.month = 1 then to_char(p.paid_on, 'YYYY')
  else to_char(p.paid_on - make_interval(months => m.month - 1), 'YYYY') || '-'
       || to_char(p.paid_on - make_interval(months => m.month - 1) + interval '1 year', 'YY') end"""
BACKFILL = [
    f"""
    update payments p set number = n.letter || '/' || n.year || '/' || lpad(n.place::text, 6, '0')
      from (select p.tenant_id, p.id, case p.direction when 'in' then 'R' else 'P' end as letter, {_YEAR} as year,
                   row_number() over (partition by p.tenant_id, p.direction, {_YEAR} order by p.created_at, p.id) as place
              from payments p left join tenant_settings s on s.tenant_id = p.tenant_id
             cross join lateral (select coalesce(s.financial_year_start_month, 4)::int as month) m) n
     where n.tenant_id = p.tenant_id and n.id = p.id
    """,
    """
    insert into number_series (tenant_id, series, financial_year, last_number)
      select tenant_id, case direction when 'in' then 'receipt' else 'payment' end, split_part(number, '/', 2), count(*) from payments group by 1, 2, 3
    """,
    """
    update payments p set account = 'cash'
     where exists (select 1 from postings l join accounts a on a.tenant_id = l.tenant_id and a.id = l.account_id
                    where l.tenant_id = p.tenant_id and l.entry_id = p.entry_id and a.purpose = 'cash')
    """,
    """
    update payments p set allocated_minor = a.minor
      from (select tenant_id, payment_id, sum(amount_minor) as minor from allocations group by 1, 2) a
     where a.tenant_id = p.tenant_id and a.payment_id = p.id
    """,
    "update allocations a set entry_id = p.entry_id from payments p where p.tenant_id = a.tenant_id and p.id = a.payment_id",
]
BEHIND_THE_WALL = (
    "payments",
    "allocations",
    "number_series",
    "postings",
    "accounts",
    "tenant_settings",
)

RULES = [
    """
    alter table payments
      alter column number set not null,
      add constraint uq_payments_number unique (tenant_id, number),
      add constraint ck_payments_number check (length(number) <= 16),
      add constraint ck_payments_account check (account in ('bank', 'cash')),
      add constraint ck_payments_used check (allocated_minor >= 0 and refunded_minor >= 0 and allocated_minor + refunded_minor <= amount_minor)
    """,
    "create index ix_payments_direction on payments (tenant_id, direction, paid_on desc, id desc)",
    "create index ix_payments_party on payments (tenant_id, party_key, paid_on desc, id desc)",
    "create index ix_payments_unapplied on payments (tenant_id, direction, paid_on desc, id desc) where allocated_minor + refunded_minor < amount_minor",
    """
    alter table allocations
      alter column entry_id set not null,
      drop constraint ck_allocations_amount,
      add constraint ck_allocations_amount check (case when reverses_id is null then amount_minor > 0 else amount_minor < 0 end),
      add constraint uq_allocations_reverses_id unique (tenant_id, reverses_id),
      add constraint fk_allocations_entry foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
      add constraint fk_allocations_reverses foreign key (tenant_id, reverses_id) references allocations(tenant_id, id)
    """,
    """
    create table refunds (
      tenant_id uuid not null constraint fk_refunds_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      payment_id uuid not null,
      number text not null,
      amount_minor bigint not null,
      refunded_on date not null,
      account text not null,
      reference text,
      entry_id uuid not null,
      created_by_user_id uuid,
      created_at timestamptz not null default now(),
      constraint pk_refunds primary key (tenant_id, id),
      constraint uq_refunds_number unique (tenant_id, number),
      constraint fk_refunds_payment foreign key (tenant_id, payment_id) references payments(tenant_id, id),
      constraint fk_refunds_entry foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
      constraint fk_refunds_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint ck_refunds_amount check (amount_minor > 0),
      constraint ck_refunds_account check (account in ('bank', 'cash')),
      constraint ck_refunds_number check (length(number) <= 16),
      constraint ck_refunds_date check (refunded_on between '1900-01-01' and '2200-12-31')
    )
    """,
    "create index ix_refunds_payment on refunds (tenant_id, payment_id)",
    "create index ix_refunds_refunded on refunds (tenant_id, refunded_on)",
]

# Whoever asks: of a payment that was noted only what is used of it moves, and it is never deleted.
GUARD_PAYMENT = """
create function app.guard_payment() returns trigger language plpgsql as $$
declare
  free constant text[] := array['allocated_minor', 'refunded_minor', 'party_key'];
begin
  if tg_op = 'DELETE' or to_jsonb(new) - free <> to_jsonb(old) - free then
    raise exception 'payments that were noted keep what was noted' using errcode = 'restrict_violation';
  end if;
  return new;
end $$
"""

# At the end of a transaction a payment says as much as its rows, and so do the documents that it settles. Two that add rows at once both write what is used of
# the payment and what was paid of the document, so one waits for the other, and whoever did not count the other's row is refused here.
CHECK_ALLOCATION = """
create function app.check_allocation() returns trigger language plpgsql as $$
declare
  payment payments%rowtype;
  original allocations%rowtype;
  settled bigint;
  paid bigint;
  is_fit boolean;
begin
  select * into payment from payments where tenant_id = new.tenant_id and id = new.payment_id;
  if new.invoice_id is not null then
    select d.paid_minor, payment.direction = 'in' and d.currency = payment.currency and d.party_key = payment.party_key and new.effective_on >= d.issue_date
      into paid, is_fit from invoices d where d.tenant_id = new.tenant_id and d.id = new.invoice_id;
    select sum(amount_minor) into settled from allocations where tenant_id = new.tenant_id and invoice_id = new.invoice_id;
  else
    select d.paid_minor, payment.direction = 'out' and d.currency = payment.currency and d.party_key = payment.party_key and new.effective_on >= d.issue_date
      into paid, is_fit from bills d where d.tenant_id = new.tenant_id and d.id = new.bill_id;
    select sum(amount_minor) into settled from allocations where tenant_id = new.tenant_id and bill_id = new.bill_id;
  end if;
  if not is_fit or new.effective_on < payment.paid_on then
    raise exception 'an allocation is of the party and currency of its payment and not before it'
      using errcode = 'check_violation', constraint = 'ck_allocation_fits';
  end if;
  if new.reverses_id is not null then
    select * into original from allocations where tenant_id = new.tenant_id and id = new.reverses_id;
    if (original.payment_id, original.amount_minor) <> (new.payment_id, -new.amount_minor) or original.effective_on > new.effective_on
      or (original.invoice_id, original.bill_id) is distinct from (new.invoice_id, new.bill_id) then
      raise exception 'an allocation is taken back whole' using errcode = 'check_violation', constraint = 'ck_allocation_taken_back';
    end if;
  end if;
  if settled <> paid then
    raise exception 'a document has % paid and % allocated', paid, settled using errcode = 'check_violation', constraint = 'ck_document_allocated';
  end if;
  return null;
end $$
"""

CHECK_USED = """
create function app.check_payment_used() returns trigger language plpgsql as $$
declare
  key uuid := case tg_table_name when 'payments' then (to_jsonb(new)->>'id')::uuid else (to_jsonb(new)->>'payment_id')::uuid end;
  payment payments%rowtype;
  allocated bigint;
  refunded bigint;
begin
  select * into payment from payments where tenant_id = new.tenant_id and id = key;
  select coalesce(sum(amount_minor), 0) into allocated from allocations where tenant_id = new.tenant_id and payment_id = key;
  select coalesce(sum(amount_minor), 0) into refunded from refunds where tenant_id = new.tenant_id and payment_id = key;
  if (payment.allocated_minor, payment.refunded_minor) <> (allocated, refunded) then
    raise exception 'a payment has % allocated and % given back, and says otherwise', allocated, refunded
      using errcode = 'check_violation', constraint = 'ck_payment_used';
  end if;
  return null;
end $$
"""

TRIGGERS = [
    "create trigger payments_guarded before update or delete on payments for each row execute function app.guard_payment()",
    "create constraint trigger allocations_checked after insert on allocations deferrable initially deferred"
    " for each row execute function app.check_allocation()",
    *(
        f"create constraint trigger {table}_used after {act} on {table} deferrable initially deferred for each row execute function app.check_payment_used()"
        for table, act in (
            ("payments", "insert or update"),
            ("allocations", "insert"),
            ("refunds", "insert"),
        )
    ),
]


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
    # Even the owner is behind the wall while it is forced.
    for table in BEHIND_THE_WALL:
        op.execute(f"alter table {table} no force row level security")
    for statement in BACKFILL:
        op.execute(statement)
    for table in BEHIND_THE_WALL:
        op.execute(f"alter table {table} force row level security")
    for statement in RULES:
        op.execute(statement)
    tenant_wall("refunds", grants="select, insert")
    append_only("refunds")
    append_only("allocations")
    op.execute("grant update (allocated_minor, refunded_minor) on payments to voyagent_app")
    for statement in (GUARD_PAYMENT, CHECK_ALLOCATION, CHECK_USED, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for table, trigger in (
        ("payments", "guarded"),
        ("payments", "used"),
        ("allocations", "checked"),
        ("allocations", "used"),
        ("refunds", "used"),
    ):
        op.execute(f"drop trigger {table}_{trigger} on {table}")
    for function in ("guard_payment()", "check_allocation()", "check_payment_used()"):
        op.execute(f"drop function app.{function}")
    for trigger in ("append_only", "no_truncate"):
        op.execute(f"drop trigger allocations_{trigger} on allocations")
    op.execute("revoke update (allocated_minor, refunded_minor) on payments from voyagent_app")
    op.execute("drop table refunds")
    op.execute("alter table number_series no force row level security")
    op.execute("delete from number_series where series in ('receipt', 'payment', 'refund')")
    op.execute("alter table number_series force row level security")
    op.execute("drop index ix_payments_unapplied")
    op.execute("drop index ix_payments_party")
    op.execute("drop index ix_payments_direction")
    # What was taken back goes with what it took back, so that every row is above zero again.
    op.execute("alter table allocations no force row level security")
    op.execute(
        "delete from allocations a where a.reverses_id is not null"
        " or exists (select 1 from allocations r where r.tenant_id = a.tenant_id and r.reverses_id = a.id)"
    )
    op.execute("alter table allocations force row level security")
    op.execute(
        "alter table allocations drop constraint fk_allocations_reverses, drop constraint fk_allocations_entry, drop constraint uq_allocations_reverses_id,"
        " drop constraint ck_allocations_amount, drop column reverses_id, drop column entry_id,"
        " add constraint ck_allocations_amount check (amount_minor > 0)"
    )
    op.execute(
        "alter table payments drop constraint ck_payments_used, drop constraint ck_payments_account, drop constraint ck_payments_number,"
        " drop constraint uq_payments_number, drop column refunded_minor, drop column allocated_minor, drop column account, drop column number"
    )
