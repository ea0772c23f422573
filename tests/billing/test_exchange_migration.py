"""Agencies that had their books before are given the accounts that our postings go by; what was
settled in two currencies is never told in one.
"""

from __future__ import annotations

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from tests.architecture.test_migrations import empty_app

__all__ = ["empty_app"]
TENANT, OTHER = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"
BEFORE = f"""
insert into tenants (id, display_name) values ('{TENANT}', 'Malabar'), ('{OTHER}', 'Gulf');
insert into accounts (tenant_id, id, code, name, type, normal_side, purpose)
  values ('{TENANT}', gen_random_uuid(), '5920', 'Exchange', 'expense', 'debit', 'exchange_differences'),
         ('{OTHER}', gen_random_uuid(), '1160', 'Postage stamps', 'asset', 'debit', null);
"""
FOUND = (
    "select tenant_id::text, code, purpose, type, normal_side from accounts where purpose in"
    " ('currency_exchange', 'exchange_differences', 'held_for_suppliers', 'output_vat') order by"
    " 1, 2"
)
EXCHANGED = f"""
insert into allocations (tenant_id, id, payment_id, invoice_id, amount_minor, settled_minor, effective_on, entry_id)
  values ('{TENANT}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 84, 1, '2024-06-25', gen_random_uuid());
"""


def test_an_owner_who_is_no_superuser_reaches_every_agency(empty_app: Flask) -> None:
    engine = sa.create_engine(empty_app.config["MIGRATION_URL"])
    with empty_app.app_context():
        flask_migrate.upgrade(revision="0049")
        migration = (
            ScriptDirectory.from_config(empty_app.extensions["migrate"].migrate.get_config())
            .get_revision("0050")
            .module
        )
    with engine.connect() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))
        connection.execute(sa.text(BEFORE))
        connection.execute(sa.text("create role plain_owner nologin"))
        connection.execute(sa.text("grant usage, create on schema public to plain_owner"))
        connection.execute(sa.text("alter table accounts owner to plain_owner"))
        connection.execute(sa.text("set local role plain_owner"))
        assert connection.scalar(sa.text("select count(*) from accounts")) == 0, "behind the wall"
        for statement in migration.ACCOUNTS:
            connection.execute(sa.text(statement))
        connection.execute(sa.text("reset role"))
        assert len(connection.execute(sa.text(FOUND)).all()) == 8
        connection.rollback()
    engine.dispose()


def test_each_agency_has_each_account_once(empty_app: Flask) -> None:
    engine = sa.create_engine(empty_app.config["MIGRATION_URL"])
    with empty_app.app_context():
        flask_migrate.upgrade(revision="0049")
        with engine.begin() as connection:
            connection.execute(sa.text("set local session_replication_role = replica"))
            connection.execute(sa.text(BEFORE))
        for _ in range(2):  # down and up again the same
            flask_migrate.upgrade(revision="0050")
            with engine.connect() as connection:
                found = [tuple(row) for row in connection.execute(sa.text(FOUND)).all()]
                forced = connection.scalar(
                    sa.text(
                        "select bool_and(relforcerowsecurity) from pg_class where relname in"
                        " ('accounts', 'allocations')"
                    )
                )
            assert found == [
                (TENANT, "1160", "currency_exchange", "asset", "debit"),
                (TENANT, "2160", "held_for_suppliers", "liability", "credit"),
                (TENANT, "2320", "output_vat", "liability", "credit"),
                (TENANT, "5920", "exchange_differences", "expense", "debit"),
                (OTHER, "1160.X", "currency_exchange", "asset", "debit"),
                (OTHER, "2160", "held_for_suppliers", "liability", "credit"),
                (OTHER, "2320", "output_vat", "liability", "credit"),
                (OTHER, "5920", "exchange_differences", "expense", "debit"),
            ]
            assert forced, "the wall stands again"
            flask_migrate.downgrade(revision="0049")
        flask_migrate.upgrade(revision="0050")
        with engine.begin() as connection:
            connection.execute(sa.text("set local session_replication_role = replica"))
            connection.execute(sa.text(EXCHANGED))
        with pytest.raises(sa.exc.DBAPIError, match="which this version cannot tell"):
            flask_migrate.downgrade(revision="0049")
    engine.dispose()
