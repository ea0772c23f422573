"""Queries of received cheques that pages of other packages show."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, select

from voyagent.billing.core.models.cheques import ChequeInvoice, ReceivedCheque
from voyagent.kernel.tenancy import owned

_CHEQUES = ReceivedCheque.__table__.c
_INVOICES = ChequeInvoice.__table__.c


def is_held() -> ColumnElement[bool]:
    """Return the SQL condition for held cheques, as in the condition of the index."""
    return and_(_CHEQUES.payment_id.is_(None), _CHEQUES.returned_on.is_(None))


def held_for_invoice_statement(invoice_id: UUID) -> Select[Any]:
    """Select the held cheques that are to settle an invoice, earliest date first."""
    names = ("id", "cheque_no", "cheque_on", "currency", "amount_minor")
    return (
        select(*(_CHEQUES[name] for name in names))
        .join_from(
            ChequeInvoice.__table__,
            ReceivedCheque.__table__,
            (_CHEQUES.tenant_id == _INVOICES.tenant_id) & (_CHEQUES.id == _INVOICES.cheque_id),
        )
        .where(
            owned(ChequeInvoice),
            owned(ReceivedCheque),
            _INVOICES.invoice_id == invoice_id,
            is_held(),
        )
        .order_by(_CHEQUES.cheque_on, _CHEQUES.id)
    )


def count_due(day: date) -> ScalarSelect[Any]:
    """Return an SQL subquery of the number of cheques to deposit on a day."""
    return (
        select(func.count())
        .select_from(ReceivedCheque.__table__)
        .where(owned(ReceivedCheque), is_held(), _CHEQUES.cheque_on <= day)
        .scalar_subquery()
    )
