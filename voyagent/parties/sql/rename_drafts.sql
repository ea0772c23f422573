-- Give drafts the new name of their party.
--
-- A posted document is evidence and keeps the name; a party with postings changes only the case of
-- its letters. A draft with another name than its party could not be posted. The new `updated_at`
-- tells a person who has the draft open that it has changed.

create or replace function app.rename_drafts() returns trigger
language plpgsql as $$
begin
  update invoices set party_name = new.name, updated_at = now()
   where tenant_id = new.tenant_id and party_key = old.party_key and status = 'draft'
     and party_id = new.id;
  update bills set party_name = new.name, updated_at = now()
   where tenant_id = new.tenant_id and party_key = old.party_key and status = 'draft'
     and party_id = new.id;
  return null;
end $$;

create or replace trigger parties_rename_drafts after update of name on parties
  for each row when (lower(new.name) <> lower(old.name))
  execute function app.rename_drafts();
