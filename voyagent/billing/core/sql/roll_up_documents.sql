-- Maintain two roll-ups of open invoices and bills: by due date, and by party.
--
-- A document is open if it is posted, not void, and not completely settled. By due date each open
-- instalment is counted with its open amount, and the document is counted once, at the due date of
-- its first open instalment. What a document carries in the base currency is split over its open
-- instalments. The sum in the base currency is null if it is not known: a document carries no base
-- amount, or the sum has not been filled since the upgrade. It stays null until nothing is open at
-- the due date, or until it is rebuilt. By party the document is counted once. The rows of a
-- statement are written in the order of their key, due dates before parties, so that transactions
-- never deadlock.
-- The trigger's argument is the kind of the roll-up rows: `receivable` or `payable`.
--
-- A transition table exists only for some operations, so the two branches repeat their text.
--
-- The party names of the documents, drafts included, are held until the transaction ends. The role
-- that replaces the name of an erased person writes a pseudonym, which nobody else uses yet.
--
-- The role `voyagent_mover` imports and deletes whole agencies, with their sums. Before PostgreSQL
-- 18 the triggers of a cascade run as this role, although their condition is tested as the owner.
-- requires: hold_names, instalments

create or replace function app.roll_up_documents() returns trigger
language plpgsql as $$
begin
  if current_user = 'voyagent_mover' then  -- see the top of the file
    return null;
  end if;
  if current_user <> 'voyagent_eraser' then
    perform app.hold_names(tenant_id, array_agg(distinct party_key))
       from new_rows group by tenant_id;
  end if;
  if tg_op = 'INSERT' then
    insert into ageing_by_due as a
        (tenant_id, kind, currency, issue_month, due_date, n, documents, open_minor,
         open_base_minor)
      select tenant_id, tg_argv[0], currency, month, due,
             sum(step), sum(step * documents), sum(step * due_minor),
             case when bool_and(due_base_minor is not null) then sum(step * due_base_minor) end
        from (
          select m.*, coalesce(i.due_date, m.due_date) as due,
                 coalesce(i.open_minor, m.open_minor) as due_minor,
                 coalesce(i.is_next, true)::int as documents,
                 coalesce(
                   round(m.open_base_minor * i.until_minor / nullif(m.open_minor, 0))
                   - round(m.open_base_minor * (i.until_minor - i.open_minor)
                           / nullif(m.open_minor, 0)),
                   m.open_base_minor
                 )::bigint as due_base_minor
            from (
              select 1 as step, tenant_id, currency,
                     date_trunc('month', issue_date::timestamp)::date as month,
                     due_date, party_key, party_name,
                     total_minor - paid_minor - credited_minor as open_minor,
                     (base_minor - base_settled_minor)::numeric as open_base_minor,
                     instalment_dues, instalment_minors,
                     paid_minor + credited_minor as settled_minor
                from new_rows
               where status in ('issued', 'partially_paid', 'received', 'scheduled')
            ) m
            left join lateral (
              select i.*, sum(i.open_minor) over (order by i.place) as until_minor
                from app.instalments(m.instalment_dues, m.instalment_minors, m.settled_minor) i
            ) i on true
        ) m
       where due_minor > 0
       group by 1, 2, 3, 4, 5
      having sum(step) <> 0 or sum(step * documents) <> 0 or sum(step * due_minor) <> 0
             or sum(step * due_base_minor) <> 0
             or sum(step) filter (where due_base_minor is null) <> 0
       order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, due_date) do update
        set n = a.n + excluded.n, documents = a.documents + excluded.documents,
            open_minor = a.open_minor + excluded.open_minor,
            open_base_minor = case when a.open_base_minor is null and a.n = 0
              then excluded.open_base_minor
              else a.open_base_minor + excluded.open_base_minor end;
    insert into ageing_by_party as a
        (tenant_id, kind, currency, issue_month, party_key, party_name, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, party_key, max(party_name),
             sum(step), sum(step * open_minor)
        from (
          select 1 as step, tenant_id, currency,
                 date_trunc('month', issue_date::timestamp)::date as month,
                 due_date, party_key, party_name,
                 total_minor - paid_minor - credited_minor as open_minor,
                 instalment_dues, instalment_minors,
                 paid_minor + credited_minor as settled_minor
            from new_rows
           where status in ('issued', 'partially_paid', 'received', 'scheduled')
        ) m
       group by 1, 2, 3, 4, 5
      having sum(step) <> 0 or sum(step * open_minor) <> 0
       order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, party_key) do update
        set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor,
            party_name = excluded.party_name;
  else
    insert into ageing_by_due as a
        (tenant_id, kind, currency, issue_month, due_date, n, documents, open_minor,
         open_base_minor)
      select tenant_id, tg_argv[0], currency, month, due,
             sum(step), sum(step * documents), sum(step * due_minor),
             case when bool_and(due_base_minor is not null) then sum(step * due_base_minor) end
        from (
          select m.*, coalesce(i.due_date, m.due_date) as due,
                 coalesce(i.open_minor, m.open_minor) as due_minor,
                 coalesce(i.is_next, true)::int as documents,
                 coalesce(
                   round(m.open_base_minor * i.until_minor / nullif(m.open_minor, 0))
                   - round(m.open_base_minor * (i.until_minor - i.open_minor)
                           / nullif(m.open_minor, 0)),
                   m.open_base_minor
                 )::bigint as due_base_minor
            from (
              select -1 as step, tenant_id, currency,
                     date_trunc('month', issue_date::timestamp)::date as month,
                     due_date, party_key, party_name,
                     total_minor - paid_minor - credited_minor as open_minor,
                     (base_minor - base_settled_minor)::numeric as open_base_minor,
                     instalment_dues, instalment_minors,
                     paid_minor + credited_minor as settled_minor
                from old_rows
               where status in ('issued', 'partially_paid', 'received', 'scheduled')
              union all
              select 1 as step, tenant_id, currency,
                     date_trunc('month', issue_date::timestamp)::date as month,
                     due_date, party_key, party_name,
                     total_minor - paid_minor - credited_minor as open_minor,
                     (base_minor - base_settled_minor)::numeric as open_base_minor,
                     instalment_dues, instalment_minors,
                     paid_minor + credited_minor as settled_minor
                from new_rows
               where status in ('issued', 'partially_paid', 'received', 'scheduled')
            ) m
            left join lateral (
              select i.*, sum(i.open_minor) over (order by i.place) as until_minor
                from app.instalments(m.instalment_dues, m.instalment_minors, m.settled_minor) i
            ) i on true
        ) m
       where due_minor > 0
       group by 1, 2, 3, 4, 5
      having sum(step) <> 0 or sum(step * documents) <> 0 or sum(step * due_minor) <> 0
             or sum(step * due_base_minor) <> 0
             or sum(step) filter (where due_base_minor is null) <> 0
       order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, due_date) do update
        set n = a.n + excluded.n, documents = a.documents + excluded.documents,
            open_minor = a.open_minor + excluded.open_minor,
            open_base_minor = case when a.open_base_minor is null and a.n = 0
              then excluded.open_base_minor
              else a.open_base_minor + excluded.open_base_minor end;
    insert into ageing_by_party as a
        (tenant_id, kind, currency, issue_month, party_key, party_name, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, party_key, max(party_name),
             sum(step), sum(step * open_minor)
        from (
          select -1 as step, tenant_id, currency,
                 date_trunc('month', issue_date::timestamp)::date as month,
                 due_date, party_key, party_name,
                 total_minor - paid_minor - credited_minor as open_minor,
                 instalment_dues, instalment_minors,
                 paid_minor + credited_minor as settled_minor
            from old_rows
           where status in ('issued', 'partially_paid', 'received', 'scheduled')
          union all
          select 1 as step, tenant_id, currency,
                 date_trunc('month', issue_date::timestamp)::date as month,
                 due_date, party_key, party_name,
                 total_minor - paid_minor - credited_minor as open_minor,
                 instalment_dues, instalment_minors,
                 paid_minor + credited_minor as settled_minor
            from new_rows
           where status in ('issued', 'partially_paid', 'received', 'scheduled')
        ) m
       group by 1, 2, 3, 4, 5
      having sum(step) <> 0 or sum(step * open_minor) <> 0
       order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, party_key) do update
        set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor,
            party_name = excluded.party_name;
  end if;
  return null;
end $$;

create or replace trigger invoices_rolled_up_in after insert on invoices
  referencing new table as new_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.roll_up_documents('receivable');
create or replace trigger invoices_rolled_up_over after update on invoices
  referencing old table as old_rows new table as new_rows
  for each statement execute function app.roll_up_documents('receivable');
create or replace trigger bills_rolled_up_in after insert on bills
  referencing new table as new_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.roll_up_documents('payable');
create or replace trigger bills_rolled_up_over after update on bills
  referencing old table as old_rows new table as new_rows
  for each statement execute function app.roll_up_documents('payable');
