-- Maintain `approval_counts`, the number of proposals of each status that are not hidden.
--
-- The rows of a statement are counted in the order of their key. Two transactions therefore wait
-- for each other's counters in the same order and never deadlock. When an agency is deleted, its
-- proposals are deleted after it; the join with `tenants` then finds nothing to count.
--
-- The role `voyagent_mover` imports and deletes whole agencies, with their counts. Before
-- PostgreSQL 18 the triggers of a cascade run as this role, although their condition is tested as
-- the owner.

create or replace function app.count_approvals() returns trigger
language plpgsql as $$
begin
  if current_user = 'voyagent_mover' then  -- see the top of the file
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into approval_counts (tenant_id, status, n)
    select tenant_id, status, count(*) from new_rows where hidden_at is null
     group by 1, 2 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  elsif tg_op = 'DELETE' then
    insert into approval_counts (tenant_id, status, n)
    select o.tenant_id, o.status, -count(*)
      from old_rows o join tenants t on t.id = o.tenant_id
     where o.hidden_at is null group by 1, 2 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  else
    insert into approval_counts (tenant_id, status, n)
    select tenant_id, status, sum(change) from (
      select tenant_id, status, 1 as change from new_rows where hidden_at is null
      union all
      select tenant_id, status, -1 from old_rows where hidden_at is null
    ) moved group by 1, 2 having sum(change) <> 0 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  end if;
  return null;
end $$;

create or replace trigger approvals_counted_insert after insert on approvals
  referencing new table as new_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.count_approvals();
create or replace trigger approvals_counted_update after update on approvals
  referencing old table as old_rows new table as new_rows
  for each statement execute function app.count_approvals();
create or replace trigger approvals_counted_delete after delete on approvals
  referencing old table as old_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.count_approvals();
