-- Give lines of earlier entries the base amounts into which they were translated.
--
-- The arrays have one element for each line. A line that has a base amount is left as it is. The
-- roll-ups are changed too. Returns the number of lines, in the agency of the transaction.
-- requires: append_only_ledger, roll_up_base

create or replace function app.fill_translated(
  entry_ids uuid[], line_nos bigint[], base_debits bigint[], base_credits bigint[], bases text[],
  rates numeric[], inverses boolean[], days date[], sources text[]
) returns bigint
language plpgsql as $$
declare
  agency uuid := current_setting('app.tenant')::uuid;
  lines tid[];
begin
  with filled as (
    update postings p
       set base_debit_minor = t.base_debit, base_credit_minor = t.base_credit,
           base_basis = t.basis, rate = t.rate, is_rate_inverse = t.is_inverse, rate_on = t.day,
           rate_source = t.source
      from unnest(entry_ids, line_nos, base_debits, base_credits, bases, rates, inverses, days,
                  sources)
           as t(entry_id, line_no, base_debit, base_credit, basis, rate, is_inverse, day, source)
     where p.tenant_id = agency and p.entry_id = t.entry_id and p.line_no = t.line_no
       and p.base_basis is null
    returning p.ctid
  )
  select array_agg(ctid) into lines from filled;
  perform app.roll_up_base(lines);
  return coalesce(cardinality(lines), 0);
end $$;
