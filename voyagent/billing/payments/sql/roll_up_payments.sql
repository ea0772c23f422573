-- Maintain two roll-ups of payments with an unused amount: by day of payment, and by party.
--
-- The unused amount of a payment, an advance, is neither allocated nor refunded. The rows of a
-- statement are written in the order of their key, days before parties, so that transactions never
-- deadlock.
--
-- A transition table exists only for some operations, so the two branches repeat their text.
--
-- The role `voyagent_mover` imports and deletes whole agencies, with their sums. Before PostgreSQL
-- 18 the triggers of a cascade run as this role, although their condition is tested as the owner.

create or replace function app.roll_up_payments() returns trigger
language plpgsql as $$
begin
  if current_user = 'voyagent_mover' then  -- see the top of the file
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into advances_by_day as a
        (tenant_id, direction, currency, paid_on, n, unapplied_minor)
      select tenant_id, direction, currency, paid_on, sum(step), sum(minor)
        from (
          select tenant_id, direction, currency, paid_on, party_key, party_name,
                 1 as step, amount_minor - allocated_minor - refunded_minor as minor
            from new_rows where amount_minor - allocated_minor - refunded_minor > 0
        ) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, paid_on) do update
        set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor;
    insert into advances_by_party as a
        (tenant_id, direction, currency, party_key, party_name, n, unapplied_minor)
      select tenant_id, direction, currency, party_key, max(party_name), sum(step), sum(minor)
        from (
          select tenant_id, direction, currency, paid_on, party_key, party_name,
                 1 as step, amount_minor - allocated_minor - refunded_minor as minor
            from new_rows where amount_minor - allocated_minor - refunded_minor > 0
        ) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, party_key) do update
        set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor,
            party_name = excluded.party_name;
  else
    insert into advances_by_day as a
        (tenant_id, direction, currency, paid_on, n, unapplied_minor)
      select tenant_id, direction, currency, paid_on, sum(step), sum(minor)
        from (
          select tenant_id, direction, currency, paid_on, party_key, party_name,
                 1 as step, amount_minor - allocated_minor - refunded_minor as minor
            from new_rows where amount_minor - allocated_minor - refunded_minor > 0
          union all
          select tenant_id, direction, currency, paid_on, party_key, party_name,
                 -1, -(amount_minor - allocated_minor - refunded_minor)
            from old_rows where amount_minor - allocated_minor - refunded_minor > 0
        ) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, paid_on) do update
        set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor;
    insert into advances_by_party as a
        (tenant_id, direction, currency, party_key, party_name, n, unapplied_minor)
      select tenant_id, direction, currency, party_key, max(party_name), sum(step), sum(minor)
        from (
          select tenant_id, direction, currency, paid_on, party_key, party_name,
                 1 as step, amount_minor - allocated_minor - refunded_minor as minor
            from new_rows where amount_minor - allocated_minor - refunded_minor > 0
          union all
          select tenant_id, direction, currency, paid_on, party_key, party_name,
                 -1, -(amount_minor - allocated_minor - refunded_minor)
            from old_rows where amount_minor - allocated_minor - refunded_minor > 0
        ) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, party_key) do update
        set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor,
            party_name = excluded.party_name;
  end if;
  return null;
end $$;

create or replace trigger payments_rolled_up_in after insert on payments
  referencing new table as new_rows
  for each statement when (current_user <> 'voyagent_mover')
  execute function app.roll_up_payments();
create or replace trigger payments_rolled_up_over after update on payments
  referencing old table as old_rows new table as new_rows
  for each statement execute function app.roll_up_payments();
