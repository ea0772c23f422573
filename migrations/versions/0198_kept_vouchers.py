"""Keep the PDF files of receipt vouchers and refund vouchers.

The release before keeps no such files.

Never edit this file once it has landed.
"""

import recipes

revision = "0198"
down_revision = "0197"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table kept_papers drop constraint if exists ck_kept_papers_kind;
        alter table kept_papers add constraint ck_kept_papers_kind check (
          kind in ('invoice', 'credit_note', 'receipt_voucher', 'refund_voucher')
        ) not valid;
    """)
    recipes.validate("kept_papers", "ck_kept_papers_kind")


def downgrade() -> None:
    recipes.change("""
        alter table kept_papers disable trigger user;
        delete from kept_papers where kind in ('receipt_voucher', 'refund_voucher');
        alter table kept_papers enable trigger user;
        alter table kept_papers drop constraint if exists ck_kept_papers_kind;
        alter table kept_papers add constraint ck_kept_papers_kind
          check (kind in ('invoice', 'credit_note')) not valid;
    """)
    recipes.validate("kept_papers", "ck_kept_papers_kind")
