"""Housekeeping finds the agencies that have something to see to, and visits no other.

Never edit this file once it has landed.
"""

from alembic import op
from walls import LOOKUP, lookup_function, lookup_may_read

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_approvals_expires": "approvals (expires_at) where status = 'pending'",
    "ix_approvals_resolved": "approvals (resolved_at) where effect_status = 'waiting'",
    "ix_supplier_offers_over": "supplier_offers (expires_at)",
    "ix_supplier_answers_over": "supplier_answers (expires_at)",
}
COLUMNS = {
    "chat_turns": "tenant_id, created_at",
    "approvals": "tenant_id, effect_status, resolved_at",
}
LOOK_UPS = {
    "tenants_with_turns": """
      select c.tenant_id from chat_turns c where c.status in ('queued', 'running') and c.created_at <= at - interval '1 minute'
    """,
    "tenants_with_proposals": """
      select a.tenant_id from approvals a where a.status = 'pending' and a.expires_at <= at
      union
      select a.tenant_id from approvals a where a.effect_status = 'waiting' and a.resolved_at <= at - interval '1 minute'
    """,
    "tenants_with_offers": """
      select o.tenant_id from supplier_offers o where o.expires_at <= at - interval '1 hour'
      union
      select o.tenant_id from supplier_answers o where o.expires_at <= at
    """,
}


def upgrade() -> None:
    for name, on in INDEXES.items():
        op.execute(f"create index {name} on {on}")
    for table, columns in COLUMNS.items():
        op.execute(f"grant select ({columns}) on {table} to {LOOKUP}")
    for table in ("supplier_offers", "supplier_answers"):
        lookup_may_read(table, "tenant_id, expires_at")
    for name, found in LOOK_UPS.items():
        body = f"begin return query select t.id from tenants t where t.is_active and t.id in ({found}); end"
        lookup_function(f"{name}(at timestamptz) returns setof uuid", body)


def downgrade() -> None:
    for name in LOOK_UPS:
        op.execute(f"drop function app.{name}(timestamptz)")
    for table in ("supplier_offers", "supplier_answers"):
        op.execute(f"revoke select (tenant_id, expires_at) on {table} from {LOOKUP}")
        op.execute(f"drop policy {table}_lookup on {table}")
    for table, columns in COLUMNS.items():
        op.execute(f"revoke select ({columns}) on {table} from {LOOKUP}")
    for name in INDEXES:
        op.execute(f"drop index {name}")
