-- Return the last closed month of the bound agency, or null, and prevent the closing of months.
--
-- Until the transaction ends nobody closes a month (close_month_alone), so the result stays valid.
-- Each statement of a volatile function has its own snapshot: the read sees everything that was
-- committed before the lock was granted.

create or replace function app.closed_through() returns date
language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(
    hashtextextended('months of ' || current_setting('app.tenant'), 0)
  );
  return (
    select max(month) from closed_months
     where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid)
  );
end $$;
