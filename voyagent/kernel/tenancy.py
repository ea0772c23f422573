"""Tenant filter of the ORM, which limits each SQL statement to the current agency.

The current agency is the agency to which `bind` or the database function `app.authenticate()` has
bound the session. The filter also sets the agency of new rows. If no agency is bound, the ORM
raises an error. As a second protection, row-level security in PostgreSQL reads the agency from the
setting `app.tenant` of the transaction, and returns no rows without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID
from weakref import WeakSet

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Table,
    Uuid,
    bindparam,
    event,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    mapped_column,
    scoped_session,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors

from voyagent.kernel.ids import new_id

TENANT = "tenant_id"
_ACROSS = "across_tenants"
_CLAIMED = "claimed_agency"
_IS_PUBLIC = "is_public"
# Selects that passed the check. A select never changes, so a cached one is checked only once.
_BOUND: WeakSet[ClauseElement] = WeakSet()


class TenantNotBound(RuntimeError):
    """A statement runs without a bound agency, which is a programming error."""


class WrongTenant(RuntimeError):
    """A row or a session of one agency is used for another agency.

    This is an error in the program.
    """


class TenantBound:
    """Mixin of tables whose rows belong to an agency."""

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )


class TenantOwned(TenantBound):
    """Mixin of tables with the key (tenant_id, id).

    Foreign keys with both columns stay within one agency.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


def references(
    table: str, column: str, name: str, ondelete: str | None = None
) -> ForeignKeyConstraint:
    """Return a foreign key from `column` to the id of a row of the same agency."""
    return ForeignKeyConstraint(
        [TENANT, column], [f"{table}.{TENANT}", f"{table}.id"], name=name, ondelete=ondelete
    )


def bind(session: Session, tenant_id: UUID) -> None:
    """Bind the session to an agency. Raises WrongTenant if another one is bound."""
    bound = session.info.get(TENANT)
    if bound is not None and bound != tenant_id:
        raise WrongTenant("the session is bound to another agency")
    session.info[TENANT] = tenant_id
    if session.in_transaction():
        _set_tenant(session.connection(), tenant_id)


def name_agency(session: Session, tenant_id: UUID) -> None:
    """Set the agency whose share of connections an unbound session uses.

    The agency comes from the caller's credential, which the first statement of the transaction has
    still to confirm.
    """
    session.info[_CLAIMED] = tenant_id


def mark_public(session: Session) -> None:
    """Let the session use the connections for callers without an agency.

    The session then uses these connections even if it is bound to an agency. This is for sign-in:
    people of an agency that uses its whole share of connections must still be able to sign in.
    """
    session.info[_IS_PUBLIC] = True


def agency_of_connection(session: Session) -> UUID | None:
    """Return the agency whose share of connections the session uses, or None."""
    if session.info.get(_IS_PUBLIC):
        return None
    return cast("UUID | None", session.info.get(TENANT) or session.info.get(_CLAIMED))


def record_bound_agency(session: Session, tenant_id: UUID) -> None:
    """Record the agency that `app.authenticate()` has already set, without a query.

    Raises WrongTenant if the session is bound to another agency.
    """
    if session.info.setdefault(TENANT, tenant_id) != tenant_id:
        raise WrongTenant("the session is bound to another agency")


def current_tenant(session: Session | scoped_session[Any]) -> UUID:
    """Return the id of the bound agency. Raises TenantNotBound."""
    tenant_id = session.info.get(TENANT)
    if tenant_id is None:
        raise TenantNotBound("no agency is bound to this session")
    return cast("UUID", tenant_id)


@contextmanager
def across_tenants(session: Session, reason: str) -> Iterator[None]:
    """Disable the tenant filter inside the block, for the stated reason.

    A test reports every use.
    """
    if not reason:
        raise ValueError("the reason must be a sentence")
    before = session.info.get(_ACROSS)
    session.info[_ACROSS] = reason
    try:
        yield
    finally:
        session.info[_ACROSS] = before


