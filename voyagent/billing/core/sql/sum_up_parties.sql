-- Maintain `party_open_balances`, the open amount of each party in each currency.
--
-- It is the sum of the party's months in `ageing_by_party`, so a trigger on that table updates it.
-- The rows of a statement are written in the order of their key, so that transactions never
-- deadlock.
--
-- The trigger fires only for writes of the triggers on documents. `flask books rebuild` writes each
-- of the two tables by itself, from the documents.

create or replace function app.sum_up_parties() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into party_open_balances as a
        (tenant_id, kind, currency, party_key, party_name, n, open_minor)
      select tenant_id, kind, currency, party_key, max(party_name), sum(n), sum(open_minor)
        from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
      on conflict (tenant_id, kind, currency, party_key) do update
        set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor,
            party_name = excluded.party_name;
  else
    insert into party_open_balances as a
        (tenant_id, kind, currency, party_key, party_name, n, open_minor)
      select tenant_id, kind, currency, party_key, max(party_name), sum(n), sum(open_minor)
        from (
          select tenant_id, kind, currency, party_key, party_name, n, open_minor from new_rows
          union all
          select tenant_id, kind, currency, party_key, null, -n, -open_minor from old_rows
        ) m
       group by 1, 2, 3, 4 order by 1, 2, 3, 4
      on conflict (tenant_id, kind, currency, party_key) do update
        set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor,
            party_name = excluded.party_name;
  end if;
  return null;
end $$;

create or replace trigger ageing_by_party_summed_up_in after insert on ageing_by_party
  referencing new table as new_rows
  for each statement when (pg_trigger_depth() > 0) execute function app.sum_up_parties();
create or replace trigger ageing_by_party_summed_up_over after update on ageing_by_party
  referencing old table as old_rows new table as new_rows
  for each statement when (pg_trigger_depth() > 0) execute function app.sum_up_parties();
