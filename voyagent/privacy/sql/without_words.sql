-- Return a text in which each of some words is replaced, ignoring case.

create or replace function app.without_words(t text, words text[], instead text) returns text
language plpgsql immutable as $$
declare
  word text;
begin
  foreach word in array words loop
    if length(word) >= 3 then
      t := regexp_replace(
        t, regexp_replace(word, '([^[:alnum:][:space:]])', '\\\1', 'g'), instead, 'gi');
    end if;
  end loop;
  return t;
end $$;
