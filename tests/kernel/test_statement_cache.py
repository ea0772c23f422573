"""SQL text of selects, compiled once for each shape."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from voyagent.identity.models import User
from voyagent.kernel.database import statement_cache
from voyagent.kernel.database.statement_cache import (
    CHECKED_WITH,
    cached_statement,
    compiled_for,
    inlined,
    keyed_select,
)
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import owned

USERS = User.__table__.c


def by_role(role: Any) -> sa.Select[Any]:
    return sa.select(USERS.email).where(owned(User), USERS.role == role)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[sa.Select[Any]]:
    """Record the selects that SQLAlchemy compiles during the test."""
    done: list[sa.Select[Any]] = []
    original = statement_cache._compile  # noqa: SLF001

    def counted(statement: sa.Select[Any], key: Any) -> Any:
        done.append(statement)
        return original(statement, key)

    monkeypatch.setattr(statement_cache, "_compile", counted)
    statement_cache._shapes.clear()  # noqa: SLF001
    return done


def test_the_private_cache_key_was_checked_with_the_installed_sqlalchemy() -> None:
    assert sa.__version__ == CHECKED_WITH, (
        f"SQLAlchemy {sa.__version__} is installed, and statement_cache.py uses a private method"
        f" that was checked with {CHECKED_WITH}. Run this file, test_read_pool.py and"
        " test_copy_export.py. If they pass, set CHECKED_WITH to the new version."
    )


def test_selects_of_one_shape_are_compiled_once(compilations: list[sa.Select[Any]]) -> None:
    tenant_id = new_id()
    for role in ("agent", "viewer", "agent"):
        sql, values = compiled_for(by_role(role), tenant_id)
        assert role in values.values()
        assert tenant_id in values.values()
        assert role not in sql
    assert len(compilations) == 1


def test_lists_of_different_length_share_one_compilation(
    compilations: list[sa.Select[Any]],
) -> None:
    texts = {
        compiled_for(sa.select(USERS.email).where(owned(User), USERS.role.in_(roles)), new_id())[0]
        for roles in (["agent"], ["agent", "viewer"], [])
    }
    assert (len(texts), len(compilations)) == (3, 1)


def test_inlined_values_never_mix() -> None:
    for role in ("agent", "viewer"):
        sql, values = compiled_for(by_role(inlined(role)), new_id())
        assert f"'{role}'" in sql
        assert role not in values.values()


def test_a_select_with_a_key_has_one_text_for_all_keys(compilations: list[sa.Select[Any]]) -> None:
    of_user = keyed_select(lambda key: (by_role("agent").where(USERS.id == key),))
    first, second = new_id(), new_id()
    found = [compiled_for(of_user(key)[0], new_id()) for key in (first, second)]
    assert found[0][0] == found[1][0]
    assert first in found[0][1].values()
    assert second in found[1][1].values()
    assert len(compilations) == 1


def test_a_cached_statement_is_built_once_for_its_arguments() -> None:
    build = cached_statement(by_role)
    assert build("agent") is build("agent")
    assert build("agent") is not build("viewer")
