"""Give documents, payments and postings the id of their party.

The release before inserts no id; triggers find the party of the name (app.tie_party). Rows that
exist get theirs by `flask books link-parties`, for which the program may set the column, once.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0129"
down_revision = "0128"
branch_labels = None
depends_on = None

TABLES = ("invoices", "bills", "credit_notes", "supplier_credits", "payments", "postings")
ADDED = ("credit_notes", "supplier_credits", "payments", "postings")


def upgrade() -> None:
    for table in TABLES:
        grant = f"grant update (party_id) on {table} to voyagent_app;" if table in ADDED else ""
        recipes.change(f"""
            alter table {table} add column if not exists party_id uuid;
            alter table {table} drop constraint if exists fk_{table}_party;
            alter table {table} add constraint fk_{table}_party
              foreign key (tenant_id, party_id) references parties (tenant_id, id) not valid;
            {grant}
        """)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} drop column party_id")
