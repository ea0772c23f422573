"""Let two parties have one name: the key of a party is stored, not computed from its name.

The release before writes no key, so triggers do. They keep its rule: a second party with the key of
another one is refused. The SQL files replace both functions.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0161"
down_revision = "0160"
branch_labels = None
depends_on = None

KEYS_BY_NAME = """
    create or replace function app.key_party() returns trigger
    language plpgsql as $$
    begin
      new.party_key := lower(new.name);
      return new;
    end $$;
    create or replace trigger parties_keyed before insert or update of name on parties
      for each row execute function app.key_party();
    create or replace function app.key_row() returns trigger
    language plpgsql as $$
    begin
      new.party_key := lower(new.party_name);
      return new;
    end $$;
"""


def upgrade() -> None:
    op.execute("""
        alter table parties alter column party_key drop expression if exists;
        alter table parties add column name_key text
    """)
    op.execute(KEYS_BY_NAME)


def downgrade() -> None:
    # A column that was computed cannot be computed again in its place. Triggers write it.
    op.execute(KEYS_BY_NAME)
    op.execute("""
        delete from app.sql_files where path ~ '/key_(party|row)[.]sql$';
        alter table parties drop column name_key
    """)
