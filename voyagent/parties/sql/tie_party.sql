-- Give a document, payment or posting the id of its party, and refuse the id of another one.
--
-- The services write the id. The release before writes only the name, so this trigger finds the
-- party of the name. It may go with the next release. A draft whose party was renamed keeps it.
--
-- Documents hold the key of the party first (hold_names), so nobody changes its name until the
-- transaction ends. If it was changed after the service had read it, the transaction fails in such
-- a way that the program repeats it. For postings, roll_up_postings does both, once for all lines
-- of an entry.
--
-- The argument is the kind of party, `customer` or `supplier`. A payment has it in `direction`, and
-- a posting shows it by its account. The role that replaces the name of an erased person replaces
-- it in the party too, and voyagent_mover writes rows that have their ids.
-- requires: has_purpose, hold_names, party_of

create or replace function app.tie_party() returns trigger
language plpgsql as $$
declare
  side text := tg_argv[0];
  key text;
begin
  if tg_table_name = 'payments' then
    side := case new.direction when 'in' then 'customer' else 'supplier' end;
  end if;
  if tg_op = 'UPDATE' and new.party_id is not distinct from old.party_id then
    if lower(new.party_name) = lower(old.party_name) then return new; end if;
    if not exists (select from parties
                    where tenant_id = new.tenant_id and id = new.party_id
                      and lower(name) = lower(new.party_name)) then
      new.party_id := null;
    end if;
  end if;
  if new.party_id is null then
    perform app.hold_names(new.tenant_id, array[lower(new.party_name)]);
    new.party_id := app.party_of(
      new.tenant_id, new.party_name, side = 'customer', side = 'supplier', 'document');
    return new;
  end if;
  select party_key into key from parties where tenant_id = new.tenant_id and id = new.party_id;
  perform app.hold_names(new.tenant_id, array[key]);
  if not exists (select from parties
                  where tenant_id = new.tenant_id and id = new.party_id
                    and party_key = key and lower(name) = lower(new.party_name)) then
    raise exception 'the party of a row of % has another name now', tg_table_name
      using errcode = 'serialization_failure';
  end if;
  return new;
end $$;

create or replace function app.tie_posting() returns trigger
language plpgsql as $$
begin
  if new.party_id is not null then return new; end if;
  new.party_id := app.party_of(
    new.tenant_id, new.party_name,
    app.has_purpose(
      new.tenant_id, new.account_id, 'receivable', 'customer_advances', 'customer_credits'),
    app.has_purpose(new.tenant_id, new.account_id, 'payable', 'supplier_advances'), 'document');
  return new;
end $$;

create or replace trigger invoices_tied before insert or update of party_id, party_name on invoices
  for each row when (current_user not in ('voyagent_eraser', 'voyagent_mover'))
  execute function app.tie_party('customer');
create or replace trigger bills_tied before insert or update of party_id, party_name on bills
  for each row when (current_user not in ('voyagent_eraser', 'voyagent_mover'))
  execute function app.tie_party('supplier');
create or replace trigger credit_notes_tied before insert on credit_notes
  for each row when (current_user <> 'voyagent_mover') execute function app.tie_party('customer');
create or replace trigger supplier_credits_tied before insert on supplier_credits
  for each row when (current_user <> 'voyagent_mover') execute function app.tie_party('supplier');
create or replace trigger payments_tied before insert on payments
  for each row when (current_user <> 'voyagent_mover') execute function app.tie_party();
create or replace trigger postings_tied before insert on postings
  for each row when (new.party_name is not null and current_user <> 'voyagent_mover')
  execute function app.tie_posting();
