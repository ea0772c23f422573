-- Return what posting needs to know of the bound agency: the last closed month or null, the base
-- currency, and whether every posting must have a base amount.
--
-- The call takes the lock of closed_through(). Each statement of a volatile function has its own
-- snapshot, so the settings are those that were committed before the lock was granted.
-- requires: closed_through

create or replace function app.posting_terms(
  out closed_through date, out base_currency text, out is_ready boolean
)
language plpgsql as $$
begin
  closed_through := app.closed_through();
  select coalesce(s.base_currency, s.default_currency), s.base_state = 'ready'
    into base_currency, is_ready
    from tenant_settings s
   where s.tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid);
  base_currency := coalesce(base_currency, 'INR');
  is_ready := coalesce(is_ready, false);
end $$;
