"""Store when an agency recognises revenue and cost, and the methods of its document lines.

The release before ignores the table and recognises at the start of each service.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0188"
down_revision = "0187"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table recognition_policies (
          tenant_id uuid not null
            constraint fk_recognition_policies_tenant_id
              references tenants(id) on delete cascade,
          id uuid not null,
          valid_from date not null,
          applies_to text not null,
          method text not null,
          reason text not null,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_recognition_policies primary key (tenant_id, id),
          constraint fk_recognition_policies_creator
            foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
          constraint ck_recognition_policies_method check (
            case applies_to when 'principal' then method in ('at_start', 'at_completion', 'by_day')
            when 'agent' then method in ('at_booking', 'at_service') else false end),
          constraint ck_recognition_policies_reason check (length(reason) between 1 and 500),
          constraint ck_recognition_policies_valid_from
            check (valid_from between '1900-01-01' and '2200-12-31')
        );
        create index ix_recognition_policies_valid on recognition_policies
          (tenant_id, applies_to, valid_from desc, created_at desc);
    """)
    protect("recognition_policies", grants="select, insert")
    op.execute(mover_policy("recognition_policies"))


def downgrade() -> None:
    op.execute("drop table recognition_policies")
