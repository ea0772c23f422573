-- Claim the next job of a worker; during a hold, no job of a task with an effect outside.
--
-- Without a hold this is the job library's own function. With a hold, the statement is that of the
-- library with one more condition. A job that is left out keeps its lock and its place.
--
-- The returned arguments are the stored ones, which may also have the id of the request that made
-- the job, and its span. A statement that joins the table of jobs would not see a job that was
-- committed after it began, but this function does.

create or replace function app.claim_job(queues varchar[], worker bigint, outward varchar[])
returns procrastinate_jobs
language plpgsql
as $$
declare
  found_job procrastinate_jobs;
begin
  if not exists (select from installation where hold is not null) then
    return procrastinate_fetch_job_v2(queues, worker);
  end if;
  with candidate as (
    select job.id
      from procrastinate_jobs job
     where job.status = 'todo'
       and job.task_name <> all (outward)
       and (queues is null or job.queue_name = any (queues))
       and (job.scheduled_at is null or job.scheduled_at <= now())
       and not exists (
         select from procrastinate_jobs other
          where job.lock is not null and other.lock = job.lock
            and (other.status = 'doing'
                 or (other.status = 'todo'
                     and (other.priority > job.priority
                          or (other.priority = job.priority and other.id < job.id)))))
     order by job.priority desc, job.id
     limit 1
       for update of job skip locked
  )
  update procrastinate_jobs
     set status = 'doing', worker_id = worker
    from candidate
   where procrastinate_jobs.id = candidate.id
  returning procrastinate_jobs.* into found_job;
  return found_job;
end $$;

revoke all on function app.claim_job(varchar[], bigint, varchar[]) from public;
grant execute on function app.claim_job(varchar[], bigint, varchar[]) to voyagent_app;
