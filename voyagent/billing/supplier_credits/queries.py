"""Queries of supplier credits: a single credit, and the list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.billing.core.models.credits import SupplierCredit, SupplierCreditLine
from voyagent.billing.core.models.kinds import BILL
from voyagent.billing.core.queries.credits import (
    CreditDocument,
    CreditSearch,
    credit_statements,
    list_credits,
)
from voyagent.billing.core.queries.recognitions import by_entry, recognitions_statement
from voyagent.billing.supplier_credits.errors import SupplierCreditNotFound
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import keyed_select
from voyagent.kernel.db import db, load_one
from voyagent.kernel.pages import Cursor, CursorPage


def read_supplier_credit(reader: Reader, supplier_credit_id: UUID) -> CreditDocument:
    """Return a supplier credit with its lines, taxes and journal entries.

    Raises SupplierCreditNotFound.
    """
    found, lines, taxes, journal, recognitions = reader.read(
        *_document_statements(supplier_credit_id)
    )
    credit = first_row(found, SupplierCreditNotFound)
    return CreditDocument(credit, lines, taxes, journal, by_entry(recognitions))


def get_supplier_credit(supplier_credit_id: UUID) -> SupplierCredit:
    """Return a supplier credit. Raises SupplierCreditNotFound."""
    return load_one(
        select(SupplierCredit).where(SupplierCredit.id == supplier_credit_id),
        SupplierCreditNotFound,
    )


def line_numbers(supplier_credit_id: UUID) -> set[int]:
    """Return the numbers of the bill lines that a supplier credit credits."""
    found = select(SupplierCreditLine.line_no).where(
        SupplierCreditLine.supplier_credit_id == supplier_credit_id
    )
    return set(db.session.scalars(found))


def list_supplier_credits(
    reader: Reader, search: CreditSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of supplier credits after the cursor, newest issue date first."""
    return list_credits(reader, BILL, search, limit=limit, cursor=cursor)


@keyed_select
def _document_statements(supplier_credit_id: Any) -> tuple[Select[Any], ...]:
    return (
        *credit_statements(BILL, supplier_credit_id),
        recognitions_statement("supplier_credit", supplier_credit_id),
    )
