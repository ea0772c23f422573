-- Return true if two arrays are valid instalments of a document.
--
-- Instalments have 2 to 36 due dates in ascending order, none before the issue date, and an amount
-- above zero for each. CHECK constraints of invoices and bills call this function, so a change
-- needs a migration that validates them again.

create or replace function app.is_plan(dues date[], minors bigint[], issued date) returns boolean
language sql immutable as $$
  select coalesce(
    cardinality(dues) between 2 and 36 and cardinality(minors) = cardinality(dues)
    and array_position(dues, null) is null
    and issued <= dues[1] and dues[cardinality(dues)] <= '2200-12-31' and 0 < all(minors)
    and not exists (
      select 1 from generate_series(2, cardinality(dues)) place
       where dues[place] <= dues[place - 1]
    ), false)
$$;
