-- Refuse changes of revaluations, because each row states what its entries posted. A further run
-- adds rows.
-- requires: refuse_change

create or replace trigger revaluations_append_only before update or delete on revaluations
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger revaluations_no_truncate before truncate on revaluations
  for each statement execute function app.refuse_change();
