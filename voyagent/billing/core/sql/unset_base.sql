-- Return the columns of a row of billing that establish_base may still fill.
--
-- They are its base amounts, if it has none yet, with what is taken of them, and its rate.

create or replace function app.unset_base(old_row jsonb) returns text[]
language sql immutable parallel safe as $$
  select case when old_row->>'base_minor' is null
           then array['base_minor', 'base_settled_minor', 'base_used_minor'] else '{}' end
      || case when old_row->>'document_base_minor' is null
           then array['document_base_minor'] else '{}' end
      || case when old_row->>'payment_base_minor' is null
           then array['payment_base_minor'] else '{}' end
      || case when old_row->>'base_minor' is null and old_row->>'rate' is null
           then array['rate_base', 'rate_quote', 'rate', 'rate_on', 'rate_source'] else '{}' end
$$;
