"""Store what accrued the cost of services whose bill has not come.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0193"
down_revision = "0192"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table accruals (
          tenant_id uuid not null
            constraint fk_accruals_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          expected_bill_id uuid not null,
          kind text not null,
          bill_id uuid,
          booked_on date not null,
          amount_minor bigint not null,
          base_minor bigint not null,
          entry_id uuid not null,
          created_by_user_id uuid,
          created_at timestamptz not null default now(),
          constraint pk_accruals primary key (tenant_id, id),
          constraint fk_accruals_expected_bill foreign key (tenant_id, expected_bill_id)
            references expected_bills(tenant_id, id),
          constraint fk_accruals_bill foreign key (tenant_id, bill_id)
            references bills(tenant_id, id),
          constraint fk_accruals_entry foreign key (tenant_id, entry_id)
            references journal_entries(tenant_id, id),
          constraint fk_accruals_creator foreign key (tenant_id, created_by_user_id)
            references users(tenant_id, id),
          constraint ck_accruals_kind check (kind in ('accrued', 'billed', 'released')),
          constraint ck_accruals_bill check (
            case kind when 'accrued' then bill_id is null when 'billed' then bill_id is not null
              else true end
          ),
          constraint ck_accruals_amount check (
            amount_minor <> 0 and amount_minor::numeric * base_minor >= 0
            and case when kind = 'accrued' then amount_minor > 0
              when bill_id is null then amount_minor < 0 else true end
          )
        );
        create index ix_accruals_expected_bill on accruals (tenant_id, expected_bill_id);
        create index ix_accruals_bill on accruals (tenant_id, bill_id) where bill_id is not null;
        create index ix_accruals_month on accruals (tenant_id, booked_on, id);
    """)
    protect("accruals", grants="select, insert")
    op.execute(mover_policy("accruals"))


def downgrade() -> None:
    op.execute("""
        drop table accruals;
        delete from app.sql_files where path like '%/append_only_accruals.sql';
    """)
