-- Return the ids of a party's journal entries, and of all entries that reverse them.
--
-- They are the entries with a line of the party, and those that a document, credit, payment,
-- refund, voucher or write-off of the party posted. Such an entry may name the party in its texts
-- only: revenue and cost that are recognised on a later day, the bank's charge for a cheque, and
-- the tax of a voucher. `key` is the key of the party (`key_party.sql`). There is no condition for
-- the agency: row-level security limits the roles that may call it to the bound one.

create or replace function app.entries_of_party(key text) returns table (id uuid)
language sql stable as $$
  with recursive source (type, id) as (
    select 'invoice', d.id from invoices d where d.party_key = key
    union all select 'bill', d.id from bills d where d.party_key = key
    union all select 'credit_note', d.id from credit_notes d where d.party_key = key
    union all select 'supplier_credit', d.id from supplier_credits d where d.party_key = key
    union all
    select one.type, d.id
      from payments d, (values ('payment'), ('bounce')) one (type) where d.party_key = key
    union all
    select 'refund', r.id
      from refunds r join payments d on d.tenant_id = r.tenant_id and d.id = r.payment_id
     where d.party_key = key
    union all
    select 'receipt_voucher', v.id
      from receipt_vouchers v join payments d on d.tenant_id = v.tenant_id and d.id = v.payment_id
     where d.party_key = key
    union all
    select 'voucher_use', u.id
      from voucher_uses u
      join receipt_vouchers v on v.tenant_id = u.tenant_id and v.id = u.voucher_id
      join payments d on d.tenant_id = v.tenant_id and d.id = v.payment_id
     where d.party_key = key
    union all
    select 'write_off', w.id
      from write_offs w join invoices d on d.tenant_id = w.tenant_id and d.id = w.invoice_id
     where d.party_key = key
  ), entry (id) as (
    (select l.entry_id from postings l where l.party_key = key
     union
     select e.id
       from source join journal_entries e
         on e.source_type = source.type and e.source_id = source.id)
    union
    select e.id from entry join journal_entries e on e.reverses_id = entry.id
  )
  select entry.id from entry
$$;

revoke all on function app.entries_of_party(text) from public;
grant execute on function app.entries_of_party(text) to voyagent_app, voyagent_eraser;
