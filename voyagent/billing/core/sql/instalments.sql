-- Return the instalments with the open amount of each after `settled` minor units.
--
-- Payments and credits settle the earliest instalment first, so one sum determines the open amount
-- of each. `is_next` marks the first instalment that is still open.

create or replace function app.instalments(dues date[], minors bigint[], settled bigint)
returns table (
  place bigint, due_date date, amount_minor bigint, open_minor bigint, is_next boolean
)
language sql immutable rows 3 as $$
  select p.place, p.due, p.minor, p.minor - least(greatest(settled - p.before, 0), p.minor),
         settled >= p.before and settled < p.before + p.minor
    from (select u.place, u.due, u.minor,
                 (sum(u.minor) over (order by u.place))::bigint - u.minor as before
            from unnest(dues, minors) with ordinality u(due, minor, place)) p
$$;
