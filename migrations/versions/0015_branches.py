"""Turns that took the place of others: what was asked again or put in other words, with what stood there before.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = """
alter table chat_turns
  add column replaces text,
  add column superseded_at timestamptz,
  add constraint fk_chat_turns_replaces foreign key (tenant_id, replaces) references chat_turns(tenant_id, id),
  add constraint ck_chat_turns_replaces check (replaces is null or (kind = 'message' and replaces <> id)),
  add constraint ck_chat_turns_superseded check (superseded_at is null or finished_at is not null)
"""
# One turn takes the place of another, and who looks for earlier versions finds them by what came instead.
ONE = "create unique index uq_chat_turns_replaces on chat_turns (tenant_id, replaces) where replaces is not null"


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(ONE)


def downgrade() -> None:
    op.execute("alter table chat_turns drop column replaces, drop column superseded_at")
