"""The second wall alone: raw SQL as the application's role."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.people import Person


def test_raw_sql_without_an_agency_sees_nobody(app_engine: sa.Engine, alice: Person) -> None:
    with app_engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from users")) == 0


def test_raw_sql_sees_only_the_bound_agency(app_engine: sa.Engine, alice: Person, charlie: Person) -> None:
    with app_engine.begin() as connection:
        connection.execute(sa.text("select set_config('app.tenant', :t, true)"), {"t": str(alice.actor.tenant_id)})
        assert connection.scalars(sa.text("select email from users")).all() == [alice.email]


def test_a_row_for_another_agency_is_refused(app_engine: sa.Engine, alice: Person, charlie: Person) -> None:
    with app_engine.begin() as connection, pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        connection.execute(sa.text("select set_config('app.tenant', :t, true)"), {"t": str(alice.actor.tenant_id)})
        connection.execute(sa.text("insert into revoked_tokens values (:t, 'x', now())"), {"t": charlie.actor.tenant_id})


def test_settings_over_http(alice: Person) -> None:
    answer = alice.api.get("/tenant-settings")
    assert answer.status_code == 200, answer.text
    assert answer.json["default_currency"] == "INR"
