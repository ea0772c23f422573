-- Refuse a journal entry that is incomplete, not of one day, or out of balance.
--
-- The check runs at commit, when all lines are inserted. An entry states how many lines it has, so
-- lines 1 to n must exist now and no other line can be added later (see roll_up_postings). The
-- lines are read once, summed by currency; the totals of the entry follow from those sums.
--
-- An entry balances in each currency, and in the base currency if all its lines have base amounts.
-- If the agency is ready, all lines must have them, a line is in the base currency if and only if
-- its base amount is its own, and the account of exchange comes to zero in the base currency.

create or replace function app.check_entry() returns trigger
language plpgsql as $$
declare
  found_lines bigint;
  last_line bigint;
  same_day boolean;
  unbalanced text;
  has_base boolean;
  base_difference numeric;
  own_currencies text[];
  other_currencies text[];
  books text;
begin
  select coalesce(sum(lines), 0), coalesce(max(last), 0), bool_and(dated),
         min(currency) filter (where differs),
         bool_and(based), sum(base),
         array_agg(currency) filter (where has_own), array_agg(currency) filter (where has_other)
    into found_lines, last_line, same_day, unbalanced, has_base, base_difference,
         own_currencies, other_currencies
    from (
      select currency, count(*) as lines, max(line_no) as last,
             bool_and(effective_date = new.entry_date) as dated,
             sum(debit_minor) <> sum(credit_minor) as differs,
             bool_and(base_basis is not null) as based,
             sum(base_debit_minor - base_credit_minor) as base,
             bool_or(base_basis = 'own') as has_own, bool_or(base_basis <> 'own') as has_other
        from postings where tenant_id = new.tenant_id and entry_id = new.id group by currency
    ) of_currency;
  if found_lines <> new.line_count or last_line <> new.line_count then
    raise exception 'journal entry has % of its % lines', found_lines, new.line_count
      using errcode = 'check_violation', constraint = 'ck_entry_complete';
  end if;
  if not same_day then
    raise exception 'the date of a posting differs from that of its journal entry'
      using errcode = 'check_violation', constraint = 'ck_entry_day';
  end if;
  if unbalanced is not null then
    raise exception 'journal entry does not balance in %', unbalanced
      using errcode = 'check_violation', constraint = 'ck_entry_balanced';
  end if;
  if has_base and base_difference <> 0 then
    raise exception 'journal entry does not balance in the base currency'
      using errcode = 'check_violation', constraint = 'ck_entry_balanced_in_base';
  end if;
  select base_currency into books
    from tenant_settings where tenant_id = new.tenant_id and base_state = 'ready';
  if books is null then return null; end if;
  if not has_base or own_currencies <> array[books] or books = any(other_currencies) then
    raise exception 'journal entry lacks amounts in the base currency'
      using errcode = 'check_violation', constraint = 'ck_entry_based';
  end if;
  if exists (
    select from postings p
      join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
     where p.tenant_id = new.tenant_id and p.entry_id = new.id
       and a.purpose = 'currency_exchange'
    having sum(p.base_debit_minor) <> sum(p.base_credit_minor)
  ) then
    raise exception 'the account of exchange does not come to zero in the base currency'
      using errcode = 'check_violation', constraint = 'ck_entry_exchange_zero';
  end if;
  return null;
end $$;

drop trigger if exists journal_entries_checked on journal_entries;
create constraint trigger journal_entries_checked after insert on journal_entries
  deferrable initially deferred for each row execute function app.check_entry();
