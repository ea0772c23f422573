"""Let a cancellation that names a person be linked to the person.

The release before ignores such links.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0195"
down_revision = "0194"
branch_labels = None
depends_on = None

BEFORE = (
    "'enquiry', 'passenger', 'trip', 'conversation', 'party', 'invoice', 'bill', 'payment',"
    " 'credit_note', 'supplier_credit', 'journal_entry', 'audit_event'"
)


def upgrade() -> None:
    _allow(f"{BEFORE}, 'cancellation'")


def downgrade() -> None:
    op.execute("alter table person_links no force row level security")
    op.execute("delete from person_links where kind = 'cancellation'")
    op.execute("alter table person_links force row level security")
    _allow(BEFORE)


def _allow(kinds: str) -> None:
    op.execute(f"""
        alter table person_links
          drop constraint ck_person_links_kind,
          add constraint ck_person_links_kind check (kind in ({kinds})) not valid
    """)
