-- Refuse changes of a posted invoice or bill.
--
-- Only the columns in `free` may change: the amounts paid, credited and written off, what was
-- credited above the open amount, what they take of the base amount, the status that follows from
-- them, the facts of a void, and remarks. A posted
-- document is never deleted and never becomes a draft again. A document is posted only if its
-- lines, tax and rounding add up to its total, and its instalments too. Only this trigger sets the
-- due date of a document with instalments: it is that of the first open instalment.
--
-- PAN and tax number of a buyer may be encrypted again, so their columns may change too, but they
-- are neither added nor removed.
--
-- A row that an earlier release stored gets the id of its party once (link_parties), and its base
-- amount and rate once (establish_base).
--
-- The role that replaces the name of an erased person (app.pseudonymise_party) may update only
-- columns with texts, so it passes.
--
-- `search` is a generated column. It is not computed yet when this trigger runs, so it is left out
-- of the comparison. The trigger's argument is `invoice` or `bill`.
-- requires: next_due, unset_base

create or replace function app.guard_document() returns trigger
language plpgsql as $$
declare
  free constant text[] := array[
    'status', 'sent_at', 'sent_to', 'pay_on', 'paid_minor', 'credited_minor', 'written_off_minor',
    'excess_minor',
    'base_settled_minor', 'voided_on', 'void_reason', 'void_entry_id', 'voided_by_user_id',
    'notes', 'updated_at', 'enquiry_id', 'session_id', 'search',
    'customer_pan', 'customer_pan_sealed', 'customer_pan_digest',
    'customer_tax_number', 'customer_tax_number_sealed'
  ];
  lines_minor numeric;
  moving text[] := array[
    case when new.instalment_dues is null then '' else 'due_date' end,
    case when to_jsonb(old)->>'party_id' is null then 'party_id' else '' end
  ] || app.unset_base(to_jsonb(old));
begin
  if tg_op = 'UPDATE' and current_user = 'voyagent_eraser' then return new; end if;
  if tg_op = 'DELETE' then
    if old.status <> 'draft' then
      raise exception 'posted % cannot be deleted', tg_table_name
        using errcode = 'restrict_violation';
    end if;
    return old;
  end if;
  if new.instalment_dues is not null and new.status <> 'draft' then
    if (select sum(minor) from unnest(new.instalment_minors) minor) <> new.total_minor then
      raise exception 'instalments of % do not add up to the total', tg_table_name
        using errcode = 'check_violation', constraint = 'ck_document_instalments';
    end if;
    new.due_date := app.next_due(
      new.instalment_dues, new.instalment_minors, new.paid_minor + new.credited_minor);
  end if;
  if old.status <> 'draft' and (
    new.status = 'draft'
    or old.status = 'void'
       and (new.status, new.voided_on, new.void_reason, new.void_entry_id)
           is distinct from (old.status, old.voided_on, old.void_reason, old.void_entry_id)
    or (coalesce(to_jsonb(new)->>'customer_pan', to_jsonb(new)->>'customer_pan_sealed') is null)
       <> (coalesce(to_jsonb(old)->>'customer_pan', to_jsonb(old)->>'customer_pan_sealed') is null)
    or (coalesce(to_jsonb(new)->>'customer_tax_number',
                 to_jsonb(new)->>'customer_tax_number_sealed') is null)
       <> (coalesce(to_jsonb(old)->>'customer_tax_number',
                    to_jsonb(old)->>'customer_tax_number_sealed') is null)
    or to_jsonb(new) - free - moving <> to_jsonb(old) - free - moving
  ) then
    raise exception 'posted % cannot be changed', tg_table_name
      using errcode = 'restrict_violation';
  end if;
  if old.status = 'draft' and new.status not in ('draft', 'void') then
    execute format('select coalesce(sum(amount_minor), 0) from %I where tenant_id = $1 and %I = $2',
                   tg_argv[0] || '_lines', tg_argv[0] || '_id')
      into lines_minor using new.tenant_id, new.id;
    if lines_minor + coalesce((to_jsonb(new)->>'tax_minor')::numeric, 0)
       + coalesce((to_jsonb(new)->>'round_off_minor')::numeric, 0) <> new.total_minor then
      raise exception 'lines of % do not add up to the total', tg_table_name
        using errcode = 'check_violation', constraint = 'ck_document_total';
    end if;
  end if;
  return new;
end $$;

create or replace trigger invoices_guarded before update or delete on invoices
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_document('invoice');
create or replace trigger bills_guarded before update or delete on bills
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_document('bill');
