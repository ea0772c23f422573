-- An agency with years of business behind it. Each statement ends with a semicolon at the end of a line; the values are those of `books.load`.

-- A key that grows with the number of its row, as the program's own grow with time.
create function pg_temp.key(kind int, n bigint) returns uuid language sql immutable as
$$ select ('0190' || lpad(to_hex(n), 8, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;

-- A USD costs 84 INR on all days, so no payment has an exchange difference. Null for INR: nothing to convert.
create function pg_temp.base(currency text, amount bigint) returns bigint language sql immutable as
$$ select case currency when 'USD' then 84 * amount end $$;

-- The id of `Customer 1` or `Supplier 101`: parties have the number of their name.
create function pg_temp.party(name text) returns uuid language sql immutable as
$$ select pg_temp.key(1, split_part(name, ' ', 2)::bigint) $$;

-- A time of the day with microseconds, as each row of the program has. Midnight would take longer to write as text.
create function pg_temp.at(day date) returns timestamptz language sql stable as
$$ select (day + time '10:15:30.123456') at time zone 'UTC' $$;

create function pg_temp.year_of(day date) returns text language sql immutable as
$$ select to_char(day - interval '3 months', 'YYYY') || '-' || to_char(day + interval '9 months', 'YY') $$;

insert into parties (tenant_id, id, name, is_customer, is_supplier, email, country, terms_days, created_by_user_id)
select %(tenant)s, pg_temp.key(1, n), case when n <= %(half)s then 'Customer ' else 'Supplier ' end || n, n <= %(half)s, n > %(half)s,
       'party' || n || '@example.com', 'IN', 30, %(user)s
  from generate_series(1, 2 * %(half)s) n;

insert into tenant_settings (tenant_id, base_currency, base_state) values (%(tenant)s, 'INR', 'ready')
    on conflict (tenant_id) do update set base_currency = 'INR', base_state = 'ready';

insert into exchange_rates (tenant_id, id, base, quote, kind, rate, rate_on, source, created_by_user_id)
select %(tenant)s, pg_temp.key(4, day), 'USD', 'INR', 'reference', 84, %(first)s::date + day, 'FBIL', %(user)s
  from generate_series(0, %(days)s) day;

insert into enquiries (tenant_id, id, created_by_user_id, customer_name, customer_email, origin, destination, depart_date, return_date, pax_count,
                       budget_hundredths, budget_currency, status, created_at, updated_at)
select %(tenant)s, pg_temp.key(2, n), %(user)s, 'Traveller ' || n, 'traveller' || n || '@example.com', 'BLR',
       case when n %% 8 = 0 then 'Lisbon' when n = %(size)s / 2 + 1 then 'Reykjavik' else (array['Paris', 'Tokyo', 'Nairobi', 'Lima', 'Perth'])[n %% 5 + 1] end,
       at::date + 60, at::date + 70, n %% 6 + 1, 5000000 + n %% 100 * 10000, 'INR',
       (array['new', 'quoted', 'booked', 'booked', 'cancelled'])[n %% 5 + 1], at, at
  from generate_series(1, %(size)s) n
 cross join lateral (select %(first)s::timestamptz + n * (interval '1 day' * %(days)s / %(size)s) as at) made;

-- Two documents of one party at a time, which one payment settles; documents are numbered from the oldest, and every party comes up alike often.
-- What became of them: 0 nothing yet, 1 the first paid and half of the second, 2 void, 3 paid but for what was credited of the first, 4 paid with more than
-- was asked, 5 paid; 6 is a draft.
create temporary table docs as
with numbered as (
  select n, k, place, fate, currency, party, %(first)s::date + (n - 1) * %(days)s / %(size)s as issued,
         %(first)s::date + (n + (1 - place) * %(half)s - 1) * %(days)s / %(size)s + 20 as paid_on
    from generate_series(1, %(size)s) n
   cross join lateral (select (n - 1) / (2 * %(half)s) * %(half)s + (n - 1) %% %(half)s as k, (n - 1) / %(half)s %% 2 as place,
                              (n - 1) %% %(half)s as party) pairs
   cross join lateral (select (k * 7 + k / %(half)s) %% 100 as share, case when party %% 10 = 0 then 'USD' else 'INR' end as currency) shared
   cross join lateral (select case when share < 2 then 0 when share = 2 then 1 when share = 3 then 2 when share < 10 then 3 when share < 13 then 4
                              else 5 end as fate) fates
  union all
  select %(size)s + n, -n, 0, 6, 'INR', n %% %(half)s, %(first)s::date + (n - 1) * %(days)s * 40 / %(size)s, null
    from generate_series(1, %(size)s / 40) n
), decided as (
  select kind, n, k, place, currency, issued, paid_on, 100000 + n %% 50 * 1000 as total,
         case kind when 'in' then 'Customer ' || party + 1 else 'Supplier ' || %(half)s + party + 1 end as party,
         case when fate not in (2, 6) and paid_on > %(today)s then 0 else fate end as fate
    from numbered cross join (values ('in'), ('out')) kinds(kind)
), settled as (
  select *, case when fate = 3 and place = 0 then 10000 else 0 end as credited,
         case when fate in (0, 2, 6) then 0 when fate = 1 and place = 1 then total / 2 when fate = 3 and place = 0 then total - 10000 else total end as paid
    from decided
)
select *, case kind when 'in' then 10 else 20 end as family,
       case when fate = 6 then 'draft' when fate = 2 then 'void' when paid + credited = total then 'paid'
            when kind = 'out' then 'received' when paid > 0 then 'partially_paid' else 'issued' end as status,
       case when fate <> 6 then pg_temp.year_of(issued) || '/'
            || lpad(row_number() over (partition by kind, fate <> 6, pg_temp.year_of(issued) order by n)::text, 6, '0') end as number
  from settled;

create temporary table paid as
select kind, family, k, party, currency, paid_on, min(number) as first_number, sum(paid) as used, case when min(fate) = 4 then 25000 else 0 end as ahead,
       case kind when 'in' then 'R/' else 'P/' end || pg_temp.year_of(paid_on) || '/'
       || lpad(row_number() over (partition by kind, pg_temp.year_of(paid_on) order by k)::text, 6, '0') as number
  from docs where paid > 0 group by kind, family, k, party, currency, paid_on;

create temporary table credits as
select kind, family, n, party, currency, number as of_number, credited, issued + 10 as issued,
       'C/' || pg_temp.year_of(issued + 10) || '/'
       || lpad(row_number() over (partition by kind, pg_temp.year_of(issued + 10) order by n)::text, 6, '0') as number
  from docs where credited > 0;

-- Every entry with the purposes of its lines and their amounts, debit above zero; what a payment out moves is turned round below.
create temporary table entries as
select family + 1 as family, n, issued as day, case kind when 'in' then 'invoice' else 'bill' end as source, family as source_family,
       case kind when 'in' then 'issue' else 'receive' end as purpose,
       case kind when 'in' then 'Invoice ' else 'Bill ' end || number || ', ' || party as narration, party, number as memo, currency, null::int as reverses,
       case kind when 'in' then array['receivable', 'revenue_services'] else array['cost_of_services', 'payable'] end as purposes,
       array[total, -total]::bigint[] as amounts, 1 as sign
  from docs where fate <> 6
union all
select family + 2, n, issued + 5, case kind when 'in' then 'invoice' else 'bill' end, family, 'void', 'Void ' || number || ', ' || party, party, number,
       currency, family + 1, case kind when 'in' then array['receivable', 'revenue_services'] else array['cost_of_services', 'payable'] end,
       array[-total, total], 1
  from docs where fate = 2
union all
select family + 4, k, paid_on, 'payment', family + 3, case kind when 'in' then 'receipt' else 'payment' end,
       case kind when 'in' then 'Receipt, ' else 'Payment, ' end || first_number || ', ' || party, party, number, currency, null,
       (case kind when 'in' then array['bank', 'receivable', 'customer_advances'] else array['bank', 'payable', 'supplier_advances'] end)[: 2 + (ahead > 0)::int],
       (array[used + ahead, -used, -ahead])[: 2 + (ahead > 0)::int], case kind when 'in' then 1 else -1 end
  from paid
union all
select family + 6, n, issued, case kind when 'in' then 'credit_note' else 'supplier_credit' end, family + 5,
       case kind when 'in' then 'issue' else 'enter' end, 'Credit note ' || number || ' on ' || of_number || ', ' || party || ': agreed', party, number,
       currency, null, case kind when 'in' then array['revenue_services', 'receivable'] else array['payable', 'cost_of_services'] end,
       array[credited, -credited], 1
  from credits;

insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id, purpose, line_count, reverses_id, created_by_user_id, recorded_at)
select %(tenant)s, pg_temp.key(family, n), day, narration, source, pg_temp.key(source_family, n), purpose, cardinality(purposes),
       case when reverses is not null then pg_temp.key(reverses, n) end, %(user)s, pg_temp.at(day)
  from entries order by day, n, family;

-- The party stands on control accounts and on money that moved.
insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor, credit_minor, effective_date, party_name, party_id, memo,
                      base_debit_minor, base_credit_minor, base_basis, rate, is_rate_inverse, rate_on, rate_source)
