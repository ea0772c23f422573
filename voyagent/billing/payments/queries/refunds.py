"""Queries of refunds, and of the payments that a refund can return."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from voyagent.banking import queries as bank_accounts
from voyagent.billing.core.models.payments import Payment, Refund
from voyagent.billing.core.queries.refund_parts import parts_of_refunds
from voyagent.billing.payments.errors import PaymentNotFound, RefundNotFound
from voyagent.billing.payments.queries.documents import MEANS
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned
from voyagent.parties import queries as parties

_PAYMENTS, _REFUNDS = Payment.__table__.c, Refund.__table__.c
_UNUSED = _PAYMENTS.amount_minor - _PAYMENTS.allocated_minor - _PAYMENTS.refunded_minor


def lock_payments(ids: Collection[UUID]) -> list[Payment]:
    """Lock payments in the order of their ids and return them. Raises PaymentNotFound."""
    found = _locked(select(Payment).where(Payment.id.in_(list(ids))))
    if len(found) < len(ids):
        raise PaymentNotFound
    return found


def lock_unused(party_ids: Collection[UUID], currency: str, *, limit: int) -> list[Payment]:
    """Lock the oldest payments of parties with an unused amount and return them."""
    oldest = (
        select(Payment.id)
        .where(*_unused(_PAYMENTS.party_id.in_(party_ids)), _PAYMENTS.currency == currency)
        .order_by(Payment.paid_on, Payment.id)
        .limit(limit)
    )
    found = _locked(select(Payment).where(Payment.id.in_(oldest.scalar_subquery())))
    return [payment for payment in found if payment.unapplied_minor]


def list_unused(reader: Reader, party_id: UUID) -> list[Row]:
    """Return the payments of a customer with an unused amount, oldest first.

    Payments of records merged with the customer's are among them.

    Rows: id, number, currency, paid_on, credit_note_id, reference, unapplied_minor.
    """
    names = ("id", "number", "currency", "paid_on", "credit_note_id", "reference")
    return reader.read(
        select(*(_PAYMENTS[name] for name in names), _UNUSED.label("unapplied_minor"))
        .where(owned(Payment), *_unused(_PAYMENTS.party_id.in_(parties.group_of(party_id))))
        .order_by(_PAYMENTS.currency, _PAYMENTS.paid_on, _PAYMENTS.id)
    )[0]


def read_refund(reader: Reader, refund_id: UUID) -> Row:
    """Return a refund with its `parts`, oldest payment first. Raises RefundNotFound."""
    refunds, parts = reader.read(_refund_statement(refund_id), _parts_statement(refund_id))
    return first_row(refunds, RefundNotFound) | {"parts": parts}


def _unused(is_theirs: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return (is_theirs, _PAYMENTS.direction == "in", _UNUSED > 0)


def _locked(statement: Select[Any]) -> list[Payment]:
    # In this order two requests cannot deadlock.
    ordered = statement.order_by(Payment.id).with_for_update()
    return list(db.session.scalars(ordered.execution_options(populate_existing=True)))


def _refund_statement(refund_id: UUID) -> Select[Any]:
    names = (
        *("id", "number", "amount_minor", "refunded_on", "account", "reference"),
        *("entry_id", "reversed_on", "reversal_reason", "reversal_entry_id"),
        *(*MEANS, "payout_id"),
    )
    return (
        select(
            *(_REFUNDS[name] for name in names),
            *(_PAYMENTS[name] for name in ("party_id", "party_name", "currency")),
            bank_accounts.name_of(_REFUNDS.bank_account_id).label("bank_account_name"),
        )
        .join(
            Payment.__table__,
            (_PAYMENTS.tenant_id == _REFUNDS.tenant_id) & (_PAYMENTS.id == _REFUNDS.payment_id),
        )
        .where(owned(Refund), _REFUNDS.id == refund_id)
    )


def _parts_statement(refund_id: UUID) -> Select[Any]:
    parts = parts_of_refunds().subquery("parts")
    return (
        select(
            parts.c.payment_id,
            parts.c.amount_minor,
            *(_PAYMENTS[name] for name in ("number", "currency")),
        )
        .select_from(
            Payment.__table__.join(parts, parts.c.payment_id == _PAYMENTS.id),
        )
        .where(owned(Payment), parts.c.refund_id == refund_id)
        .order_by(_PAYMENTS.paid_on, _PAYMENTS.id)
    )
