-- Return a text in which each of some words is replaced, ignoring case.
--
-- The words are regular expressions (privacy/rules/spellings.py).

create or replace function app.without_words(t text, words text[], instead text) returns text
language plpgsql immutable as $$
declare
  word text;
begin
  foreach word in array words loop
    t := regexp_replace(t, word, instead, 'gi');
  end loop;
  return t;
end $$;
