"""Store whether a fact or a person has set the status of an enquiry.

The release before ignores the columns, and its changes of a status count as those of a person.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0136"
down_revision = "0134"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table enquiries
          add column status_source text not null default 'person',
          add column earlier_status text;
        alter table enquiries add constraint ck_enquiries_status_source check (
          case status_source when 'person' then earlier_status is null
                             when 'fact' then earlier_status in ('new', 'quoted', 'cancelled')
                             else false end) not valid;
    """)


def downgrade() -> None:
    op.execute("""
        alter table enquiries drop constraint ck_enquiries_status_source;
        alter table enquiries drop column status_source, drop column earlier_status;
    """)
