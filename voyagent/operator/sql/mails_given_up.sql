-- Count the mails of all agencies that were given up since a time, for the operator's page.
--
-- The index that is read has only mails that were given up.

create or replace function app.mails_given_up(since timestamptz) returns bigint
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return (select count(*) from mails m where m.failed_at >= since);
end $$;

alter function app.mails_given_up(timestamptz) owner to voyagent_lookup;
revoke all on function app.mails_given_up(timestamptz) from public;
grant execute on function app.mails_given_up(timestamptz) to voyagent_app;
