"""Store the key of the party in documents, payments and postings.

It was computed from the name of the row, so the rows of two parties with one name had one key. A
trigger writes it now, also for the release before.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0162"
down_revision = "0161"
branch_labels = None
depends_on = None

DRAFTED = ("invoices", "bills")
TABLES = (*DRAFTED, "credit_notes", "supplier_credits", "payments", "postings")


def upgrade() -> None:
    for table in TABLES:
        recipes.change(f"""
            alter table {table} alter column party_key drop expression if exists;
            {_trigger(table)}
            grant update (party_key) on {table} to voyagent_eraser;
        """)
    recipes.create_index(
        "ix_parties_name_key", "parties (tenant_id, name_key) where name_key is not null"
    )


def downgrade() -> None:
    recipes.drop_index("ix_parties_name_key")
    for table in TABLES:
        op.execute(_trigger(table))
        op.execute(f"revoke update (party_key) on {table} from voyagent_eraser")
    # These triggers read a column that an earlier migration drops. The SQL file makes them again.
    for table in DRAFTED:
        op.execute(f"drop trigger if exists {table}_tied on {table}")
    op.execute("delete from app.sql_files where path like '%/tie_party.sql'")


def _trigger(table: str) -> str:
    event = "insert or update of party_name" if table in DRAFTED else "insert"
    return f"""
        create or replace trigger {table}_tied_key before {event} on {table}
          for each row when (new.party_name is not null) execute function app.key_row();
    """
