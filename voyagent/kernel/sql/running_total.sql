-- Sum minor units and stay within bigint.
--
-- `sum(bigint)` returns numeric. A running balance over a long export is a quarter of a million
-- additions, and integer addition is much cheaper than decimal addition.

create or replace aggregate app.running_total(bigint) (
  sfunc = int8pl, stype = bigint, initcond = '0', parallel = safe
);
