-- Refuse changes of a refund, credit, payout of a gateway, receipt of a claim on a supplier or
-- receipt voucher, except for its one reversal.
--
-- The payout of a refund changes too.
--
-- The reversal must be the journal entry that reverses the row's own entry, on the same day.
-- Texts of an erased person are replaced (app.pseudonymise_party). A row that an earlier release
-- stored gets the id of its party once (link_parties); refunds have none. It gets its base amount
-- once (establish_base).
-- requires: unset_base

create or replace function app.guard_reversal() returns trigger
language plpgsql as $$
declare
  free constant text[] := array[
    'reversed_on', 'reversal_reason', 'reversal_entry_id', 'reversed_by_user_id', 'payout_id'
  ];
  tied constant text[] := app.unset_base(to_jsonb(old)) || case
    when to_jsonb(old)->>'party_id' is null then array['party_id'] end;
begin
  if tg_op = 'UPDATE' and current_user = 'voyagent_eraser' then return new; end if;
  if tg_op = 'UPDATE' and to_jsonb(new) - tied = to_jsonb(old) - tied then return new; end if;
  if tg_op = 'DELETE' or old.reversed_on is not null
     or to_jsonb(new) - free <> to_jsonb(old) - free then
    raise exception 'a row of % cannot be changed, only reversed', tg_table_name
      using errcode = 'restrict_violation';
  end if;
  if new.reversed_on is not null and not exists (
    select from journal_entries e
     where e.tenant_id = new.tenant_id and e.id = new.reversal_entry_id
       and e.reverses_id = new.entry_id and e.entry_date = new.reversed_on
  ) then
    raise exception 'the reversal must be the entry that reverses the row''s entry, on the same day'
      using errcode = 'check_violation', constraint = 'ck_reversal';
  end if;
  return new;
end $$;

create or replace trigger refunds_guarded before update or delete on refunds
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_reversal();
create or replace trigger credit_notes_guarded before update or delete on credit_notes
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_reversal();
create or replace trigger supplier_credits_guarded before update or delete on supplier_credits
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_reversal();
create or replace trigger gateway_payouts_guarded before update or delete on gateway_payouts
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_reversal();
create or replace trigger supplier_claim_receipts_guarded
  before update or delete on supplier_claim_receipts
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_reversal();
create or replace trigger receipt_vouchers_guarded before update or delete on receipt_vouchers
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_reversal();
