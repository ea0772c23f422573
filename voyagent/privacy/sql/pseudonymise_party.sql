-- Replace the name of an erased party in documents, payments, entries and their roll-ups.
--
-- `words` are regular expressions for the words of the person (privacy/rules/spellings.py), which
-- are also replaced in free texts of these records and in the numbers that a supplier gave. Such a
-- number must be unique, so a replaced one ends with the row's id. Other numbers, amounts and dates
-- stay. The function runs as a role that cannot sign in, sees the rows of the bound agency only,
-- and may update only columns with texts; the guards of these tables let it pass. It fails without
-- an agency, and if the party has open amounts. `party` is the key of the party.
-- requires: entries_of_party, without_words

create or replace function app.pseudonymise_party(party text, pseudonym text, words text[])
returns void
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
  agency uuid := current_setting('app.tenant')::uuid;
  key text := lower(party);
  entries uuid[];
begin
  -- The documents find these entries, so this comes before the documents lose the name.
  select coalesce(array_agg(e.id), '{}') into entries from app.entries_of_party(key) e;
  update invoice_lines l set description = app.without_words(l.description, words, pseudonym)
    from invoices d where d.tenant_id = agency and d.party_key = key
     and l.tenant_id = agency and l.invoice_id = d.id;
  update bill_lines l set description = app.without_words(l.description, words, pseudonym)
    from bills d where d.tenant_id = agency and d.party_key = key
     and l.tenant_id = agency and l.bill_id = d.id;
  update credit_note_lines l set description = app.without_words(l.description, words, pseudonym)
    from credit_notes d where d.tenant_id = agency and d.party_key = key
     and l.tenant_id = agency and l.credit_note_id = d.id;
  update supplier_credit_lines l
     set description = app.without_words(l.description, words, pseudonym)
    from supplier_credits d where d.tenant_id = agency and d.party_key = key
     and l.tenant_id = agency and l.supplier_credit_id = d.id;
  update write_offs w set reason = app.without_words(w.reason, words, pseudonym)
    from invoices d where d.tenant_id = agency and d.party_key = key
     and w.tenant_id = agency and w.invoice_id = d.id;
  update cancellations c set reason = app.without_words(c.reason, words, pseudonym)
   where c.tenant_id = agency
     and c.id in (select l.cancellation_id from cancellation_lines l
                    left join invoices i on i.tenant_id = l.tenant_id and i.id = l.invoice_id
                    left join bills b on b.tenant_id = l.tenant_id and b.id = l.bill_id
                   where l.tenant_id = agency and key in (i.party_key, b.party_key));
  update refunds r set reference = app.without_words(r.reference, words, pseudonym),
         instrument_no = app.without_words(r.instrument_no, words, pseudonym),
         instrument_bank = app.without_words(r.instrument_bank, words, pseudonym),
         reversal_reason = app.without_words(r.reversal_reason, words, pseudonym)
    from payments d where d.tenant_id = agency and d.party_key = key
     and r.tenant_id = agency and r.payment_id = d.id;
  update invoices set party_name = pseudonym, party_key = lower(pseudonym),
         party_reference = app.without_words(party_reference, words, pseudonym),
         notes = app.without_words(notes, words, pseudonym),
         sent_to = case when sent_to is not null then pseudonym end,
         party_address = null,
         void_reason = app.without_words(void_reason, words, pseudonym)
   where tenant_id = agency and party_key = key;
  update bills set party_name = pseudonym, party_key = lower(pseudonym),
         vendor_reference = case
           when app.without_words(vendor_reference, words, pseudonym) = vendor_reference
           then vendor_reference
           else app.without_words(vendor_reference, words, pseudonym) || ' ' || right(id::text, 6)
         end,
         party_reference = app.without_words(party_reference, words, pseudonym),
         notes = app.without_words(notes, words, pseudonym),
         void_reason = app.without_words(void_reason, words, pseudonym)
   where tenant_id = agency and party_key = key;
  update credit_notes set party_name = pseudonym, party_key = lower(pseudonym),
         reason = app.without_words(reason, words, pseudonym),
         reversal_reason = app.without_words(reversal_reason, words, pseudonym)
   where tenant_id = agency and party_key = key;
  update supplier_credits set party_name = pseudonym, party_key = lower(pseudonym),
         vendor_reference = case
           when app.without_words(vendor_reference, words, pseudonym) = vendor_reference
           then vendor_reference
           else app.without_words(vendor_reference, words, pseudonym) || ' ' || right(id::text, 6)
         end,
         reason = app.without_words(reason, words, pseudonym),
         reversal_reason = app.without_words(reversal_reason, words, pseudonym)
   where tenant_id = agency and party_key = key;
  update payments set party_name = pseudonym, party_key = lower(pseudonym),
         reference = app.without_words(reference, words, pseudonym),
         instrument_no = app.without_words(instrument_no, words, pseudonym),
         instrument_bank = app.without_words(instrument_bank, words, pseudonym),
         tds_certificate = app.without_words(tds_certificate, words, pseudonym),
         reversal_reason = app.without_words(reversal_reason, words, pseudonym)
   where tenant_id = agency and party_key = key;
  update journal_entries set narration = app.without_words(narration, words, pseudonym)
   where tenant_id = agency and id = any(entries);
  update postings set memo = app.without_words(memo, words, pseudonym),
         party_name = case when party_key = key then pseudonym else party_name end,
         party_key = case when party_key = key then lower(pseudonym) else party_key end
   where tenant_id = agency and entry_id = any(entries);
  if exists (select from party_open_balances
              where tenant_id = agency and party_key = key and (n <> 0 or open_minor <> 0))
     or exists (select from advances_by_party
                 where tenant_id = agency and party_key = key
                   and (n <> 0 or unapplied_minor <> 0)) then
    raise exception 'a party with open amounts keeps its name'
      using errcode = 'restrict_violation';
  end if;
  delete from ageing_by_party where tenant_id = agency and party_key = key;
  delete from party_open_balances where tenant_id = agency and party_key = key;
  delete from advances_by_party where tenant_id = agency and party_key = key;
end $$;

alter function app.pseudonymise_party(text, text, text[]) owner to voyagent_eraser;
revoke all on function app.pseudonymise_party(text, text, text[]) from public;
grant execute on function app.pseudonymise_party(text, text, text[]) to voyagent_app;