select %(tenant)s, pg_temp.key(e.family, e.n), l.place, a.id, e.currency, greatest(e.sign * l.amount, 0), greatest(-e.sign * l.amount, 0), e.day,
       case when l.purpose in ('receivable', 'payable', 'bank', 'customer_advances', 'supplier_advances') then e.party end,
       case when l.purpose in ('receivable', 'payable', 'bank', 'customer_advances', 'supplier_advances') then pg_temp.party(e.party) end, e.memo,
       greatest(e.sign * coalesce(pg_temp.base(e.currency, l.amount), l.amount), 0),
       greatest(-e.sign * coalesce(pg_temp.base(e.currency, l.amount), l.amount), 0),
       case e.currency when 'USD' then 'rate' else 'own' end, rate.*
  from entries e
  left join lateral (select 84, false, e.day, 'FBIL' where e.currency = 'USD') rate on true
 cross join lateral unnest(e.purposes, e.amounts) with ordinality l(purpose, amount, place)
  join accounts a on a.tenant_id = %(tenant)s and a.purpose = l.purpose
 order by e.day, e.n, e.family;

insert into invoices (tenant_id, id, status, issue_date, due_date, currency, total_minor, paid_minor, credited_minor, base_minor, base_settled_minor, party_name, party_id,
                      entry_id, created_by_user_id, voided_on, void_reason, void_entry_id, voided_by_user_id, created_at, updated_at, number, issued_at, issued_by_user_id)
