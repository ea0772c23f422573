"""The first wall between agencies: every ORM statement is filtered by the bound tenant and every
new row is stamped with it.

The second wall is row-level security in the database; `app.tenant` is set for the transaction by
`bind` or by `app.enter()`. No tenant bound is an error here and no rows there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    ForeignKey,
    Table,
    bindparam,
    event,
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


class TenantNotBound(RuntimeError):
    """A statement or a write without an agency: a fault of ours, never an empty list."""


class WrongTenant(RuntimeError):
    """A row or a session of one agency handled under another: a fault of ours."""


class TenantBound:
    """A table whose rows belong to an agency."""

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )


class TenantOwned(TenantBound):
    """The usual table of an agency: keyed by (tenant_id, id), so that no foreign key can point into
    another agency.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


def bind(session: Session, tenant_id: UUID) -> None:
    """Let the session speak for one agency from now on.

    Raises WrongTenant when it speaks for another already.
    """
    bound = session.info.get(TENANT)
    if bound is not None and bound != tenant_id:
        raise WrongTenant("one session, one agency")
    session.info[TENANT] = tenant_id
    if session.in_transaction():
        _tell_database(session.connection(), tenant_id)


def note_entered(session: Session, tenant_id: UUID) -> None:
    """Remember what `app.enter()` has told the database already, at no cost of a trip."""
    if session.info.setdefault(TENANT, tenant_id) != tenant_id:
        raise WrongTenant("one session, one agency")


def current_tenant(session: Session | scoped_session[Any]) -> UUID:
    """The bound agency. Raises TenantNotBound."""
    tenant_id = session.info.get(TENANT)
    if tenant_id is None:
        raise TenantNotBound("no agency is bound to this session")
    return cast("UUID", tenant_id)


@contextmanager
def across_tenants(session: Session, reason: str) -> Iterator[None]:
    """The only way past the first wall; the reason is a sentence, and a test counts the uses."""
    if not reason:
        raise ValueError("a reason is a sentence")
    before = session.info.get(_ACROSS)
    session.info[_ACROSS] = reason
    try:
        yield
    finally:
        session.info[_ACROSS] = before


def owned(table: Any) -> ColumnElement[bool]:
    """The tenant's condition for a Core select of the reading lane, which fills the parameter in."""
    return _table(table).c.tenant_id == bindparam(TENANT)


def _table(source: Any) -> Table:
    return cast("Table", getattr(source, "__table__", source))


def guard(session: scoped_session[Any]) -> None:
    """Put the gate on a session factory; called once."""
    event.listen(session, "do_orm_execute", _filter_statement)
    event.listen(session, "before_flush", _stamp_writes)
    event.listen(session, "after_begin", _bind_transaction)


def agency_tables(statement: ClauseElement) -> set[str]:
    """The tables of an agency that a statement touches without naming the agency; empty for one
    that names it, by `owned`.
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
            "bulk inserts pass by the stamp: add objects, or write Core SQL behind row-level"
            " security"
        )
    tenant_id = state.session.info.get(TENANT)
    if tenant_id is None:
        raise TenantNotBound("an ORM statement without an agency")
    if state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(
        with_loader_criteria(
            TenantBound, lambda entity: entity.tenant_id == tenant_id, include_aliases=True
        )
    )


def _refuse_unbound_select(state: ORMExecuteState) -> None:
    """A select that SQLAlchemy does not take for an ORM one gets no filter (`select(exists()…)`, a
    window alone, a table): it must name the agency itself.
    """
    if state.is_select and (unfiltered := agency_tables(cast("ClauseElement", state.statement))):
        raise TenantNotBound(
            f"a select of {', '.join(sorted(unfiltered))} does not name the agency"
        )


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
            raise WrongTenant("a row of another agency")


def _bind_transaction(
    session: Session, transaction: SessionTransaction, connection: Connection
) -> None:
    tenant_id = session.info.get(TENANT)
    if tenant_id is not None and not transaction.nested:
        _tell_database(connection, tenant_id)


def _tell_database(connection: Connection, tenant_id: UUID) -> None:
    connection.execute(
        text("select set_config('app.tenant', :tenant, true)"), {"tenant": str(tenant_id)}
    )
