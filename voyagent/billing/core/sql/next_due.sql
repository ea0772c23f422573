-- Return the due date of the first instalment that is still open, or the last one if none is.
-- requires: instalments

create or replace function app.next_due(dues date[], minors bigint[], settled bigint) returns date
language sql immutable as $$
  select coalesce(min(due_date) filter (where is_next), max(due_date))
    from app.instalments(dues, minors, settled)
$$;
