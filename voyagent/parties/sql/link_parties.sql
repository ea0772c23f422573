-- Give the next rows that an earlier release stored the ids of their parties.
--
-- A party that has no record gets one, with the spelling of its newest row and the kinds of its
-- rows. At most `most` rows of each table are changed, the newest first. Returns their number, in
-- the agency of the transaction.
-- requires: has_purpose, party_of

create or replace function app.link_parties(most int) returns bigint
language plpgsql as $$
declare
  agency uuid := current_setting('app.tenant')::uuid;
  total bigint := 0;
  linked bigint;
  rows tid[];
  one record;
begin
  for one in values
    ('invoices', 'issue_date', 'true', 'false'),
    ('bills', 'issue_date', 'false', 'true'),
    ('payments', 'paid_on', 'direction = ''in''', 'direction = ''out'''),
    ('credit_notes', 'issue_date', 'true', 'false'),
    ('supplier_credits', 'issue_date', 'false', 'true'),
    ('postings', 'effective_date',
     'app.has_purpose(
        tenant_id, account_id, ''receivable'', ''customer_advances'', ''customer_credits'')',
     'app.has_purpose(tenant_id, account_id, ''payable'', ''supplier_advances'')')
  loop
    execute format(
      'select array_agg(ctid) from (
         select ctid from %I
          where tenant_id = $1 and party_id is null and party_name is not null
          order by %I desc limit $2 for no key update) next_rows', one.column1, one.column2)
      into rows using agency, most;
    execute format(
      'select count(app.party_of($1, named, as_customer, as_supplier, ''migration''))
         from (select (array_agg(party_name order by %I desc))[1] as named,
                      bool_or(%s) as as_customer, bool_or(%s) as as_supplier
                 from %I where ctid = any($2) group by party_key order by party_key) parties',
      one.column2, one.column3, one.column4, one.column1)
      using agency, rows;
    execute format(
      'update %I r set party_id = p.id from parties p
        where r.ctid = any($2) and p.tenant_id = $1 and p.party_key = r.party_key', one.column1)
      using agency, rows;
    get diagnostics linked = row_count;
    total := total + linked;
  end loop;
  return total;
end $$;
