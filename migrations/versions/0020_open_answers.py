"""Answers that a model is asked for at this moment, and what they may take of the agency's budget of the day.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table open_answers (
          tenant_id uuid not null constraint fk_open_answers_tenant_id references tenants(id) on delete cascade,
          turn_id text not null,
          tokens bigint not null,
          expires_at timestamptz not null,
          constraint pk_open_answers primary key (tenant_id, turn_id),
          constraint fk_open_answers_turn foreign key (tenant_id, turn_id) references chat_turns(tenant_id, id) on delete cascade,
          constraint ck_open_answers_tokens check (tokens > 0)
        )
        """
    )
    tenant_wall("open_answers")


def downgrade() -> None:
    op.execute("drop table open_answers")
