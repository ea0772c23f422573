-- Add new postings to the roll-ups: balances by month, balances by day, earnings by trip.
--
-- Reports read the roll-ups, so their cost does not depend on the number of postings. The function
-- also refuses a line beyond the number that its entry states, so no line can be added to a posted
-- entry later.
--
-- The rows of a statement are written in the order of their key, months before days before trips,
-- so that transactions wait for each other in one order and never deadlock. An advisory lock for
-- each agency before this was measured. It is slower than waiting for the rows themselves.
--
-- The party names of the lines are held until the transaction ends. If the party of a line has
-- another name now, the transaction fails in such a way that the program repeats it. A reversal
-- copies the names of the entry that it reverses. If that entry has lost a name meanwhile, because
-- the person was erased, the transaction fails in the same way.
-- requires: hold_names

create or replace function app.roll_up_postings() returns trigger
language plpgsql as $$
declare
  has_too_many boolean;
  is_of_trip boolean;
  has_reversal boolean;
  is_renamed boolean;
begin
  perform app.hold_names(tenant_id, array_agg(distinct party_key))
     from new_rows where party_key is not null group by tenant_id;
  -- One read of the entries answers all questions, so an entry without a trip costs no more.
  select bool_or(n.line_no > e.line_count), bool_or(e.trip_id is not null),
         bool_or(e.reverses_id is not null), bool_or(lower(p.name) <> lower(n.party_name))
    into has_too_many, is_of_trip, has_reversal, is_renamed
    from new_rows n
    join journal_entries e on e.tenant_id = n.tenant_id and e.id = n.entry_id
    left join parties p on p.tenant_id = n.tenant_id and p.id = n.party_id;
  if has_too_many then
    raise exception 'a line cannot be added to a posted journal entry'
      using errcode = 'restrict_violation';
  end if;
  if is_renamed then
    raise exception 'the party of a line has another name now'
      using errcode = 'serialization_failure';
  end if;
  if has_reversal and exists (
    select from new_rows n
      join journal_entries e on e.tenant_id = n.tenant_id and e.id = n.entry_id
     where e.reverses_id is not null and n.party_key is not null
       and not exists (
         select from postings p
          where p.tenant_id = n.tenant_id and p.entry_id = e.reverses_id
            and p.party_key = n.party_key
       )
  ) then
    raise exception 'the reversed entry has another party name now'
      using errcode = 'serialization_failure';
  end if;
  insert into monthly_balances as b
      (tenant_id, account_id, currency, month, debit_minor, credit_minor,
       base_debit_minor, base_credit_minor)
    select tenant_id, account_id, currency, date_trunc('month', effective_date::timestamp)::date,
           sum(debit_minor), sum(credit_minor),
           coalesce(sum(base_debit_minor), 0), coalesce(sum(base_credit_minor), 0)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, account_id, currency, month) do update
      set debit_minor = b.debit_minor + excluded.debit_minor,
          credit_minor = b.credit_minor + excluded.credit_minor,
          base_debit_minor = b.base_debit_minor + excluded.base_debit_minor,
          base_credit_minor = b.base_credit_minor + excluded.base_credit_minor;
  insert into daily_balances as b
      (tenant_id, day, account_id, currency, debit_minor, credit_minor,
       base_debit_minor, base_credit_minor)
    select tenant_id, effective_date, account_id, currency, sum(debit_minor), sum(credit_minor),
           coalesce(sum(base_debit_minor), 0), coalesce(sum(base_credit_minor), 0)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, account_id, currency) do update
      set debit_minor = b.debit_minor + excluded.debit_minor,
          credit_minor = b.credit_minor + excluded.credit_minor,
          base_debit_minor = b.base_debit_minor + excluded.base_debit_minor,
          base_credit_minor = b.base_credit_minor + excluded.base_credit_minor;
  if is_of_trip then
    insert into trip_earnings as t
        (tenant_id, day, trip_id, currency, revenue_minor, cost_minor,
         base_revenue_minor, base_cost_minor)
    select p.tenant_id, p.effective_date, e.trip_id, p.currency,
           coalesce(sum(p.credit_minor - p.debit_minor)
             filter (where a.type = 'revenue'), 0),
           coalesce(sum(p.debit_minor - p.credit_minor)
             filter (where a.purpose = 'cost_of_services'), 0),
           coalesce(sum(p.base_credit_minor - p.base_debit_minor)
             filter (where a.type = 'revenue'), 0),
           coalesce(sum(p.base_debit_minor - p.base_credit_minor)
             filter (where a.purpose = 'cost_of_services'), 0)
      from new_rows p
      join journal_entries e on e.tenant_id = p.tenant_id and e.id = p.entry_id
      join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
     where e.trip_id is not null and (a.type = 'revenue' or a.purpose = 'cost_of_services')
     group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, trip_id, currency) do update
      set revenue_minor = t.revenue_minor + excluded.revenue_minor,
          cost_minor = t.cost_minor + excluded.cost_minor,
          base_revenue_minor = t.base_revenue_minor + excluded.base_revenue_minor,
          base_cost_minor = t.base_cost_minor + excluded.base_cost_minor;
  end if;
  return null;
end $$;

create or replace trigger postings_rolled_up after insert on postings
  referencing new table as new_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.roll_up_postings();
