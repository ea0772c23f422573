-- Format one field of an audit event for hashing: `<bytes>:<text>`, or `-` for null.
--
-- The length makes the format unambiguous: two different events never have the same text.

create or replace function app.part(value text) returns text
language sql immutable parallel safe as $$
  select case when value is null then '-' else octet_length(value)::text || ':' || value end
$$;
