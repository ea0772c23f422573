-- Refuse an entry whose month is closed.
--
-- Posting takes the agency's lock in shared mode, and closing a month takes it in exclusive mode
-- (close_month_alone), each until its transaction ends. No entry is therefore posted into a month
-- that is being closed. The lock is a separate statement, so that the read after it sees everything
-- that was committed before the lock was granted.

create or replace function app.refuse_closed_month() returns trigger
language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('months of ' || new.tenant_id, 0));
  if exists (
    select 1 from closed_months
     where tenant_id = new.tenant_id
       and month >= date_trunc('month', new.entry_date::timestamp)::date
  ) then
    raise exception 'the month of % is closed', new.entry_date
      using errcode = 'check_violation', constraint = 'ck_entry_month_open';
  end if;
  return new;
end $$;

create or replace trigger journal_entries_month_open before insert on journal_entries
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_closed_month();
