"""A refund, a credit note and a supplier's credit that were noted by mistake are reversed whole, once: from which day on, by which entry, by whom and why.

What was posted stays on the way down; the day, the reason and the person of a reversal are forgotten. Where a supplier's number was entered again after its
credit was reversed, there is no way down.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0048"
down_revision = "0050"
branch_labels = None
depends_on = None

NEW = ("reversed_on", "reversal_reason", "reversal_entry_id", "reversed_by_user_id")
DAYS = {"refunds": "refunded_on", "credit_notes": "issue_date", "supplier_credits": "issue_date"}

# Whoever asks: what was noted stays as it was noted, but for its reversal, which is written once and is that of its entry, on that day.
GUARD = f"""
create function app.guard_reversal() returns trigger language plpgsql as $$
declare
  free constant text[] := array[{", ".join(f"'{name}'" for name in NEW)}, 'party_key'];
begin
  if tg_op = 'DELETE' or old.reversed_on is not null or to_jsonb(new) - free <> to_jsonb(old) - free then
    raise exception 'what was noted stays as it was noted, but for its reversal' using errcode = 'restrict_violation';
  end if;
  if new.reversed_on is not null and not exists (select from journal_entries e where e.tenant_id = new.tenant_id and e.id = new.reversal_entry_id
                                                    and e.reverses_id = new.entry_id and e.entry_date = new.reversed_on) then
    raise exception 'it is reversed by the entry against its own, on that day' using errcode = 'check_violation', constraint = 'ck_reversal';
  end if;
  return new;
end $$
"""

# At the end of a transaction in which a credit was reversed, its document says as much as what still credits it.
CHECK = """
create function app.check_credited() returns trigger language plpgsql as $$
declare
  said bigint;
  noted bigint;
begin
  if tg_table_name = 'credit_notes' then
    select d.credited_minor - d.written_off_minor into said from invoices d where d.tenant_id = new.tenant_id and d.id = (to_jsonb(new)->>'invoice_id')::uuid;
    select coalesce(sum(n.total_minor), 0) into noted from credit_notes n
     where n.tenant_id = new.tenant_id and n.invoice_id = (to_jsonb(new)->>'invoice_id')::uuid and n.reversed_on is null;
  else
    select d.credited_minor into said from bills d where d.tenant_id = new.tenant_id and d.id = (to_jsonb(new)->>'bill_id')::uuid;
    select coalesce(sum(n.total_minor), 0) into noted from supplier_credits n
     where n.tenant_id = new.tenant_id and n.bill_id = (to_jsonb(new)->>'bill_id')::uuid and n.reversed_on is null;
  end if;
  if said <> noted then
    raise exception 'a document has % credited and says %', noted, said using errcode = 'check_violation', constraint = 'ck_document_credited';
  end if;
  return null;
end $$
"""

# What counts of credits and refunds is what was not reversed.
_STANDING = {
    "guard_credit_line": (
        "s.invoice_id = n.invoice_id",
        "s.invoice_id = n.invoice_id and s.reversed_on is null",
    ),
    "guard_credit_commission": (
        "s.invoice_id = n.invoice_id",
        "s.invoice_id = n.invoice_id and s.reversed_on is null",
    ),
    "guard_credit_tax": (
        "s.invoice_id = n.invoice_id",
        "s.invoice_id = n.invoice_id and s.reversed_on is null",
    ),
    "guard_supplier_credit_line": (
        "s.bill_id = n.bill_id",
        "s.bill_id = n.bill_id and s.reversed_on is null",
    ),
    "guard_supplier_credit_tax": (
        "s.bill_id = n.bill_id",
        "s.bill_id = n.bill_id and s.reversed_on is null",
    ),
    "check_payment_used": (
        "from refunds where tenant_id = new.tenant_id and payment_id = key;",
        "from refunds where tenant_id = new.tenant_id and payment_id = key and reversed_on is null;",
    ),
}
_REPLACE = """
do $do$
declare
  body text := pg_get_functiondef('app.{function}()'::regprocedure);
begin
  if position($from${before}$from$ in body) = 0 then
    raise exception 'app.{function}() is not as it was';
  end if;
  execute replace(body, $from${before}$from$, $to${after}$to$);
end $do$
"""
_USED = "create constraint trigger refunds_used after {acts} on refunds deferrable initially deferred for each row execute function app.check_payment_used()"
# A supplier's number whose credit was entered wrongly and reversed may be entered rightly.
_TAKEN = "(tenant_id, party_key, vendor_reference)"


def _columns(table: str) -> str:
    return f"""
    alter table {table}
      add column reversed_on date,
      add column reversal_reason text,
      add column reversal_entry_id uuid,
      add column reversed_by_user_id uuid,
      add constraint fk_{table}_reversal foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
      add constraint fk_{table}_reverser foreign key (tenant_id, reversed_by_user_id) references users(tenant_id, id),
      add constraint ck_{table}_reversed check (
        case when reversed_on is null then num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0
        else num_nonnulls(reversal_reason, reversal_entry_id) = 2 and reversed_on >= {DAYS[table]} end)
    """


def upgrade() -> None:
    op.execute("drop trigger refunds_append_only on refunds")
    op.execute("drop trigger refunds_used on refunds")
    op.execute(GUARD)
    op.execute(CHECK)
    for table in DAYS:
        op.execute(_columns(table))
        op.execute(
            f"create index ix_{table}_reversed on {table} (tenant_id, reversed_on) where reversed_on is not null"
        )
        op.execute(f"grant update ({', '.join(NEW)}) on {table} to voyagent_app")
        op.execute(
            f"create trigger {table}_guarded before update or delete on {table} for each row execute function app.guard_reversal()"
        )
    for table in ("credit_notes", "supplier_credits"):
        op.execute(
            f"create constraint trigger {table}_credited after update on {table} deferrable initially deferred"
            " for each row execute function app.check_credited()"
        )
    op.execute(_USED.format(acts="insert or update"))
    op.execute("alter table supplier_credits drop constraint uq_supplier_credits_reference")
    op.execute(
        f"create unique index uq_supplier_credits_reference on supplier_credits {_TAKEN} where reversed_on is null"
    )
    for function, (before, after) in _STANDING.items():
        op.execute(_REPLACE.format(function=function, before=before, after=after))


def downgrade() -> None:
    for function, (before, after) in _STANDING.items():
        op.execute(_REPLACE.format(function=function, before=after, after=before))
    op.execute("drop index uq_supplier_credits_reference")
    op.execute(
        f"alter table supplier_credits add constraint uq_supplier_credits_reference unique {_TAKEN}"
    )
    for table in ("credit_notes", "supplier_credits"):
        op.execute(f"drop trigger {table}_credited on {table}")
    op.execute("drop trigger refunds_used on refunds")
    for table in DAYS:
        op.execute(f"drop trigger {table}_guarded on {table}")
        op.execute(f"drop index ix_{table}_reversed")
        op.execute(f"alter table {table} " + ", ".join(f"drop column {name}" for name in NEW))
    op.execute("drop function app.check_credited()")
    op.execute("drop function app.guard_reversal()")
    op.execute(_USED.format(acts="insert"))
    op.execute(
        "create trigger refunds_append_only before update or delete on refunds for each row execute function app.refuse_change()"
    )
