-- Refuse changes of a payment: only its used amounts and its payout by a gateway change, and its
-- reversal is set once.
--
-- Texts of an erased person are replaced (app.pseudonymise_party). A row that an earlier release
-- stored gets the id of its party once (link_parties), and its base amounts once (establish_base).
--
-- A payment is never deleted; one recorded by mistake is reversed.
-- requires: unset_base

create or replace function app.guard_payment() returns trigger
language plpgsql as $$
declare
  free constant text[] := array[
    'allocated_minor', 'refunded_minor', 'base_used_minor', 'payout_id',
    'bounce_entry_id',
    'reversed_on', 'reversal_reason', 'reversal_entry_id', 'reversed_by_user_id'
  ];
  tied constant text[] := app.unset_base(to_jsonb(old)) || case
    when to_jsonb(old)->>'party_id' is null then array['party_id'] end;
begin
  if tg_op = 'UPDATE' and current_user = 'voyagent_eraser' then return new; end if;
  if tg_op = 'UPDATE' and to_jsonb(new) - tied = to_jsonb(old) - tied then return new; end if;
  if tg_op = 'DELETE' or to_jsonb(new) - free <> to_jsonb(old) - free
     or old.reversed_on is not null and to_jsonb(new) <> to_jsonb(old) then
    raise exception 'a payment cannot be changed, only reversed'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create or replace trigger payments_guarded before update or delete on payments
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_payment();
