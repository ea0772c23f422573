-- Count open turns, jobs, proposals and mails of the whole installation, for the operator's
-- metrics.
--
-- Each count reads an index that holds only open rows, so its cost does not grow with the age of
-- the installation. Failed jobs stay for some weeks, so their count ends at 10,000.

create or replace function app.figures() returns table (figure text, number bigint)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select 'active_sessions', count(*) from chat_sessions s
     where s.deleted_at is null and s.last_message_at > now() - interval '1 hour'
    union all select 'turns_waiting', count(*) from chat_turns t where t.status = 'queued'
    union all select 'turns_running', count(*) from chat_turns t where t.status = 'running'
    union all
    select 'approvals_pending', count(*) from approvals a
     where a.status = 'pending' and a.hidden_at is null and a.expires_at > now()
    union all
    select w.figure, w.number from (
      select count(*) filter (where m.due_at <= now()) as due,
             count(*) filter (where m.due_at > now()) as delayed,
             coalesce(extract(epoch from now() - min(m.created_at)), 0)::bigint as oldest
        from mails m where m.sent_at is null and m.failed_at is null
    ) waiting cross join lateral (
      values ('mails_waiting', waiting.due), ('mails_delayed', waiting.delayed),
             ('mail_oldest', waiting.oldest)
    ) w(figure, number)
    union all
    select 'jobs_' || j.state, count(*) from (
      select case when p.status = 'doing' then 'running'
                  when p.scheduled_at > now() then 'scheduled' else 'waiting' end as state
        from procrastinate_jobs p where p.status in ('todo', 'doing')
    ) j group by j.state
    union all
    select 'jobs_failed', count(*) from (
      select 1 from procrastinate_jobs p where p.status = 'failed' limit 10000
    ) f;
end $$;

alter function app.figures() owner to voyagent_lookup;
revoke all on function app.figures() from public;
grant execute on function app.figures() to voyagent_app;
