-- Write the key of its party into a document, payment or posting.
--
-- The names of the triggers sort behind those of tie_party, which find a missing party. The key of
-- a posted row stays (guard_document and others). The role that replaces the name of an erased
-- person writes the new key itself, and voyagent_mover writes rows that have their keys.

create or replace function app.key_row() returns trigger
language plpgsql as $$
begin
  select party_key into new.party_key from parties
   where tenant_id = new.tenant_id and id = new.party_id;
  new.party_key := coalesce(new.party_key, lower(new.party_name));
  return new;
end $$;

create or replace trigger invoices_tied_key
  before insert or update of party_id, party_name, party_key on invoices
  for each row when (current_user not in ('voyagent_eraser', 'voyagent_mover'))
  execute function app.key_row();
create or replace trigger bills_tied_key
  before insert or update of party_id, party_name, party_key on bills
  for each row when (current_user not in ('voyagent_eraser', 'voyagent_mover'))
  execute function app.key_row();
create or replace trigger credit_notes_tied_key before insert on credit_notes
  for each row when (current_user <> 'voyagent_mover') execute function app.key_row();
create or replace trigger supplier_credits_tied_key before insert on supplier_credits
  for each row when (current_user <> 'voyagent_mover') execute function app.key_row();
create or replace trigger payments_tied_key before insert on payments
  for each row when (current_user <> 'voyagent_mover') execute function app.key_row();
create or replace trigger postings_tied_key before insert on postings
  for each row when (new.party_name is not null and current_user <> 'voyagent_mover')
  execute function app.key_row();
