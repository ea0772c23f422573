"""What a proposal would change, kept and hashed; its arguments edited before a decision; what took its place; and how much a role may grant.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = """
alter table approvals
  add column preview jsonb,
  add column preview_hash text,
  add column original_payload jsonb,
  add column edited_by_user_id uuid,
  add column edited_at timestamptz,
  add column superseded_by text,
  add column amount_minor bigint,
  add column currency text,
  add constraint fk_approvals_editor foreign key (tenant_id, edited_by_user_id) references users(tenant_id, id),
  add constraint fk_approvals_successor foreign key (tenant_id, superseded_by) references approvals(tenant_id, id) deferrable initially deferred,
  add constraint ck_approvals_preview check ((preview is null) = (preview_hash is null)),
  add constraint ck_approvals_preview_hash check (preview_hash ~ '^[0-9a-f]{64}$'),
  add constraint ck_approvals_edited check (
    (original_payload is null) = (edited_at is null) and (original_payload is null) = (edited_by_user_id is null)
  ),
  add constraint ck_approvals_superseded check (superseded_by is null or (status = 'expired' and superseded_by <> id)),
  add constraint ck_approvals_amount check ((amount_minor is null) = (currency is null) and amount_minor >= 0 and currency ~ '^[A-Z]{3}$')
"""

# What took its place is the same call with the same arguments, so what it took the place of does not count.
ONE = "create unique index uq_approvals_proposal on approvals (tenant_id, session_id, turn_id, tool_call_id, arguments_hash)"
SUCCESSOR = "create index ix_approvals_successor on approvals (tenant_id, superseded_by) where superseded_by is not null"

GUARD = """
create or replace function app.guard_approval() returns trigger language plpgsql as $$
begin
  if (new.session_id, new.tool_call_id, new.tool_name, new.requested_at)
     is distinct from (old.session_id, old.tool_call_id, old.tool_name, old.requested_at)
     or new.requested_by_user_id is distinct from old.requested_by_user_id then
    raise exception 'a proposal does not change' using errcode = 'restrict_violation';
  end if;
  {arguments}
  if old.status <> 'pending' and (new.status is distinct from old.status or new.resolved_by_user_id is distinct from old.resolved_by_user_id) then
    raise exception 'a decision is final' using errcode = 'restrict_violation';
  end if;
  if old.effect_status in ('done', 'failed') and new.effect_status is distinct from old.effect_status then
    raise exception 'an effect happens once' using errcode = 'restrict_violation';
  end if;
  return new;
end $$
"""

# Arguments change by an edit alone: while nobody has decided, with an editor named and what was first asked kept beside them, for good.
EDITED = """
  if (new.payload, new.arguments_hash) is distinct from (old.payload, old.arguments_hash)
     and (old.status <> 'pending' or new.status <> 'pending' or new.original_payload is null or new.edited_at is not distinct from old.edited_at) then
    raise exception 'a proposal does not change' using errcode = 'restrict_violation';
  end if;
  if old.original_payload is not null and new.original_payload is distinct from old.original_payload then
    raise exception 'what was first proposed does not change' using errcode = 'restrict_violation';
  end if;
  if old.status <> 'pending' and (new.preview, new.preview_hash) is distinct from (old.preview, old.preview_hash) then
    raise exception 'what was shown does not change' using errcode = 'restrict_violation';
  end if;
"""
FIXED = """
  if (new.payload, new.arguments_hash) is distinct from (old.payload, old.arguments_hash) then
    raise exception 'a proposal does not change' using errcode = 'restrict_violation';
  end if;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute("drop index uq_approvals_proposal")
    op.execute(f"{ONE} where superseded_by is null")
    op.execute(SUCCESSOR)
    op.execute(GUARD.format(arguments=EDITED))
    op.execute("alter table tenant_settings add column approval_limits jsonb not null default '{}'")
    op.execute(
        "alter table tenant_settings add constraint ck_tenant_settings_approval_limits check (jsonb_typeof(approval_limits) = 'object')"
    )


def downgrade() -> None:
    op.execute("alter table tenant_settings drop column approval_limits")
    op.execute(GUARD.format(arguments=FIXED))
    op.execute("drop index uq_approvals_proposal")
    # One row a call again: what was superseded stays, without its turn. Even the owner is behind the wall while it is forced.
    op.execute("alter table approvals no force row level security")
    op.execute("update approvals set turn_id = null where superseded_by is not null")
    op.execute("alter table approvals force row level security")
    op.execute(
        "alter table approvals drop column preview, drop column preview_hash, drop column original_payload, drop column edited_by_user_id,"
        " drop column edited_at, drop column superseded_by, drop column amount_minor, drop column currency"
    )
    op.execute(ONE)
