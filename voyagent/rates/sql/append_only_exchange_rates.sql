-- Refuse changes of exchange rates, because the books name the rates that they used. A newer row
-- corrects a rate.
-- requires: refuse_change

create or replace trigger exchange_rates_append_only before update or delete on exchange_rates
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger exchange_rates_no_truncate before truncate on exchange_rates
  for each statement execute function app.refuse_change();
