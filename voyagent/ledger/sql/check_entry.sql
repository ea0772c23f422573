-- Refuse a journal entry that is incomplete, not of one day, or out of balance in a currency.
--
-- The check runs at commit, when all lines are inserted. An entry states how many lines it has, so
-- lines 1 to n must exist now and no other line can be added later (see roll_up_postings). The
-- lines are read once, summed by currency; the totals of the entry follow from those sums.

create or replace function app.check_entry() returns trigger
language plpgsql as $$
declare
  found_lines bigint;
  last_line bigint;
  same_day boolean;
  unbalanced text;
begin
  select coalesce(sum(lines), 0), coalesce(max(last), 0), bool_and(dated),
         min(currency) filter (where differs)
    into found_lines, last_line, same_day, unbalanced
    from (
      select currency, count(*) as lines, max(line_no) as last,
             bool_and(effective_date = new.entry_date) as dated,
             sum(debit_minor) <> sum(credit_minor) as differs
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
  return null;
end $$;

drop trigger if exists journal_entries_checked on journal_entries;
create constraint trigger journal_entries_checked after insert on journal_entries
  deferrable initially deferred for each row execute function app.check_entry();
