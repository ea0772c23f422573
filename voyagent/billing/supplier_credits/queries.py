"""Queries of supplier credits: one with all its parts, and the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import (
    SupplierCredit,
    SupplierCreditLine,
)
from voyagent.billing.core.models.kinds import SUPPLIER_CREDIT
from voyagent.billing.core.queries.credits import CreditSearch, credited_taxes_statement, narrowed
from voyagent.billing.core.queries.documents import page_of
from voyagent.billing.supplier_credits.errors import SupplierCreditNotFound
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import load_one
from voyagent.kernel.pages import Cursor, CursorPage
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement

_CREDITS = SupplierCredit.__table__.c
_LINES = SupplierCreditLine.__table__.c
_BILLS = Bill.__table__.c
_TEXTS = ("vendor_reference", "party_name", "bill_reference")


@dataclass(frozen=True, slots=True)
class SupplierCreditDocument:
    """A supplier credit with its bill's reference, lines, taxes and journal lines."""

    credit: Row
    lines: list[Row]
    taxes: list[Row]
    journal: list[Row]


def read_supplier_credit(reader: Reader, supplier_credit_id: UUID) -> SupplierCreditDocument:
    """Return a supplier credit with all its parts, in one request to the database.

    Raises SupplierCreditNotFound.
    """
    credits_found, found, taxes, journal = reader.read(*_document_statements(supplier_credit_id))
    return SupplierCreditDocument(
        first_row(credits_found, SupplierCreditNotFound), found, taxes, journal
    )


def get_supplier_credit(supplier_credit_id: UUID) -> SupplierCredit:
    """Return a supplier credit. Raises SupplierCreditNotFound."""
    return load_one(
        select(SupplierCredit).where(SupplierCredit.id == supplier_credit_id),
        SupplierCreditNotFound,
    )


def list_supplier_credits(
    reader: Reader, search: CreditSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of supplier credits after the cursor, newest issue date first."""
    return page_of(reader.read(_list_statement(search, limit, cursor))[0], limit)


@keyed_select
def _document_statements(supplier_credit_id: Any) -> tuple[Select[Any], ...]:
    entry_id = (
        select(_CREDITS.entry_id)
        .where(owned(SupplierCredit), _CREDITS.id == supplier_credit_id)
        .scalar_subquery()
    )
    lines = (
        select(_LINES.line_no, _LINES.description, _LINES.amount_minor)
        .where(owned(SupplierCreditLine), _LINES.supplier_credit_id == supplier_credit_id)
        .order_by(_LINES.line_no)
    )
    names = (
        name_of(_CREDITS.created_by_user_id).label("created_by"),
        name_of(_CREDITS.reversed_by_user_id).label("reversed_by"),
    )
    one = _credits().add_columns(*names).where(_CREDITS.id == supplier_credit_id)
    return (
        one,
        lines,
        credited_taxes_statement(SUPPLIER_CREDIT, supplier_credit_id),
        entry_lines_statement(entry_id),
    )


@cached_statement
def _list_statement(search: CreditSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    return narrowed(_credits(), _CREDITS, _CREDITS.bill_id, _TEXTS, search, limit, cursor)


def _credits() -> Select[Any]:
    columns = [
        column
        for column in _CREDITS
        if column.name
        not in {
            "tenant_id",
            "party_key",
            "created_by_user_id",
            "reversed_by_user_id",
        }
    ]
    return (
        select(*columns, _BILLS.vendor_reference.label("bill_reference"))
        .select_from(
            SupplierCredit.__table__.join(
                Bill.__table__,
                (_BILLS.tenant_id == _CREDITS.tenant_id) & (_BILLS.id == _CREDITS.bill_id),
            )
        )
        .where(owned(SupplierCredit))
    )
