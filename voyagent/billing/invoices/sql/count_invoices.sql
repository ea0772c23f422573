-- Maintain `invoice_counts`, the number of invoices of each status.
--
-- The rows of a statement are counted in the order of their key, so that transactions never
-- deadlock.
--
-- The role `voyagent_mover` imports and deletes whole agencies, with their counts. Before
-- PostgreSQL 18 the triggers of a cascade run as this role, although their condition is tested as
-- the owner.

create or replace function app.count_invoices() returns trigger
language plpgsql as $$
begin
  if current_user = 'voyagent_mover' then  -- see the top of the file
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into invoice_counts as c (tenant_id, status, n)
      select tenant_id, status, count(*) from new_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  elsif tg_op = 'DELETE' then
    insert into invoice_counts as c (tenant_id, status, n)
      select tenant_id, status, -count(*) from old_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  else
    insert into invoice_counts as c (tenant_id, status, n)
      select tenant_id, status, sum(step) from (
        select tenant_id, status, -1 as step from old_rows
        union all select tenant_id, status, 1 from new_rows
      ) moved group by 1, 2 having sum(step) <> 0 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  end if;
  return null;
end $$;

create or replace trigger invoices_counted_in after insert on invoices
  referencing new table as new_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.count_invoices();
create or replace trigger invoices_counted_over after update on invoices
  referencing old table as old_rows new table as new_rows
  for each statement execute function app.count_invoices();
create or replace trigger invoices_counted_out after delete on invoices
  referencing old table as old_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.count_invoices();
