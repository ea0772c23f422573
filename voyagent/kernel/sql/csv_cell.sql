-- Return a text as a CSV cell that no spreadsheet takes for a formula.
--
-- A cell is a formula if it begins with = + - or @ (or their full-width forms), also after spaces,
-- or with a tab or a line end. Such a cell gets a leading apostrophe, which is how spreadsheets
-- themselves mark text. A spreadsheet that opens the file with a semicolon or a tab as separator
-- ends the cell there, or at a line end, so a sign after one of them gets an apostrophe too.

create or replace function app.csv_cell(value text) returns text
language sql immutable parallel safe as $$
  select case
    when left(ltrim(value,
           U&' \00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\200B\200C\200D'
           '\2028\2029\202F\205F\2060\3000\FEFF' || E'\t\r\n\v\f'
         ), 1) in ('=', '+', '-', '@', U&'\FF1D', U&'\FF0B', U&'\FF0D', U&'\FF20')
         or left(value, 1) in (E'\t', E'\r', E'\n')
    then ''''
    else ''
  end || case
    when value ~ E'[;\t\r\n]'
    then regexp_replace(value,
           U&'([;\0009\000A\000D]'
           '[ "\0009-\000D\00A0\1680\2000-\200D\2028\2029\202F\205F\2060\3000\FEFF]*)'
           '([=+@\FF1D\FF0B\FF0D\FF20-])',
           U&'\\1''\\2', 'g')
    else value
  end
$$;
