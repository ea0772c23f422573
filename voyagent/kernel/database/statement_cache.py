"""Cache of the compiled SQL text of Core selects, shared by all tenants.

Each select is compiled once, and its text is kept as long as the select object. The tenant is a
parameter, which is filled in for each caller.

SQLAlchemy has such a cache only inside an engine, so this module calls a private method of
SQLAlchemy. The method was checked with the version CHECKED_WITH; a test fails with another version.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Select, Uuid, bindparam, literal
from sqlalchemy.dialects import postgresql

from voyagent.kernel.tenancy import TENANT, TenantNotBound, agency_tables

CHECKED_WITH = "2.1.9"
"""The SQLAlchemy version with which the private cache key used here was checked."""
STATEMENTS_MAX = 32
_SHAPES_MAX = 512
_KEY = "key_of_one"
_GENERIC_PLAN = "generic_plan"
P = ParamSpec("P")
T = TypeVar("T")
Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyedSelect:
    """A select by primary key, together with the value of the key."""

    select: Select[Any]
    key: UUID


Statement = Select[Any] | KeyedSelect
"""A statement that a Reader can run."""


def cached_statement(build: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function that builds SQL statements; cache them by its arguments.

    The statements may depend only on the arguments.
    """
    return cast("Callable[P, T]", lru_cache(maxsize=STATEMENTS_MAX)(build))


def keyed_select(
    build: Callable[[Any], tuple[Select[Any], ...]],
) -> Callable[[UUID], tuple[KeyedSelect, ...]]:
    """Decorate a function that builds the selects for one record by its primary key.

    The decorated function takes the key of a record and returns the selects with this key. `build`
    is called only once, with a bound parameter in place of the key. `build` may compare columns
    with this parameter, but may not use the parameter otherwise.
    """
    built = cache(lambda: build(bindparam(_KEY, type_=Uuid())))
    return lambda key: tuple(KeyedSelect(statement, key) for statement in built())


def inlined(value: int | str) -> BindParameter[Any]:
    """Return an expression whose value is written into the SQL text.

    In a cached plan PostgreSQL uses a partial index, such as one with `where n > 0`, only if the
    text contains the value. Use this function for constants of the program, never for input.
    """
    return literal(value, literal_execute=True)


def generic_plan(statement: Select[Any]) -> Select[Any]:
    """Mark a select for which PostgreSQL should use a generic plan.

    Use this function for a select that takes longer to plan than to run, and whose best plan does
    not depend on its parameters.
    """
    return statement.execution_options(**{_GENERIC_PLAN: True})


def wants_generic_plan(statement: Statement) -> bool:
    """Return True if the statement was marked by `generic_plan`."""
    return _GENERIC_PLAN in parts_of(statement)[0].get_execution_options()


def parts_of(statement: Statement) -> tuple[Select[Any], Parameters]:
    """Return the select of a statement, and its parameters without the tenant."""
    if isinstance(statement, KeyedSelect):
        return statement.select, {_KEY: statement.key}
    return statement, {}


def compiled_for(statement: Statement, tenant_id: UUID) -> tuple[str, Parameters]:
    """Return the SQL text of a statement and its parameters for one agency.

    Raises TenantNotBound if the statement reads a table with rows of several agencies and has no
    tenant condition.
    """
    select, filled = parts_of(statement)
    found = _texts.get(select)
    if found is None:
        found = _texts[select] = _text(select)
    sql, values = found
    return sql, values | filled | {TENANT: tenant_id}


_dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
_shapes: OrderedDict[Any, Any] = OrderedDict()
_shapes_lock = Lock()
# A select never changes, so its text is valid as long as the object exists.
_texts: WeakKeyDictionary[Select[Any], tuple[str, Parameters]] = WeakKeyDictionary()


def _text(statement: Select[Any]) -> tuple[str, Parameters]:
    key = statement._generate_cache_key()  # noqa: SLF001 - see CHECKED_WITH
    form = _shape(statement, key)
    values = form.construct_params(
        {TENANT: None, _KEY: None}, extracted_parameters=key.bindparams if key else None
    )
    if not form.post_compile_params and not form.literal_execute_params:
        return str(form), values
    # The SQL text depends on the number of values in an IN list, and on the `inlined` values.
    expanded = form.construct_expanded_state(values)
    return expanded.statement, expanded.parameters


def _shape(statement: Select[Any], key: Any) -> Any:
    if key is None:
        return _compile(statement, None)
    with _shapes_lock:
        form = _shapes.get(key.key)
        if form is not None:
            _shapes.move_to_end(key.key)
            return form
    form = _compile(statement, key)
    with _shapes_lock:
        _shapes[key.key] = form
        if len(_shapes) > _SHAPES_MAX:
            _shapes.popitem(last=False)
    return form


def _compile(statement: Select[Any], key: Any) -> Any:
    if unbound := agency_tables(statement):
        raise TenantNotBound(f"a select of {', '.join(sorted(unbound))} has no tenant condition")
    return _dialect.statement_compiler(_dialect, statement, cache_key=key)
