"""Every table is in the register of personal data or declared to be without.

Each registered table has a rule.
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from voyagent.kernel.db import Base
from voyagent.privacy.rules.register import ACCOUNT, BOOKS, BY_TABLE, HOLDINGS, SHORT, WITHOUT
from voyagent.privacy.rules.retention import KINDS, days_of
from voyagent.privacy.service.retention import _STATEMENTS


def test_every_table_is_registered_or_declared_without_personal_data() -> None:
    tables = {name for name in Base.metadata.tables if not name.startswith("procrastinate_")}
    assert tables - BY_TABLE.keys() - WITHOUT == set(), "give the table a rule in the register"
    assert (BY_TABLE.keys() | WITHOUT) - tables == set()
    assert BY_TABLE.keys() & WITHOUT == set()


def test_every_registered_column_exists() -> None:
    for holding in HOLDINGS:
        columns = Base.metadata.tables[holding.table].c
        assert [name for name in holding.columns if name not in columns] == [], holding.table


def test_free_texts_of_a_registered_table_are_registered() -> None:
    """A new text column with customers' data must be exported, or named here."""
    internal = {
        *(
            "party_key",
            "name_key",
            "search",
            "currency",
            "status",
            "kind",
            "direction",
            "account",
            "id",
        ),
        *("rate_base", "rate_quote", "rate_source", "turn_id", "tool_call_id", "effect_error"),
        *("arguments_hash", "preview_hash", "effect_status", "effect_result", "approval_id"),
        *("original_payload", "replaces", "superseded_by", "source_type", "purpose", "tax"),
        *("collection", "sold_as", "bought_as", "our_reference", "supplier_key", "locale"),
        *("budget_currency", "last_error", "pseudonym", "counts", "origin"),
        *("earlier_status", "status_source", "base_basis", "sac", "decision", "nature"),
        *("recognition", "charge_tax"),
    }
    for holding in HOLDINGS:
        if not holding.linked:
            continue
        texts = {
            column.name
            for column in Base.metadata.tables[holding.table].c
            if isinstance(column.type, sa.Text | sa.String | sa.JSON)
        }
        assert texts - set(holding.columns) - internal == set(), holding.table


def test_every_rule_is_a_kind_of_retention() -> None:
    assert {one.retention for one in HOLDINGS} <= {*KINDS, BOOKS, ACCOUNT, SHORT}
    assert _STATEMENTS.keys() == KINDS.keys()


def test_what_stays_has_a_reason() -> None:
    assert [one.table for one in HOLDINGS if one.erasure != "removed" and not one.why] == []


def test_a_period_is_never_below_the_minimum() -> None:
    assert days_of("tax_identity", {"tax_identity": 1}) == KINDS["tax_identity"].least
    assert days_of("enquiries", {"enquiries": 400}) == 400
    assert days_of("enquiries", {}) == KINDS["enquiries"].default
    assert all(rule.least <= rule.default for rule in KINDS.values())


def test_the_retention_table_of_the_documentation_is_that_of_the_program() -> None:
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d,]+) \| ([\d,]+) \|$", page, re.MULTILINE)
    assert {
        kind: (int(default.replace(",", "")), int(least.replace(",", "")))
        for kind, default, least in rows
    } == {kind: (rule.default, rule.least) for kind, rule in KINDS.items()}
