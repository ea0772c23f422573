-- Wait until no transaction of the agency is posting, then close the month.
--
-- The lock is the one that refuse_closed_month() and closed_through() take in shared mode.

create or replace function app.close_month_alone() returns trigger
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('months of ' || new.tenant_id, 0));
  return new;
end $$;

create or replace trigger closed_months_alone before insert on closed_months
  for each row when (current_user <> 'voyagent_mover')
  execute function app.close_month_alone();
