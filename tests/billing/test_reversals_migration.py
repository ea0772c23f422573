"""The way down of reversed payments forgets that they were reversed and keeps all that was posted;
the way up again invents nothing.
"""

from __future__ import annotations

from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.architecture.test_migrations import empty_app

__all__ = ["empty_app"]
TENANT = "00000000-0000-7000-8000-00000000000a"
# A receipt of 100 that settled an invoice by 60 was reversed, and its former number was brought
# again by another.
REVERSED = f"""
insert into tenants (id, display_name) values ('{TENANT}', 'Malabar');
insert into payments (tenant_id, id, number, direction, party_name, currency, amount_minor, allocated_minor, refunded_minor, paid_on, account, reference,
                      entry_id, reversed_on, reversal_reason, reversal_entry_id)
  select '{TENANT}', gen_random_uuid(), 'A/2026-27/00000' || n, 'in', 'Deepa', 'INR', 100, 0, case n when 1 then 100 else 0 end, '2026-05-01',
         'opening_balances', reference, gen_random_uuid(), case n when 1 then date '2026-05-09' end, case n when 1 then 'Typed twice' end,
         case n when 1 then gen_random_uuid() end
    from (values (1, 'OLD-1'), (2, 'SECOND')) v(n, reference);
insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id, purpose, line_count)
  select tenant_id, entry_id, paid_on, 'Receipt', 'payment', id, 'receipt', 2 from payments;
insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id, purpose, reverses_id, line_count)
  select tenant_id, reversal_entry_id, reversed_on, 'Reversal: Typed twice', 'reversal', entry_id, 'reverse', entry_id, 2
    from payments where reversed_on is not null;
insert into allocations (tenant_id, id, payment_id, invoice_id, amount_minor, effective_on, entry_id)
  select tenant_id, gen_random_uuid(), id, gen_random_uuid(), 60, paid_on, entry_id from payments where reversed_on is not null;
insert into allocations (tenant_id, id, payment_id, invoice_id, amount_minor, effective_on, entry_id, reverses_id)
  select a.tenant_id, gen_random_uuid(), a.payment_id, a.invoice_id, -60, p.reversed_on, p.reversal_entry_id, a.id
    from allocations a join payments p on p.id = a.payment_id;
"""
KEPT = """
select (select array_agg((number, amount_minor, allocated_minor, refunded_minor)::text order by number) from payments) as payments,
       (select array_agg((entry_date, narration, reverses_id is not null)::text order by entry_date, narration) from journal_entries) as entries,
       (select array_agg((amount_minor, effective_on)::text order by effective_on) from allocations) as allocations
"""


def at_0043(app: Flask, second: str) -> sa.Engine:
    engine = sa.create_engine(app.config["MIGRATION_URL"])
    flask_migrate.upgrade(revision="0043")
    with engine.begin() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))
        connection.execute(sa.text(REVERSED.replace("SECOND", second)))
    return engine


def read(engine: sa.Engine, sql: str) -> dict[str, Any]:
    with engine.connect() as connection:
        return dict(connection.execute(sa.text(sql)).mappings().one())


def test_the_way_down_keeps_what_was_posted_and_forgets_why(empty_app: Flask) -> None:
    with empty_app.app_context():
        engine = at_0043(empty_app, "OLD-2")
        stood = read(engine, KEPT)
        assert stood["payments"] == [
            "(A/2026-27/000001,100,0,100)",
            "(A/2026-27/000002,100,0,0)",
        ], "all of the reversed one is gone"
        flask_migrate.downgrade(revision="0042")
        assert read(engine, KEPT) == stood
        flask_migrate.upgrade(revision="0043")
        assert read(engine, KEPT) == stood
        told = read(
            engine, "select count(reversed_on) as n, count(reversal_reason) as why from payments"
        )
        assert told == {"n": 0, "why": 0}, "what was forgotten is not guessed at"
    engine.dispose()


def test_where_a_former_number_was_brought_again_there_is_no_way_down(empty_app: Flask) -> None:
    with empty_app.app_context():
        engine = at_0043(empty_app, "OLD-1")
        with pytest.raises(sa.exc.IntegrityError, match="uq_payments_opening"):
            flask_migrate.downgrade(revision="0042")
        assert read(engine, "select count(reversed_on) as n from payments") == {"n": 1}, (
            "and nothing was changed"
        )
    engine.dispose()
