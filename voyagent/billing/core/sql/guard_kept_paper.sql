-- Refuse changes of the PDF of an issued document.
--
-- `content` may change, because it is encrypted again after a change of the secret; `sha256` is the
-- hash of the file itself, which the check of the books compares. `sealed_by` is a generated
-- column, which is not computed yet when this trigger runs. Only the role that replaces the words
-- of an erased person deletes a file (forget_kept_paper).
-- requires: refuse_change

create or replace function app.guard_kept_paper() returns trigger
language plpgsql as $$
declare
  free constant text[] := array['content', 'sealed_by'];
begin
  if tg_op = 'DELETE' and current_user = 'voyagent_eraser' then return old; end if;
  if tg_op = 'UPDATE' and to_jsonb(new) - free = to_jsonb(old) - free then return new; end if;
  raise exception 'the file of an issued document cannot be changed'
    using errcode = 'restrict_violation';
end $$;

create or replace trigger kept_papers_guarded before update or delete on kept_papers
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_kept_paper();
create or replace trigger kept_papers_no_truncate before truncate on kept_papers
  for each statement execute function app.refuse_change();
