"""Store exchange rates, and for how many days an agency uses a rate.

The release before ignores both.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import mover_policy, protect

revision = "0139"
down_revision = "0137"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table tenant_settings add column rate_max_age_days smallint not null default 7;
        alter table tenant_settings add constraint ck_tenant_settings_rate_max_age
          check (rate_max_age_days between 0 and 366) not valid;

        create table exchange_rates (
          tenant_id uuid not null,
          id uuid not null,
          base text not null,
          quote text not null,
          kind text not null,
          rate numeric(17, 8) not null,
          rate_on date not null,
          source text not null,
          created_by_user_id uuid,
          created_at timestamptz default now() not null,
          constraint pk_exchange_rates primary key (tenant_id, id),
          constraint fk_exchange_rates_tenant_id_tenants foreign key (tenant_id)
            references tenants (id) on delete cascade,
          constraint fk_exchange_rates_creator foreign key (tenant_id, created_by_user_id)
            references users (tenant_id, id),
          constraint ck_exchange_rates_pair
            check (base ~ '^[A-Z]{3}$' and quote ~ '^[A-Z]{3}$' and base <> quote),
          constraint ck_exchange_rates_kind
            check (kind in ('reference', 'bank_sell', 'bank_buy', 'card', 'customs')),
          constraint ck_exchange_rates_rate check (rate > 0),
          constraint ck_exchange_rates_day
            check (rate_on between '1900-01-01' and '2200-12-31'),
          constraint ck_exchange_rates_source check (length(source) between 1 and 64)
        );
        create index ix_exchange_rates_pair on exchange_rates (
          tenant_id, least(base, quote), greatest(base, quote), kind, rate_on desc, created_at desc
        );
        create index ix_exchange_rates_day on exchange_rates (tenant_id, rate_on desc, id desc);
    """)
    protect("exchange_rates", grants="select, insert")
    op.execute(mover_policy("exchange_rates"))


def downgrade() -> None:
    op.execute("""
        drop table exchange_rates;
        delete from app.sql_files where path like '%/append_only_exchange_rates.sql';
        alter table tenant_settings drop column rate_max_age_days;
    """)
