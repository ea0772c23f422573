-- Maintain two counts of enquiries: by status, and by hour of receipt.
--
-- They are counted by hour and not by day, because an agency's week begins at midnight of its own
-- time zone. One row for each status is enough: a transaction that writes an enquiry also locks the
-- head of the agency's audit chain, so more rows would allow no more writers. The rows of a
-- statement are taken in the order of their key, statuses before hours, so that transactions never
-- deadlock. A counter has no CHECK, because ON CONFLICT tests the row proposed, which may be
-- negative.
--
-- The role `voyagent_mover` imports and deletes whole agencies, with their counts. Before
-- PostgreSQL 18 the triggers of a cascade run as this role, although their condition is tested as
-- the owner.

create or replace function app.count_enquiries() returns trigger
language plpgsql as $$
begin
  if current_user = 'voyagent_mover' then  -- see the top of the file
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, count(*) from new_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
    insert into enquiries_by_hour as h (tenant_id, hour, received, booked)
      select tenant_id, date_trunc('hour', created_at, 'UTC'),
             sum(step), coalesce(sum(step) filter (where status = 'booked'), 0)
        from (select tenant_id, created_at, status, 1 as step from new_rows) moved
       group by 1, 2
      having sum(step) <> 0 or coalesce(sum(step) filter (where status = 'booked'), 0) <> 0
       order by 1, 2
      on conflict (tenant_id, hour) do update
        set received = h.received + excluded.received, booked = h.booked + excluded.booked;
  elsif tg_op = 'DELETE' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, -count(*) from old_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
    insert into enquiries_by_hour as h (tenant_id, hour, received, booked)
      select tenant_id, date_trunc('hour', created_at, 'UTC'),
             sum(step), coalesce(sum(step) filter (where status = 'booked'), 0)
        from (select tenant_id, created_at, status, -1 as step from old_rows) moved
       group by 1, 2
      having sum(step) <> 0 or coalesce(sum(step) filter (where status = 'booked'), 0) <> 0
       order by 1, 2
      on conflict (tenant_id, hour) do update
        set received = h.received + excluded.received, booked = h.booked + excluded.booked;
  else
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, sum(step) from (
        select tenant_id, status, -1 as step from old_rows
        union all select tenant_id, status, 1 from new_rows
      ) moved group by 1, 2 having sum(step) <> 0 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
    insert into enquiries_by_hour as h (tenant_id, hour, received, booked)
      select tenant_id, date_trunc('hour', created_at, 'UTC'),
             sum(step), coalesce(sum(step) filter (where status = 'booked'), 0)
        from (
          select tenant_id, created_at, status, -1 as step from old_rows
          union all select tenant_id, created_at, status, 1 as step from new_rows
        ) moved
       group by 1, 2
      having sum(step) <> 0 or coalesce(sum(step) filter (where status = 'booked'), 0) <> 0
       order by 1, 2
      on conflict (tenant_id, hour) do update
        set received = h.received + excluded.received, booked = h.booked + excluded.booked;
  end if;
  return null;
end $$;

create or replace trigger enquiries_counted_in after insert on enquiries
  referencing new table as new_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.count_enquiries();
create or replace trigger enquiries_counted_over after update on enquiries
  referencing old table as old_rows new table as new_rows
  for each statement execute function app.count_enquiries();
create or replace trigger enquiries_counted_out after delete on enquiries
  referencing old table as old_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.count_enquiries();
