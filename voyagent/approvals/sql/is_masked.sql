-- Return true if a value is another one in which parts of texts were replaced by the mask ••••.
--
-- Each mask stands for any text, so the function cannot tell which parts were masked.

create or replace function app.is_masked(before jsonb, after jsonb) returns boolean
language sql immutable parallel safe as $$
  select before::text like
         replace(regexp_replace(after::text, '([\\%_])', '\\\1', 'g'), '••••', '%')
$$;
