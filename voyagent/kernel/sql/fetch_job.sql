-- Claim the next job of a worker of the release before.
--
-- It would pass the id of the request and the span to the task, so they are left out. This function
-- may go with the next release.
-- requires: claim_job

create or replace function app.fetch_job(queues varchar[], worker bigint, outward varchar[])
returns procrastinate_jobs
language plpgsql
as $$
declare
  found_job procrastinate_jobs;
begin
  found_job := app.claim_job(queues, worker, outward);
  found_job.args := found_job.args - array['request_id', 'traceparent'];
  return found_job;
end $$;

revoke all on function app.fetch_job(varchar[], bigint, varchar[]) from public;
grant execute on function app.fetch_job(varchar[], bigint, varchar[]) to voyagent_app;
