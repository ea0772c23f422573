"""Primary keys of the models have the column order of the tables."""

from __future__ import annotations

import sqlalchemy as sa

from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantBound


def test_primary_keys_have_the_column_order_of_the_schema(owner_engine: sa.Engine) -> None:
    inspector = sa.inspect(owner_engine)
    for table in Base.metadata.sorted_tables:
        stored = inspector.get_pk_constraint(table.name)["constrained_columns"]
        assert [column.name for column in table.primary_key] == stored, table.name


def test_the_key_of_every_agency_table_begins_with_the_agency() -> None:
    gated = {
        mapper.local_table.name
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantBound)
    }
    for table in Base.metadata.sorted_tables:
        if "tenant_id" in table.c:
            assert next(iter(table.primary_key)).name == "tenant_id", table.name
            assert table.name in gated, (
                f"{table.name} has a tenant_id and its model is no TenantBound"
            )
