"""Store who has confirmed the rates of a tax treatment, and with which rates.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0175"
down_revision = "0174"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table tax_confirmations (
          tenant_id uuid not null
            constraint fk_tax_confirmations_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          country text not null,
          treatment text not null,
          rates jsonb not null,
          rates_hash text not null,
          compared_with text not null,
          confirmed_by_user_id uuid not null,
          confirmed_at timestamptz not null,
          constraint pk_tax_confirmations primary key (tenant_id, id),
          constraint uq_tax_confirmations_rates
            unique (tenant_id, country, treatment, rates_hash),
          constraint fk_tax_confirmations_confirmer
            foreign key (tenant_id, confirmed_by_user_id) references users(tenant_id, id),
          constraint ck_tax_confirmations_country check (country ~ '^[A-Z]{2}$'),
          constraint ck_tax_confirmations_rates check (jsonb_typeof(rates) = 'array'),
          constraint ck_tax_confirmations_rates_hash check (rates_hash ~ '^[0-9a-f]{64}$'),
          constraint ck_tax_confirmations_compared_with
            check (length(compared_with) between 1 and 200)
        );
    """)
    protect("tax_confirmations", grants="select, insert")
    op.execute(mover_policy("tax_confirmations"))


def downgrade() -> None:
    op.execute("drop table tax_confirmations")
