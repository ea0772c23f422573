-- Refuse later changes of a proposal, of its decision and of the result of its act.
--
-- A reviewer must be able to rely on what is shown: the request itself never changes; its arguments
-- change only by an edit before the decision, which stores the editor and keeps the first version.
-- A decision cannot be changed, and an act ends once. When a proposal is finished, parts of its
-- arguments and of its preview may be masked; their hashes stay.
-- requires: is_masked

create or replace function app.guard_approval() returns trigger
language plpgsql as $$
declare
  is_finished boolean := old.status in ('rejected', 'expired')
                         or old.effect_status in ('done', 'failed');
begin
  if (new.session_id, new.tool_call_id, new.tool_name, new.requested_at)
     is distinct from (old.session_id, old.tool_call_id, old.tool_name, old.requested_at)
     or new.requested_by_user_id is distinct from old.requested_by_user_id then
    raise exception 'a proposal cannot be changed' using errcode = 'restrict_violation';
  end if;

  if (new.payload, new.arguments_hash) is distinct from (old.payload, old.arguments_hash)
     and (old.status <> 'pending' or new.status <> 'pending' or new.original_payload is null
          or new.edited_at is not distinct from old.edited_at)
     and not (is_finished and new.arguments_hash = old.arguments_hash
              and app.is_masked(old.payload, new.payload)) then
    raise exception 'a proposal cannot be changed' using errcode = 'restrict_violation';
  end if;
  if old.original_payload is not null
     and new.original_payload is distinct from old.original_payload
     and not (is_finished and app.is_masked(old.original_payload, new.original_payload)) then
    raise exception 'the original arguments of a proposal cannot be changed'
      using errcode = 'restrict_violation';
  end if;
  if old.status <> 'pending'
     and (new.preview, new.preview_hash) is distinct from (old.preview, old.preview_hash)
     and not coalesce(is_finished and new.preview_hash = old.preview_hash
                      and app.is_masked(old.preview, new.preview), false) then
    raise exception 'the preview of a decided proposal cannot be changed'
      using errcode = 'restrict_violation';
  end if;

  if old.status <> 'pending'
     and (new.status is distinct from old.status
          or new.resolved_by_user_id is distinct from old.resolved_by_user_id) then
    raise exception 'a decision cannot be changed' using errcode = 'restrict_violation';
  end if;
  if old.effect_status in ('done', 'failed')
     and new.effect_status is distinct from old.effect_status then
    raise exception 'an effect cannot run twice' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create or replace trigger approvals_guarded before update on approvals
  for each row execute function app.guard_approval();
