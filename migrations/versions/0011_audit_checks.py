"""What checking the audit chain found, and the three functions that read it whole: a line to verify, a cell to export, the agencies to visit.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function, tenant_wall

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table audit_checks (
      tenant_id uuid not null constraint fk_audit_checks_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      asked_at timestamptz not null default clock_timestamp(),
      checked_at timestamptz,
      ok boolean,
      through_seq bigint,
      head_hash bytea,
      first_bad_seq bigint,
      reason text,
      constraint pk_audit_checks primary key (tenant_id, id),
      constraint ck_audit_checks_ended check ((checked_at is null) = (ok is null) and (ok is null) = (through_seq is null)),
      constraint ck_audit_checks_reason check (ok is not false or reason is not null)
    )
    """,
    "create index ix_audit_checks_asked on audit_checks (tenant_id, asked_at desc, id desc)",
    "create index ix_audit_events_failed on audit_events (tenant_id, started_at desc, seq desc) where status in ('failed', 'rejected')",
]

# A cell that a spreadsheet would take for a formula gets an apostrophe in front: one that begins with = + - @ (or their full-width twins), behind any blanks,
# or with a tab or a line's end. The apostrophe is what spreadsheets themselves write for "this is text".
CSV_CELL = r"""
create function app.csv_cell(value text) returns text language sql immutable parallel safe as $$
  select case when left(ltrim(value, U&' \00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\200B\200C\200D\2028\2029\202F\205F\2060\3000\FEFF'
                                     || E'\t\r\n\v\f'), 1) in ('=', '+', '-', '@', U&'\FF1D', U&'\FF0B', U&'\FF0D', U&'\FF20')
                or left(value, 1) in (E'\t', E'\r', E'\n')
              then '''' || value else value end
$$
"""

# An event as one line of JSON: each hashed field as the very text that `app.audit_canonical` hashes, in its order, then the two hashes. Whoever holds the
# lines can compute every hash again without a database.
AUDIT_LINE = """
create function app.audit_line(e audit_events) returns text language sql stable as $$
  select json_build_object(
    'tenant_id', e.tenant_id::text, 'seq', e.seq::text, 'id', e.id::text, 'actor_kind', e.actor_kind, 'actor_id', e.actor_id::text,
    'actor_email', e.actor_email, 'channel', e.channel, 'kind', e.kind, 'driver', e.driver, 'status', e.status, 'error', e.error,
    'entity_refs', e.entity_refs::text, 'inputs', e.inputs::text, 'outputs', e.outputs::text, 'approval_required', e.approval_required::text,
    'approved_by', e.approved_by::text, 'approved_at', app.instant(e.approved_at), 'started_at', app.instant(e.started_at),
    'completed_at', app.instant(e.completed_at), 'recorded_at', app.instant(e.recorded_at),
    'prev_hash', encode(e.prev_hash, 'hex'), 'hash', encode(e.hash, 'hex'))::text
$$
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    tenant_wall("audit_checks")
    op.execute(CSV_CELL)
    op.execute(AUDIT_LINE)
    lookup_function(
        "agencies_after(last uuid, n int) returns setof uuid",
        "begin return query select t.id from tenants t where t.id > last order by t.id limit n; end",
    )


def downgrade() -> None:
    op.execute("drop function app.agencies_after(uuid, int)")
    op.execute("drop function app.audit_line(audit_events)")
    op.execute("drop function app.csv_cell(text)")
    op.execute("drop index ix_audit_events_failed")
    op.execute("drop table audit_checks")
