"""Agencies that had their books before are given the accounts that our postings go by, beside a
code that they have taken for something else.
"""

from __future__ import annotations

import flask_migrate
import sqlalchemy as sa
from flask import Flask

from tests.architecture.test_migrations import empty_app

__all__ = ["empty_app"]
TENANT, OTHER = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"
BEFORE = f"""
insert into tenants (id, display_name) values ('{TENANT}', 'Malabar'), ('{OTHER}', 'Gulf');
insert into accounts (tenant_id, id, code, name, type, normal_side, purpose)
  values ('{TENANT}', gen_random_uuid(), '1100', 'Bank', 'asset', 'debit', 'bank'),
         ('{OTHER}', gen_random_uuid(), '5750', 'Postage', 'expense', 'debit', null);
"""
FOUND = (
    "select tenant_id::text, code, name, type, normal_side from accounts where purpose ="
    " 'bad_debts' order by 1"
)


def test_each_agency_has_the_account_of_bad_debts_once(empty_app: Flask) -> None:
    engine = sa.create_engine(empty_app.config["MIGRATION_URL"])
    with empty_app.app_context():
        flask_migrate.upgrade(revision="0037")
        with engine.begin() as connection:
            connection.execute(sa.text("set local session_replication_role = replica"))
            connection.execute(sa.text(BEFORE))
        for _ in range(2):  # down and up again the same
            flask_migrate.upgrade(revision="0038")
            with engine.connect() as connection:
                found = [tuple(row) for row in connection.execute(sa.text(FOUND)).all()]
                forced = connection.scalar(
                    sa.text("select relforcerowsecurity from pg_class where relname = 'accounts'")
                )
            assert found == [
                (TENANT, "5750", "Bad debts", "expense", "debit"),
                (OTHER, "5750.W", "Bad debts", "expense", "debit"),
            ]
            assert forced, "the wall stands again"
            flask_migrate.downgrade(revision="0037")
    engine.dispose()
