-- Refuse changes of a refund that a supplier owes, except for what comes of it.
--
-- What came and what is given up are the sums of the receipts that are not reversed, and the claim
-- is reversed with its supplier credit. These checks run at commit. A claim without a base
-- amount gets it once (establish_base).
-- requires: refuse_change, unset_base

create or replace function app.guard_claim() returns trigger
language plpgsql as $$
declare
  free constant text[] := array[
    'received_minor', 'given_up_minor', 'base_settled_minor', 'expected_on', 'chased_on',
    'credit_note_number', 'reversed_on'
  ];
  unset text[];
begin
  if tg_op = 'UPDATE' then
    unset := app.unset_base(to_jsonb(old));
    if to_jsonb(new) - unset = to_jsonb(old) - unset then return new; end if;
  end if;
  if tg_op = 'DELETE' or to_jsonb(new) - free <> to_jsonb(old) - free
     or old.reversed_on is not null then
    raise exception 'a claim on a supplier cannot be changed, only settled or reversed'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create or replace function app.check_claim() returns trigger
language plpgsql as $$
declare
  claim supplier_claims%rowtype;
  sums record;
begin
  select * into claim from supplier_claims
   where tenant_id = new.tenant_id and id = (to_jsonb(new)->>
     case tg_table_name when 'supplier_claims' then 'id' else 'claim_id' end)::uuid;
  select coalesce(sum(received_minor), 0) as received, coalesce(sum(given_up_minor), 0) as given_up,
         coalesce(sum(base_minor), 0) as base
    into sums from supplier_claim_receipts
   where tenant_id = claim.tenant_id and claim_id = claim.id and reversed_on is null;
  if (claim.received_minor, claim.given_up_minor, claim.base_settled_minor)
     is distinct from (sums.received, sums.given_up, sums.base) then
    raise exception 'receipts of claim % do not add up to what is settled of it', claim.number
      using errcode = 'check_violation', constraint = 'ck_claim_settled';
  end if;
  if not exists (
    select from supplier_credits c
     where c.tenant_id = claim.tenant_id and c.id = claim.supplier_credit_id
       and (c.bill_id, c.currency, c.excess_minor)
           = (claim.bill_id, claim.currency, claim.amount_minor)
       and c.reversed_on is not distinct from claim.reversed_on
  ) then
    raise exception 'claim % does not fit its supplier credit', claim.number
      using errcode = 'check_violation', constraint = 'ck_claim_credit';
  end if;
  return null;
end $$;

create or replace trigger supplier_claims_guarded before update or delete on supplier_claims
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_claim();
create or replace trigger supplier_claims_no_truncate before truncate on supplier_claims
  for each statement execute function app.refuse_change();
drop trigger if exists supplier_claims_checked on supplier_claims;
create constraint trigger supplier_claims_checked after insert or update on supplier_claims
  deferrable initially deferred for each row execute function app.check_claim();
drop trigger if exists supplier_claim_receipts_checked on supplier_claim_receipts;
create constraint trigger supplier_claim_receipts_checked
  after insert or update on supplier_claim_receipts
  deferrable initially deferred for each row execute function app.check_claim();