def owned(table: Any) -> ColumnElement[bool]:
    """Return the condition that limits a Core select to the current agency.

    The `Reader` that executes the select fills in the agency's id.
    """
    return _table(table).c.tenant_id == bindparam(TENANT)


def owned_by_key(table: Any) -> ColumnElement[bool]:
    """Return the tenant condition of a look-up by the id of a record.

    Use this condition in subqueries that run for each row of a list, and in selects of the rows
    that belong to one record, such as the lines of an invoice. The condition hides the agency's id
    in a subquery, so that the planner of PostgreSQL assumes an agency of average size.

    With a plain id (`owned`), the planner assumes that a new agency, of which it has no statistics,
    has one row. The planner may then choose any index that begins with `tenant_id`, so that each
    look-up reads all rows of the agency.
    """
    own: ColumnElement[bool] = (
        _table(table).c.tenant_id == select(bindparam(TENANT, type_=Uuid())).scalar_subquery()
    )
    return own


def _table(source: Any) -> Table:
    return cast("Table", getattr(source, "__table__", source))


def guard(session: scoped_session[Any]) -> None:
    """Install the tenant filter on a session factory; call this function once."""
    event.listen(session, "do_orm_execute", _filter_statement)
    event.listen(session, "before_flush", _stamp_writes)
    event.listen(session, "after_begin", _bind_transaction)


def agency_tables(statement: ClauseElement) -> set[str]:
    """Return the names of the statement's tables that have rows of agencies.

    The set is empty if the statement has a tenant condition.
    """
    found = set()
    for element in visitors.iterate(statement):
        if isinstance(element, BindParameter) and element.key == TENANT:
            return set()
        table = element if isinstance(element, Table) else getattr(element, "table", None)
        if isinstance(table, Table) and TENANT in table.c:
            found.add(table.name)
    return found


def _filter_statement(state: ORMExecuteState) -> None:
    if state.session.info.get(_ACROSS):
        return
    if not state.is_orm_statement:
        _refuse_unbound_select(state)
        return
    if state.is_insert:
        raise TenantNotBound(
            "bulk inserts skip the tenant filter: add objects, or write Core SQL behind row-level"
            " security"
        )
    tenant_id = state.session.info.get(TENANT)
    if tenant_id is None:
        raise TenantNotBound("an ORM statement runs without a bound agency")
    if state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(
        with_loader_criteria(
            TenantBound, lambda entity: entity.tenant_id == tenant_id, include_aliases=True
        )
    )


def _refuse_unbound_select(state: ORMExecuteState) -> None:
    """Refuse a select that neither the ORM nor a tenant condition limits to an agency.

    Examples are `select(exists()…)`, a select of a window function alone, and a select of a plain
    table.
    """
    statement = cast("ClauseElement", state.statement)
    if not state.is_select or statement in _BOUND:
        return
    if unfiltered := agency_tables(statement):
        raise TenantNotBound(f"a select of {', '.join(sorted(unfiltered))} has no tenant condition")
    _BOUND.add(statement)


def _stamp_writes(session: Session, _context: object, _instances: object) -> None:
    if session.info.get(_ACROSS):
        return
    owned_rows = [
        row
        for row in (*session.new, *session.dirty, *session.deleted)
        if isinstance(row, TenantBound)
    ]
    if not owned_rows:
        return
    tenant_id = current_tenant(session)
    for row in owned_rows:
        given: UUID | None = row.tenant_id
        if given is None:
            row.tenant_id = tenant_id
        elif given != tenant_id:
            raise WrongTenant("the row belongs to another agency")


def _bind_transaction(
    session: Session, transaction: SessionTransaction, connection: Connection
) -> None:
    tenant_id = session.info.get(TENANT)
    if tenant_id is not None and not transaction.nested:
        _set_tenant(connection, tenant_id)


def _set_tenant(connection: Connection, tenant_id: UUID) -> None:
    connection.execute(
        text("select set_config('app.tenant', :tenant, true)"), {"tenant": str(tenant_id)}
    )
