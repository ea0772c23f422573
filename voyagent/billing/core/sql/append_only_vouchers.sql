-- Refuse changes of released tax on advances, because each row states what its entry posted. An act
-- that takes a use back adds a row.
-- requires: refuse_change

create or replace trigger voucher_uses_append_only before update or delete on voucher_uses
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger voucher_uses_no_truncate before truncate on voucher_uses
  for each statement execute function app.refuse_change();
create or replace trigger receipt_vouchers_no_truncate before truncate on receipt_vouchers
  for each statement execute function app.refuse_change();
