-- Refuse changes of a received cheque, except for its deposit, its return, and its texts.
--
-- A deposit and a return are final. An erasure replaces the words of a person in the texts.
-- requires: refuse_change

create or replace function app.guard_cheque() returns trigger
language plpgsql as $$
declare
  texts constant text[] := array['cheque_no', 'drawee_bank', 'note', 'return_reason'];
  ends constant text[] := array['payment_id', 'returned_on'];
begin
  if tg_op = 'DELETE' or to_jsonb(new) - texts - ends <> to_jsonb(old) - texts - ends
     or (old.payment_id, old.returned_on) is distinct from (new.payment_id, new.returned_on)
        and (old.payment_id is not null or old.returned_on is not null) then
    raise exception 'a received cheque cannot be changed, only deposited or given back'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create or replace trigger received_cheques_guarded before update or delete on received_cheques
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_cheque();
create or replace trigger received_cheques_no_truncate before truncate on received_cheques
  for each statement execute function app.refuse_change();
