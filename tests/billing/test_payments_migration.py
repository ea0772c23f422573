"""What stood before payments were documents of their own is numbered by its day, told its account,
and says what it settles.
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
insert into tenant_settings (tenant_id, financial_year_start_month) values ('{OTHER}', 1);
insert into accounts (tenant_id, id, code, name, type, normal_side, purpose)
  select t, gen_random_uuid(), purpose, purpose, 'asset', 'debit', purpose
    from unnest(array['{TENANT}', '{OTHER}']::uuid[]) t, unnest(array['bank', 'cash']) purpose;
insert into payments (tenant_id, id, direction, party_name, currency, amount_minor, paid_on, entry_id, created_at)
  select '{TENANT}', gen_random_uuid(), direction, 'Deepa', 'INR', 100, day, gen_random_uuid(), '2026-05-01'::timestamptz + n * interval '1 hour'
    from (values (1, 'in', date '2026-03-31'), (2, 'in', '2026-04-01'), (3, 'out', '2026-04-02'), (4, 'in', '2027-03-31'),
                 (5, 'in', '2026-05-31')) v(n, direction, day);
insert into payments (tenant_id, id, direction, party_name, currency, amount_minor, paid_on, entry_id)
  select '{OTHER}', gen_random_uuid(), 'in', 'Al Noor', 'AED', 50, '2026-12-31', gen_random_uuid();
insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id, purpose, line_count)
  select tenant_id, entry_id, paid_on, 'Receipt', 'payment', id, 'receipt', 2 from payments;
insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor, effective_date)
  select p.tenant_id, p.entry_id, 1, a.id, p.currency, p.amount_minor, p.paid_on from payments p
    join accounts a on a.tenant_id = p.tenant_id and a.purpose = case when p.paid_on = '2026-04-01' then 'cash' else 'bank' end;
insert into allocations (tenant_id, id, payment_id, invoice_id, amount_minor, effective_on)
  select tenant_id, gen_random_uuid(), id, gen_random_uuid(), amount_minor, paid_on from payments;
"""


def test_what_stood_is_numbered_and_says_what_it_settles(empty_app: Flask) -> None:
    engine = sa.create_engine(empty_app.config["MIGRATION_URL"])
    with empty_app.app_context():
        flask_migrate.upgrade(revision="0024")
        with engine.begin() as connection:
            connection.execute(sa.text("set local session_replication_role = replica"))
            connection.execute(sa.text(BEFORE))
        for _ in range(2):  # down and up again the same
            flask_migrate.upgrade(revision="0025")
            with engine.connect() as connection:
                found = connection.execute(
                    sa.text(
                        "select paid_on::text, number, account, allocated_minor from payments order"
                        " by tenant_id, created_at"
                    )
                ).all()
                series = connection.execute(
                    sa.text(
                        "select tenant_id::text, series, financial_year, last_number from"
                        " number_series order by 1, 2, 3"
                    )
                ).all()
                unposted = connection.scalar(
                    sa.text(
                        "select count(*) from allocations a where not exists (select 1 from"
                        " payments p where p.entry_id = a.entry_id)"
                    )
                )
            assert [tuple(row) for row in found] == [
                ("2026-03-31", "R/2025-26/000001", "bank", 100),
                ("2026-04-01", "R/2026-27/000001", "cash", 100),
                ("2026-04-02", "P/2026-27/000001", "bank", 100),
                ("2027-03-31", "R/2026-27/000002", "bank", 100),
                ("2026-05-31", "R/2026-27/000003", "bank", 100),
                ("2026-12-31", "R/2026/000001", "bank", 50),
            ]
            assert [tuple(row) for row in series] == [
                (TENANT, "payment", "2026-27", 1),
                (TENANT, "receipt", "2025-26", 1),
                (TENANT, "receipt", "2026-27", 3),
                (OTHER, "receipt", "2026", 1),
            ]
            assert unposted == 0
            flask_migrate.downgrade(revision="0024")
    engine.dispose()
