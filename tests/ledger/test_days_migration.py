"""What was posted and what came in before days and hours were summed is summed by the migration, as
the triggers go on with it.
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
insert into accounts (tenant_id, id, code, name, type, normal_side)
  select t::uuid, a::uuid, code, 'Some', 'asset', 'debit'
    from (values ('{TENANT}', '{TENANT}', '1'), ('{TENANT}', '{OTHER}', '2'), ('{OTHER}', '{OTHER}', '1')) v(t, a, code);
insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor, credit_minor, effective_date)
  select t::uuid, gen_random_uuid(), 1, account::uuid, 'INR', debit, credit, day::date
    from (values ('{TENANT}', '{TENANT}', 5, 0, '2026-03-01'), ('{TENANT}', '{TENANT}', 7, 0, '2026-03-01'), ('{TENANT}', '{TENANT}', 0, 3, '2026-03-02'),
                 ('{TENANT}', '{OTHER}', 0, 12, '2026-03-01'), ('{OTHER}', '{OTHER}', 2, 0, '2099-12-31')) v(t, account, debit, credit, day);
insert into enquiries (tenant_id, id, created_by_user_id, customer_name, status, created_at)
  select t::uuid, gen_random_uuid(), gen_random_uuid(), 'Asker', status, at::timestamptz
    from (values ('{TENANT}', 'new', '2026-03-01 10:00+00'), ('{TENANT}', 'booked', '2026-03-01 10:59:59+00'), ('{TENANT}', 'new', '2026-03-01 11:00+00'),
                 ('{OTHER}', 'booked', '2026-03-01 10:30+00')) v(t, status, at);
"""
DAYS = (
    "select tenant_id::text, account_id::text, day::text, debit_minor, credit_minor from"
    " balances_day order by 1, 2, 3"
)
HOURS = (
    "select tenant_id::text, to_char(hour at time zone 'UTC', 'HH24'), received, booked from"
    " enquiries_by_hour order by 1, 2"
)
SUMMED = [
    (TENANT, TENANT, "2026-03-01", 12, 0),
    (TENANT, TENANT, "2026-03-02", 0, 3),
    (TENANT, OTHER, "2026-03-01", 0, 12),
    (OTHER, OTHER, "2099-12-31", 2, 0),
]


def test_what_was_there_before_is_summed_by_day_and_by_hour(empty_app: Flask) -> None:
    engine = sa.create_engine(empty_app.config["MIGRATION_URL"])
    with empty_app.app_context():
        flask_migrate.upgrade(revision="0049")
        flask_migrate.downgrade(revision="-1")
        with engine.begin() as connection:
            connection.execute(sa.text("set local session_replication_role = replica"))
            connection.execute(sa.text(BEFORE))
        for _ in range(2):  # down and up again the same
            flask_migrate.upgrade(revision="0049")
            with engine.connect() as connection:
                assert [tuple(row) for row in connection.execute(sa.text(DAYS)).all()] == SUMMED
                found = [tuple(row) for row in connection.execute(sa.text(HOURS)).all()]
                forced = connection.scalars(
                    sa.text(
                        "select relforcerowsecurity from pg_class where relname in ('postings',"
                        " 'enquiries')"
                    )
                ).all()
            assert found == [(TENANT, "10", 2, 1), (TENANT, "11", 1, 0), (OTHER, "10", 1, 1)]
            assert forced == [True, True], "the walls stand again"
            flask_migrate.downgrade(revision="-1")
    engine.dispose()