select %(tenant)s, pg_temp.key(family, n), status, issued, issued + 30, currency, total, paid, credited,
       case when fate <> 6 then pg_temp.base(currency, total) end, coalesce(pg_temp.base(currency, paid + credited), 0), party, pg_temp.party(party), case when fate <> 6 then pg_temp.key(family + 1, n) end,
       %(user)s, void.*, pg_temp.at(issued), pg_temp.at(issued), number, case when fate <> 6 then pg_temp.at(issued) end, case when fate <> 6 then %(user)s::uuid end
  from docs
  left join lateral (select issued + 5, 'entered twice', pg_temp.key(family + 2, n), %(user)s::uuid where fate = 2) void on true
 where kind = 'in' order by n;

insert into bills (tenant_id, id, status, issue_date, due_date, currency, total_minor, paid_minor, credited_minor, base_minor, base_settled_minor, party_name, party_id,
                   entry_id, created_by_user_id, voided_on, void_reason, void_entry_id, voided_by_user_id, created_at, updated_at, vendor_reference)
select %(tenant)s, pg_temp.key(family, n), status, issued, issued + 30, currency, total, paid, credited,
       case when fate <> 6 then pg_temp.base(currency, total) end, coalesce(pg_temp.base(currency, paid + credited), 0), party, pg_temp.party(party), case when fate <> 6 then pg_temp.key(family + 1, n) end,
       %(user)s, void.*, pg_temp.at(issued), pg_temp.at(issued), 'S-' || n
  from docs
  left join lateral (select issued + 5, 'entered twice', pg_temp.key(family + 2, n), %(user)s::uuid where fate = 2) void on true
 where kind = 'out' order by n;

insert into invoice_lines (tenant_id, invoice_id, line_no, description, quantity, unit_price_minor, amount_minor)
select %(tenant)s, pg_temp.key(family, n), 1, 'Hotel and flights', 1, total, total from docs where kind = 'in' order by n;

