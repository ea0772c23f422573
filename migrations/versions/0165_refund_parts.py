"""Store the parts of a refund that returns several payments.

The release before writes no such refund, and shows one as a refund of its first payment.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import BOUND, mover_policy, protect

revision = "0165"
down_revision = "0164"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table refunds add column has_parts boolean not null default false")
    op.execute("""
        create table refund_parts (
          tenant_id uuid not null
            constraint fk_refund_parts_tenant_id references tenants(id) on delete cascade,
          refund_id uuid not null,
          payment_id uuid not null,
          amount_minor bigint not null,
          base_minor bigint,
          constraint pk_refund_parts primary key (tenant_id, refund_id, payment_id),
          constraint fk_refund_parts_refund foreign key (tenant_id, refund_id)
            references refunds(tenant_id, id),
          constraint fk_refund_parts_payment foreign key (tenant_id, payment_id)
            references payments(tenant_id, id),
          constraint ck_refund_parts_amount check (amount_minor > 0),
          constraint ck_refund_parts_base check (base_minor >= 0)
        );
        create index ix_refund_parts_payment on refund_parts (tenant_id, payment_id);
    """)
    protect("refund_parts", grants="select, insert")
    op.execute(mover_policy("refund_parts"))
    # An erasure updates payments and refunds, and their check at commit reads the parts.
    op.execute(f"""
        create policy refund_parts_eraser on refund_parts to voyagent_eraser
          using (tenant_id = {BOUND}) with check (tenant_id = {BOUND});
        grant select on refund_parts to voyagent_eraser;
    """)


def downgrade() -> None:
    op.execute("drop table refund_parts")
    op.execute(
        "drop trigger if exists refunds_divided on refunds;"
        " alter table refunds drop column has_parts;"
        " delete from app.sql_files"
        " where path ~ '/(append_only_billing|check_payment_used|check_refund_parts)[.]sql$'"
    )
