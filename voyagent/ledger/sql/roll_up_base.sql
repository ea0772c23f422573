-- Add the base amounts of lines that had none to the roll-ups: by month, by day, by trip.
--
-- The caller has just given the lines their base amounts. The roll-ups are written in the order of
-- their key, months before days before trips, as roll_up_postings does.

create or replace function app.roll_up_base(lines tid[]) returns void
language plpgsql as $$
begin
  insert into monthly_balances as b
      (tenant_id, account_id, currency, month, base_debit_minor, base_credit_minor)
    select tenant_id, account_id, currency, date_trunc('month', effective_date::timestamp)::date,
           sum(base_debit_minor), sum(base_credit_minor)
      from postings where ctid = any(lines) group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, account_id, currency, month) do update
      set base_debit_minor = b.base_debit_minor + excluded.base_debit_minor,
          base_credit_minor = b.base_credit_minor + excluded.base_credit_minor;
  insert into daily_balances as b
      (tenant_id, day, account_id, currency, base_debit_minor, base_credit_minor)
    select tenant_id, effective_date, account_id, currency,
           sum(base_debit_minor), sum(base_credit_minor)
      from postings where ctid = any(lines) group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, account_id, currency) do update
      set base_debit_minor = b.base_debit_minor + excluded.base_debit_minor,
          base_credit_minor = b.base_credit_minor + excluded.base_credit_minor;
  insert into trip_earnings as t
      (tenant_id, day, trip_id, currency, base_revenue_minor, base_cost_minor)
    select p.tenant_id, p.effective_date, e.trip_id, p.currency,
           coalesce(sum(p.base_credit_minor - p.base_debit_minor)
             filter (where a.type = 'revenue'), 0),
           coalesce(sum(p.base_debit_minor - p.base_credit_minor)
             filter (where a.purpose = 'cost_of_services'), 0)
      from postings p
      join journal_entries e on e.tenant_id = p.tenant_id and e.id = p.entry_id
      join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
     where p.ctid = any(lines) and e.trip_id is not null
       and (a.type = 'revenue' or a.purpose = 'cost_of_services')
     group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, trip_id, currency) do update
      set base_revenue_minor = t.base_revenue_minor + excluded.base_revenue_minor,
          base_cost_minor = t.base_cost_minor + excluded.base_cost_minor;
end $$;
