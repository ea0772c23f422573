-- Format an instant in UTC with microseconds, independent of the session's time zone.

create or replace function app.instant(value timestamptz) returns text
language sql immutable parallel safe as $$
  select to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