insert into bill_lines (tenant_id, bill_id, line_no, description, quantity, unit_price_minor, amount_minor)
select %(tenant)s, pg_temp.key(family, n), 1, 'Hotel and flights', 1, total, total from docs where kind = 'out' order by n;

insert into payments (tenant_id, id, number, direction, party_name, party_id, currency, amount_minor, allocated_minor, base_minor, base_used_minor, paid_on,
                      entry_id, created_by_user_id, created_at)
select %(tenant)s, pg_temp.key(family + 3, k), number, kind, party, pg_temp.party(party), currency, used + ahead, used,
       pg_temp.base(currency, used + ahead), coalesce(pg_temp.base(currency, used), 0), paid_on, pg_temp.key(family + 4, k), %(user)s, pg_temp.at(paid_on)
  from paid order by k, kind;

insert into allocations (tenant_id, id, payment_id, invoice_id, bill_id, amount_minor, document_base_minor, payment_base_minor, effective_on, entry_id, created_at)
select %(tenant)s, pg_temp.key(family + 7, n), pg_temp.key(family + 3, k), case kind when 'in' then pg_temp.key(family, n) end,
       case kind when 'out' then pg_temp.key(family, n) end, paid, pg_temp.base(currency, paid), pg_temp.base(currency, paid), paid_on, pg_temp.key(family + 4, k), pg_temp.at(paid_on)
  from docs where paid > 0 order by n;

insert into credit_notes (tenant_id, id, invoice_id, number, issue_date, currency, total_minor, base_minor, party_name, party_id, reason, entry_id, created_by_user_id)
select %(tenant)s, pg_temp.key(family + 5, n), pg_temp.key(family, n), number, issued, currency, credited, pg_temp.base(currency, credited), party, pg_temp.party(party), 'agreed', pg_temp.key(family + 6, n), %(user)s
  from credits where kind = 'in' order by n;

insert into credit_note_lines (tenant_id, credit_note_id, line_no, description, amount_minor)
select %(tenant)s, pg_temp.key(family + 5, n), 1, 'Hotel and flights', credited from credits where kind = 'in';

insert into supplier_credits (tenant_id, id, bill_id, vendor_reference, issue_date, currency, total_minor, base_minor, party_name, party_id, reason, entry_id, created_by_user_id)
select %(tenant)s, pg_temp.key(family + 5, n), pg_temp.key(family, n), 'SC-' || n, issued, currency, credited, pg_temp.base(currency, credited), party, pg_temp.party(party), 'agreed', pg_temp.key(family + 6, n), %(user)s
  from credits where kind = 'out' order by n;

insert into supplier_credit_lines (tenant_id, supplier_credit_id, line_no, description, amount_minor)
select %(tenant)s, pg_temp.key(family + 5, n), 1, 'Hotel and flights', credited from credits where kind = 'out';

insert into number_series (tenant_id, series, financial_year, last_number)
select %(tenant)s, series, year, max(place)
  from (
    select 'invoice' as series, split_part(number, '/', 1) as year, split_part(number, '/', 2)::int as place from docs where kind = 'in' and number is not null
    union all
    select case kind when 'in' then 'receipt' else 'payment' end, split_part(number, '/', 2), split_part(number, '/', 3)::int from paid
    union all
    select 'credit_note', split_part(number, '/', 2), split_part(number, '/', 3)::int from credits where kind = 'in'
  ) given
 group by 1, 2, 3;

insert into chat_sessions (tenant_id, id, created_by_user_id, last_message_at) values (%(tenant)s, %(session)s, %(user)s, now());

insert into approvals (tenant_id, id, session_id, tool_call_id, tool_name, summary, payload, arguments_hash, requested_by_user_id, requested_at, expires_at,
                       status, resolved_at, resolved_by_user_id)
select %(tenant)s, 'ap-' || pg_temp.key(3, n), %(session)s, n::text, 'note', 'Note number ' || n, '{}', repeat('0', 64), %(user)s, at,
       at + interval '15 minutes', case when n %% 10 = 0 then 'expired' else 'rejected' end, case when n %% 10 > 0 then at end,
       case when n %% 10 > 0 then %(user)s::uuid end
  from generate_series(1, %(size)s) n
 cross join lateral (select %(first)s::timestamptz + n * (interval '1 day' * %(days)s / %(size)s) as at) made;
