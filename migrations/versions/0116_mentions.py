"""Let a record of somebody else that names a person be linked to the person.

The role that pseudonymises may also replace words in the number of a supplier's document. The
release before ignores links of the new kinds.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0116"
down_revision = "0115"
branch_labels = None
depends_on = None

BEFORE = "'enquiry', 'passenger', 'trip', 'conversation'"
KINDS = (
    f"{BEFORE}, 'party', 'invoice', 'bill', 'payment', 'credit_note', 'supplier_credit',"
    " 'journal_entry', 'audit_event'"
)


def upgrade() -> None:
    _allow(KINDS)
    op.execute("""
        grant update (vendor_reference) on bills to voyagent_eraser;
        grant update (vendor_reference) on supplier_credits to voyagent_eraser;
    """)


def downgrade() -> None:
    op.execute("alter table person_links no force row level security")
    op.execute(f"delete from person_links where kind not in ({BEFORE})")
    op.execute("alter table person_links force row level security")
    _allow(BEFORE)
    op.execute("""
        revoke update (vendor_reference) on bills from voyagent_eraser;
        revoke update (vendor_reference) on supplier_credits from voyagent_eraser;
    """)


def _allow(kinds: str) -> None:
    op.execute(f"""
        alter table person_links drop constraint ck_person_links_kind;
        alter table person_links add constraint ck_person_links_kind
          check (kind in ({kinds})) not valid;
        alter table person_links validate constraint ck_person_links_kind;
    """)
