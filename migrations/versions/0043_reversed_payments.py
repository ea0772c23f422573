"""A payment that was noted by mistake is reversed whole, once: from which day on, by which entry, by whom and why.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

NEW = ("reversed_on", "reversal_reason", "reversal_entry_id", "reversed_by_user_id")
COLUMNS = [
    """
    alter table payments
      add column reversed_on date,
      add column reversal_reason text,
      add column reversal_entry_id uuid,
      add column reversed_by_user_id uuid,
      add constraint fk_payments_reversal foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
      add constraint fk_payments_reverser foreign key (tenant_id, reversed_by_user_id) references users(tenant_id, id),
      add constraint ck_payments_reversed check (
        case when reversed_on is null then num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0
        else num_nonnulls(reversal_reason, reversal_entry_id) = 2 and reversed_on >= paid_on and allocated_minor = 0 and refunded_minor = amount_minor end)
    """,
    "create index ix_payments_reversed on payments (tenant_id, reversed_on) where reversed_on is not null",
    # One that was brought forward wrongly no longer holds its former number: the same one, entered rightly, may follow it.
    "drop index uq_payments_opening",
    "create unique index uq_payments_opening on payments (tenant_id, direction, reference) where account = 'opening_balances' and reversed_on is null",
    f"grant update ({', '.join(NEW)}) on payments to voyagent_app",
]

# Of a payment what is used of it moves, and its reversal is written once.
_GUARD = """
create or replace function app.guard_payment() returns trigger language plpgsql as $$
declare
  free constant text[] := array[{free}];
begin
  if tg_op = 'DELETE' or to_jsonb(new) - free <> to_jsonb(old) - free{fixed} then
    raise exception 'payments that were noted keep what was noted' using errcode = 'restrict_violation';
  end if;
  return new;
end $$
"""
_FREE = ("allocated_minor", "refunded_minor", "party_key")
_FIXED = " or old.reversed_on is not null and to_jsonb(new) <> to_jsonb(old)"

# A payment that is reversed has nothing left: what of it is gone is what was given back, or all of it, by an entry that swaps the sides of its own.
_REFUNDED = "select coalesce(sum(amount_minor), 0) into refunded from refunds where tenant_id = new.tenant_id and payment_id = key;"
_REVERSED = """
  if payment.reversed_on is not null then
    if refunded > 0 or not exists (select from journal_entries e where e.tenant_id = payment.tenant_id and e.id = payment.reversal_entry_id
                                      and e.reverses_id = payment.entry_id and e.entry_date = payment.reversed_on) then
      raise exception 'a payment of which nothing was given back is reversed by the entry against its own, on that day'
        using errcode = 'check_violation', constraint = 'ck_payment_reversal';
    end if;
    if exists (select from allocations a where a.tenant_id = payment.tenant_id and a.payment_id = payment.id and a.effective_on > payment.reversed_on) then
      raise exception 'nothing is settled by a payment after it is reversed' using errcode = 'check_violation', constraint = 'ck_payment_reversal';
    end if;
    refunded := payment.amount_minor;
  end if;"""
_REPLACE = """
do $do$
declare
  body text := pg_get_functiondef('app.check_payment_used()'::regprocedure);
begin
  if position($from${before}$from$ in body) = 0 then
    raise exception 'app.check_payment_used() is not as it was';
  end if;
  execute replace(body, $from${before}$from$, $to${after}$to$);
end $do$
"""


def _guard(names: tuple[str, ...], fixed: str) -> str:
    return _GUARD.format(free=", ".join(f"'{name}'" for name in names), fixed=fixed)


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
    op.execute(_guard((*_FREE, *NEW), _FIXED))
    op.execute(_REPLACE.format(before=_REFUNDED, after=_REFUNDED + _REVERSED))


def downgrade() -> None:
    op.execute(_REPLACE.format(before=_REVERSED, after=""))
    op.execute(_guard(_FREE, ""))
    op.execute("drop index uq_payments_opening")
    op.execute(
        "create unique index uq_payments_opening on payments (tenant_id, direction, reference) where account = 'opening_balances'"
    )
    op.execute("drop index ix_payments_reversed")
    op.execute("alter table payments " + ", ".join(f"drop column {name}" for name in NEW))
