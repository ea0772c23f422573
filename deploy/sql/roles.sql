-- The roles of Voyagent's database. Run this file once for each server, as a superuser:
--
--   psql -v ON_ERROR_STOP=1 -f deploy/sql/roles.sql
--
-- Then set the passwords with \password, and create the database:
--
--   create database voyagent owner voyagent_owner;
--
-- After the first migrate-up the owner needs no CREATEROLE any more:
--
--   alter role voyagent_owner nocreaterole;

do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      -- Rights of the program. Row-level security applies to it.
      ('voyagent_app', 'nologin noinherit'),
      -- Owner of the functions that search in all agencies, such as the search for an e-mail address.
      ('voyagent_lookup', 'nologin noinherit bypassrls'),
      -- Owner of the function that removes personal data from entries.
      ('voyagent_eraser', 'nologin noinherit'),
      -- Rights to import and to delete a whole agency, used by the owner only.
      ('voyagent_mover', 'nologin noinherit'),
      -- Owner of the tables (VOYAGENT_DB_ADMIN_URL), for migrations and restores only.
      ('voyagent_owner', 'login createrole createdb'),
      -- The program (VOYAGENT_DB_URL), and its lists and reports (VOYAGENT_DB_READ_URL).
      ('voyagent_web', 'login noinherit'),
      ('voyagent_read', 'login noinherit'),
      -- Backups, which contain all agencies (VOYAGENT_DB_BACKUP_URL).
      ('voyagent_backup', 'login bypassrls connection limit 4')
    ) roles (name, options)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.options);
    end if;
  end loop;
end $$;

grant voyagent_app, voyagent_lookup, voyagent_eraser, voyagent_mover
  to voyagent_owner with admin option;
grant voyagent_app to voyagent_web, voyagent_read;
grant pg_read_all_data to voyagent_backup;
