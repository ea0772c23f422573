-- Replace the words of an erased person in free texts of posted documents and entries.
--
-- `target` is the table, `texts` are its columns, and `record` is the column whose values are in
-- `ids`. The words are regular expressions (privacy/rules/spellings.py). The function runs as a
-- role that cannot sign in, sees the rows of the bound agency only, and may update only columns
-- with texts; the guards of these tables let it pass. The name of a document's party is in the
-- roll-ups too, so only pseudonymise_party may change it.
--
-- A supplier's number must be unique. So a replaced one ends with the row's id.
-- requires: without_words

create or replace function app.replace_words(
  target text, texts text[], record text, ids uuid[], words text[], pseudonym text)
returns void
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
  part text;
begin
  if 'party_name' = any(texts) then
    raise exception 'a free text has no name of a party' using errcode = 'restrict_violation';
  end if;
  foreach part in array texts loop
    execute format(
      'update public.%1$I set %2$I = app.without_words(%2$I, $3, $4)'
      || case when part = 'vendor_reference' then ' || '' '' || right(id::text, 6)' else '' end
      || ' where tenant_id = $1 and %3$I = any($2)'
      || ' and %2$I is distinct from app.without_words(%2$I, $3, $4)', target, part, record)
      using current_setting('app.tenant')::uuid, ids, words, pseudonym;
  end loop;
end $$;

alter function app.replace_words(text, text[], text, uuid[], text[], text)
  owner to voyagent_eraser;
revoke all on function app.replace_words(text, text[], text, uuid[], text[], text) from public;
grant execute on function app.replace_words(text, text[], text, uuid[], text[], text)
  to voyagent_app;
