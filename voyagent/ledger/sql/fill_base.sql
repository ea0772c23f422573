-- Give the next lines without a base amount their own amount, if they are in the base currency.
--
-- At most `most` lines are changed, and the roll-ups with them. Returns the number of lines, in the
-- agency of the transaction.
-- requires: roll_up_base

create or replace function app.fill_base(books text, most int) returns bigint
language plpgsql as $$
declare
  agency uuid := current_setting('app.tenant')::uuid;
  lines tid[];
begin
  with next_lines as (
    select ctid from postings
     where tenant_id = agency and base_basis is null and currency = books
     order by effective_date limit most for no key update
  ), filled as (
    update postings p
       set base_debit_minor = debit_minor, base_credit_minor = credit_minor, base_basis = 'own'
      from next_lines n where p.ctid = n.ctid
    returning p.ctid
  )
  select array_agg(ctid) into lines from filled;
  perform app.roll_up_base(lines);
  return coalesce(cardinality(lines), 0);
end $$;
