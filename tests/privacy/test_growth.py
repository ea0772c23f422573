"""Every table has one rule for its rows, and the program does what the rule says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from voyagent.identity.service import second_factor
from voyagent.kernel.config import Settings
from voyagent.kernel.jobs import all_tasks
from voyagent.privacy.rules.growth import GROWTH, End, Growth
from voyagent.privacy.service.retention import _STATEMENTS

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
TABLES = """
select c.relname from pg_class c
 where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
"""
DELETED_WITH = """
select c.relname, p.relname from pg_constraint f
  join pg_class c on c.oid = f.conrelid join pg_class p on p.oid = f.confrelid
 where f.contype = 'f' and f.confdeltype = 'c'
"""


def rules(end: End) -> list[tuple[str, Growth]]:
    return [(table, rule) for rule in GROWTH if rule.end is end for table in rule.tables]


def test_every_table_has_one_rule(owner_engine: sa.Engine) -> None:
    with owner_engine.connect() as connection:
        tables = sorted(connection.scalars(sa.text(TABLES)))
    assert sorted(table for rule in GROWTH for table in rule.tables) == tables


def test_a_foreign_key_deletes_what_is_deleted_with_its_parent(owner_engine: sa.Engine) -> None:
    with owner_engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(sa.text(DELETED_WITH))}
    assert [table for table, rule in rules(End.PARENT) if (table, rule.by) not in found] == []


def test_a_period_deletes_the_rows_of_its_tables() -> None:
    for table, rule in rules(End.PERIOD):
        assert re.search(rf"delete from {table}\b", " ".join(_STATEMENTS[rule.by])), table


@pytest.mark.usefixtures("app")
def test_a_task_that_deletes_rows_is_periodic() -> None:
    periodic = {one.name for one in all_tasks() if one.every is not None}
    assert {rule.by for _table, rule in rules(End.TASK)} <= periodic


def test_a_rule_names_what_it_depends_on() -> None:
    for rule in GROWTH:
        depends = rule.end in {End.PARENT, End.PERIOD, End.TASK}
        assert (rule.by != "") == depends, rule.tables
        assert f"`{rule.by}`" in rule.until or not depends, rule.tables


def test_the_operations_page_has_the_rules() -> None:
    rows = [
        f"| {', '.join(f'`{table}`' for table in rule.tables)} | {rule.added} | {rule.until} |"
        for rule in GROWTH
    ]
    _before, _heading, after = PAGE.partition("| tables | a row for | until |\n|---|---|---|\n")
    assert after.partition("\n\n")[0].splitlines() == rows


def test_the_limits_that_the_rules_name_are_those_of_the_program() -> None:
    (codes,) = [rule for rule in GROWTH if rule.tables == ("recovery_codes",)]
    assert codes.until.startswith("ten ")
    assert second_factor.RECOVERY_CODES == 10
    assert Settings.model_fields["failed_jobs_days"].default == 30
