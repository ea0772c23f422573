-- Return figures of the server, the schema and the queue of jobs, for the operator's metrics.
--
-- A name may have a label after a colon. No cost grows with the age of the installation: jobs are
-- found by an index of those that wait, and sizes are the pages that the last vacuum counted. A
-- worker is alive if its last heartbeat is younger than `stalled_s` seconds.

create or replace function app.server_figures(stalled_s double precision)
returns table (figure text, number bigint)
language sql stable
set search_path = public, pg_temp
as $$
  select 'writable', case when pg_is_in_recovery()
                            or current_setting('transaction_read_only')::boolean
                          then 0::bigint else 1 end
  union all
  select 'revision:' || version_num, 1 from alembic_version
  union all
  select 'last_run:' || name, extract(epoch from at)::bigint from last_runs
  union all
  select 'findings:' || name, findings from last_runs
  union all
  select 'workers', count(*) from procrastinate_workers
   where last_heartbeat > now() - make_interval(secs => stalled_s)
  union all
  select 'oldest_job:' || w.queue_name,
         extract(epoch from now() - least(w.due_since, e.at))::bigint
    from (select queue_name, min(scheduled_at) as due_since,
                 min(id) filter (where scheduled_at is null) as first
            from procrastinate_jobs
           where status = 'todo' and (scheduled_at is null or scheduled_at <= now())
           group by queue_name) w
    left join procrastinate_events e on e.job_id = w.first and e.type = 'deferred'
  union all
  select 'bytes:' || c.relname,
         current_setting('block_size')::bigint
           * (c.relpages + coalesce(t.relpages, 0) + coalesce(sum(i.relpages), 0))
    from pg_class c
    left join pg_class t on t.oid = c.reltoastrelid
    left join pg_index x on x.indrelid = c.oid
    left join pg_class i on i.oid = x.indexrelid
   where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
   group by c.relname, c.relpages, t.relpages
$$;

revoke all on function app.server_figures(double precision) from public;
grant execute on function app.server_figures(double precision) to voyagent_app;
