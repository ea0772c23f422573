-- Return the id of the party with a name; make the party if there is none.
--
-- Names are compared without case. The party becomes a customer or supplier, too, if the arguments
-- say so; a new one is a customer unless they say otherwise. Two transactions that need the same
-- new party make one: the second waits for the first.

create or replace function app.party_of(
  agency uuid, named text, as_customer boolean, as_supplier boolean, made_by text)
returns uuid
language plpgsql as $$
declare
  found_id uuid;
  has_kinds boolean;
begin
  loop
    select id, is_customer >= as_customer and is_supplier >= as_supplier into found_id, has_kinds
      from parties where tenant_id = agency and party_key = lower(named);
    exit when found;
    insert into parties (tenant_id, id, name, is_customer, is_supplier, origin)
      values (agency, gen_random_uuid(), named, as_customer or not as_supplier, as_supplier,
              made_by)
      on conflict (tenant_id, party_key) do nothing returning id into found_id;
    if found then return found_id; end if;
  end loop;
  if not has_kinds then
    update parties
       set is_customer = is_customer or as_customer, is_supplier = is_supplier or as_supplier,
           updated_at = now()
     where tenant_id = agency and id = found_id;
  end if;
  return found_id;
end $$;
