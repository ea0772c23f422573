"""Let an erasure replace the person's words in cheques and tax certificates.

The release before does not know the columns.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0149"
down_revision = "0148"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        grant update (instrument_no, instrument_bank, tds_certificate) on payments
          to voyagent_eraser;
        grant update (instrument_no, instrument_bank) on refunds to voyagent_eraser
    """)


def downgrade() -> None:
    op.execute("""
        revoke update (instrument_no, instrument_bank, tds_certificate) on payments
          from voyagent_eraser;
        revoke update (instrument_no, instrument_bank) on refunds from voyagent_eraser
    """)
