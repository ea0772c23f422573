"""What suppliers have answered, for some minutes; and when an itinerary was last sent to the customer.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table supplier_answers (
          tenant_id uuid not null constraint fk_supplier_answers_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          what text not null,
          question text not null,
          offer_ids uuid[] not null,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          constraint pk_supplier_answers primary key (tenant_id, id),
          constraint ck_supplier_answers_what check (what in ('flights', 'hotels', 'rate'))
        )
        """
    )
    op.execute(
        "create index ix_supplier_answers_question on supplier_answers (tenant_id, question, created_at desc)"
    )
    op.execute(
        "create index ix_supplier_answers_expires on supplier_answers (tenant_id, expires_at)"
    )
    tenant_wall("supplier_answers")
    op.execute("alter table trips add column sent_at timestamptz, add column sent_to text")
    op.execute(
        "alter table trips add constraint ck_trips_sent check ((sent_at is null) = (sent_to is null))"
    )


def downgrade() -> None:
    op.execute("alter table trips drop column sent_at, drop column sent_to")
    op.execute("drop table supplier_answers")
