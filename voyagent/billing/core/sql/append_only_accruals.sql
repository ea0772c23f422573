-- Refuse changes of accruals, because each row states what its entry posted. A release or a void
-- adds rows.
-- requires: refuse_change

create or replace trigger accruals_append_only before update or delete on accruals
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger accruals_no_truncate before truncate on accruals
  for each statement execute function app.refuse_change();
