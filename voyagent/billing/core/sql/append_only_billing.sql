-- Refuse changes of allocations, write-offs and cancellations, and of the parts of a refund.
--
-- An allocation or a write-off is taken back by another row that reverses it. A refund, payout
-- or receipt of a claim may get a reversal (see guard_reversal), so only TRUNCATE is refused here.
-- A row that an earlier release stored gets its base amounts once (establish_base).
-- requires: refuse_change, unset_base

create or replace function app.guard_base() returns trigger
language plpgsql as $$
declare
  free text[];
begin
  if tg_op = 'UPDATE' then
    free := app.unset_base(to_jsonb(old));
    if current_user = 'voyagent_eraser' or to_jsonb(new) - free = to_jsonb(old) - free then
      return new;
    end if;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create or replace trigger allocations_append_only before update or delete on allocations
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_base();
create or replace trigger allocations_no_truncate before truncate on allocations
  for each statement execute function app.refuse_change();

create or replace trigger write_offs_append_only before update or delete on write_offs
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_base();
create or replace trigger write_offs_no_truncate before truncate on write_offs
  for each statement execute function app.refuse_change();

create or replace trigger refund_parts_append_only before update or delete on refund_parts
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_base();
create or replace trigger refund_parts_no_truncate before truncate on refund_parts
  for each statement execute function app.refuse_change();

create or replace trigger cancellations_append_only before update or delete on cancellations
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger cancellations_no_truncate before truncate on cancellations
  for each statement execute function app.refuse_change();
create or replace trigger cancellation_lines_append_only
  before update or delete on cancellation_lines
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger cancellation_lines_no_truncate before truncate on cancellation_lines
  for each statement execute function app.refuse_change();

create or replace trigger refunds_no_truncate before truncate on refunds
  for each statement execute function app.refuse_change();
create or replace trigger gateway_payouts_no_truncate before truncate on gateway_payouts
  for each statement execute function app.refuse_change();
create or replace trigger supplier_claim_receipts_no_truncate
  before truncate on supplier_claim_receipts
  for each statement execute function app.refuse_change();
