-- Return the searchable text of a message: the text of a person or the assistant, in lower case.
--
-- Tool calls and facts are left out. The pieces are joined by a character that nobody types, so
-- that no search pattern matches across two of them. The generated column `chat_messages.search`
-- uses this function, so a change needs a migration that writes the column again.

create or replace function app.words_of(role text, blocks jsonb) returns text
language sql immutable parallel safe as $$
  select case
    when role in ('user', 'assistant') then
      lower(coalesce(string_agg(part.block->>'text', chr(31) order by part.position), ''))
    else ''
  end
    from jsonb_array_elements(blocks) with ordinality as part(block, position)
   where part.block->>'type' = 'text'
$$;
