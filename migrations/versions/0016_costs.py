"""What models took: for each answer, and for each day of an agency; and which turns count for its limits.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What was spent outlives the conversation that it was spent in, so turn and session are names here and no keys.
TABLES = [
    """
    create table turn_costs (
      tenant_id uuid not null constraint fk_turn_costs_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      session_id uuid not null,
      turn_id text not null,
      number bigint not null,
      model text not null,
      input_tokens bigint not null,
      output_tokens bigint not null,
      cache_read_tokens bigint not null,
      cache_write_tokens bigint not null,
      estimated boolean not null,
      cost_usd numeric(14,8) not null,
      day date not null,
      created_at timestamptz not null default now(),
      constraint pk_turn_costs primary key (tenant_id, id),
      constraint uq_turn_costs_number unique (tenant_id, turn_id, number),
      constraint ck_turn_costs_tokens check (least(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) >= 0),
      constraint ck_turn_costs_cost check (cost_usd >= 0)
    )
    """,
    "create index ix_turn_costs_session on turn_costs (tenant_id, session_id)",
    """
    create table model_days (
      tenant_id uuid not null constraint fk_model_days_tenant_id references tenants(id) on delete cascade,
      day date not null,
      answers bigint not null,
      tokens bigint not null,
      cost_usd numeric(14,8) not null,
      constraint pk_model_days primary key (tenant_id, day)
    )
    """,
    """
    create table turn_admissions (
      tenant_id uuid not null constraint fk_turn_admissions_tenant_id references tenants(id) on delete cascade,
      turn_id text not null,
      admitted_at timestamptz not null,
      constraint pk_turn_admissions primary key (tenant_id, turn_id)
    )
    """,
    "create index ix_turn_admissions_admitted on turn_admissions (tenant_id, admitted_at)",
]


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    tenant_wall("turn_costs", grants="select, insert")
    tenant_wall("model_days", grants="select, insert, update")
    tenant_wall("turn_admissions", grants="select, insert, delete")


def downgrade() -> None:
    for table in ("turn_admissions", "model_days", "turn_costs"):
        op.execute(f"drop table {table}")
