"""Open and base amounts of documents, payments and claims at the end of a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.claims import SupplierClaim, SupplierClaimReceipt
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.core.queries.open_documents import SETTLES
from voyagent.billing.core.queries.refund_parts import parts_of_refunds
from voyagent.billing.core.rules import CLAIMS, CONTROL, CREDITS
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.tenancy import owned
from voyagent.rates.queries import base_currency

_ALLOCATIONS = Allocation.__table__.c
_NOTES = CreditNote.__table__.c
_OF_SUPPLIERS = SupplierCredit.__table__.c
_PAYMENTS = Payment.__table__.c
_WRITE_OFFS = WriteOff.__table__.c
ADVANCES_ACCOUNT: ColumnElement[str] = case(
    (_PAYMENTS.nature == "refundable", CREDITS),
    (_PAYMENTS.direction == "in", CONTROL["in"][1]),
    else_=CONTROL["out"][1],
)
"""Key of the account of the unused amount of a payment, as `Payment.advances_account`."""


def read_carried(reader: Reader, until: date) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the open amounts of foreign documents, payments and claims on a day.

    The amounts are those at the end of the day `until`. The keys are the purpose of the account and
    the currency. The values are the open amount and its base amount, each debit less credit, in
    minor units.
    """
    events = union_all(
        *_of_documents("in"), *_of_documents("out"), *_of_payments(), *_of_claims()
    ).subquery()
    one = events.c
    statement = (
        select(
            one.purpose,
            one.currency,
            cast(func.sum(one.minor), BigInteger).label("open_minor"),
            cast(func.coalesce(func.sum(one.base_minor), 0), BigInteger).label("base_minor"),
        )
        .where(one.on <= until, one.currency != base_currency())
        .group_by(one.purpose, one.currency)
    )
    return {
        (row["purpose"], row["currency"]): (row["open_minor"], row["base_minor"])
        for row in reader.read(statement)[0]
    }


def _of_documents(direction: str) -> list[Select[Any]]:
    """Select what each event adds to the account of invoices or bills.

    Rows: purpose, currency, on, minor, base_minor (each debit less credit).
    """
    is_in = direction == "in"
    model, key = (Invoice, "invoice_id") if is_in else (Bill, "bill_id")
    document = model.__table__.c
    sign, purpose = (1 if is_in else -1), CONTROL[direction][0]

    def event(on: Any, minor: Any, base_minor: Any, way: int) -> list[ColumnElement[Any]]:
        return _event(purpose, document.currency, on, minor, base_minor, sign * way)

    def of(table: type[Any]) -> tuple[Any, ...]:
        columns = table.__table__.c
        return (
            model.__table__.join(
                table.__table__,
                (columns.tenant_id == document.tenant_id) & (columns[key] == document.id),
            ),
            owned(model) & owned(table),
        )

    whole = (document.total_minor, document.base_minor)
    posted = owned(model) & document.entry_id.is_not(None)
    allocations, is_allocation = of(Allocation)
    found = [
        select(*event(document.issue_date, *whole, 1)).where(posted),
        select(*event(document.voided_on, *whole, -1)).where(
            posted, document.voided_on.is_not(None)
        ),
        select(*event(_ALLOCATIONS.effective_on, SETTLES, _ALLOCATIONS.document_base_minor, -1))
        .select_from(allocations)
        .where(is_allocation),
    ]
    credit = _NOTES if is_in else _OF_SUPPLIERS
    credits_, is_credit = of(CreditNote if is_in else SupplierCredit)
    settled = credit.total_minor - credit.excess_minor
    for on, way in ((credit.issue_date, -1), (credit.reversed_on, 1)):
        found.append(
            select(*event(on, settled, credit.base_minor, way))
            .select_from(credits_)
            .where(is_credit, on.is_not(None))
        )
    if is_in:
        write_offs, is_write_off = of(WriteOff)
        written = (_WRITE_OFFS.amount_minor, _WRITE_OFFS.base_minor)
        found.append(
            select(*event(_WRITE_OFFS.effective_on, *written, -1))
            .select_from(write_offs)
            .where(is_write_off)
        )
    return found


def _of_payments() -> list[Select[Any]]:
    """Select what each event adds to the accounts of advances."""
    parts = parts_of_refunds().subquery("parts").c
    sign = case((_PAYMENTS.direction == "in", -1), else_=1)

    def event(on: Any, minor: Any, base_minor: Any, way: int) -> list[ColumnElement[Any]]:
        return _event(ADVANCES_ACCOUNT, _PAYMENTS.currency, on, minor, base_minor, sign * way)

    whole = (_PAYMENTS.amount_minor, _PAYMENTS.base_minor)
    refunded = (parts.amount_minor, parts.base_minor)
    of_refund = Payment.__table__.join(parts.payment_id.table, parts.payment_id == _PAYMENTS.id)
    return [
        select(*event(_PAYMENTS.paid_on, *whole, 1)).where(owned(Payment)),
        select(*event(_PAYMENTS.reversed_on, *whole, -1)).where(
            owned(Payment), _PAYMENTS.reversed_on.is_not(None)
        ),
        select(
            *event(
                _ALLOCATIONS.effective_on,
                _ALLOCATIONS.amount_minor,
                _ALLOCATIONS.payment_base_minor,
                -1,
            )
        )
        .select_from(
            Payment.__table__.join(
                Allocation.__table__,
                (_ALLOCATIONS.tenant_id == _PAYMENTS.tenant_id)
                & (_ALLOCATIONS.payment_id == _PAYMENTS.id),
            )
        )
        .where(owned(Payment), owned(Allocation)),
        select(*event(parts.refunded_on, *refunded, -1))
        .select_from(of_refund)
        .where(owned(Payment)),
        select(*event(parts.reversed_on, *refunded, 1))
        .select_from(of_refund)
        .where(owned(Payment), parts.reversed_on.is_not(None)),
    ]


def _of_claims() -> list[Select[Any]]:
    """Select what each event adds to the account of claims on suppliers."""
    claim, receipt = SupplierClaim.__table__.c, SupplierClaimReceipt.__table__.c

    def event(on: Any, minor: Any, base_minor: Any, way: int) -> Select[Any]:
        return select(*_event(CLAIMS, claim.currency, on, minor, base_minor, way)).where(
            owned(SupplierClaim), on.is_not(None)
        )

    whole = (claim.amount_minor, claim.base_minor)
    came = (receipt.received_minor + receipt.given_up_minor, receipt.base_minor)
    receipts = SupplierClaim.__table__.join(
        SupplierClaimReceipt.__table__,
        (receipt.tenant_id == claim.tenant_id) & (receipt.claim_id == claim.id),
    )
    return [
        event(claim.claimed_on, *whole, 1),
        event(claim.reversed_on, *whole, -1),
        event(receipt.received_on, *came, -1).select_from(receipts),
        event(receipt.reversed_on, *came, 1).select_from(receipts),
    ]


def _event(
    purpose: Any, currency: Any, on: Any, minor: Any, base_minor: Any, sign: Any
) -> list[ColumnElement[Any]]:
    named = literal(purpose) if isinstance(purpose, str) else purpose
    return [
        named.label("purpose"),
        currency.label("currency"),
        on.label("on"),
        (sign * minor).label("minor"),
        (sign * base_minor).label("base_minor"),
    ]
