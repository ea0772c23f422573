"""Queries of payments: a single payment, the list, and the list for export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, and_, case, func, literal, select, tuple_

from voyagent.banking import queries as bank_accounts
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import RATE_COLUMNS
from voyagent.billing.core.models.payments import (
    OPENING_ACCOUNT,
    Allocation,
    Payment,
    Refund,
    money_of,
)
from voyagent.billing.core.models.vouchers import ReceiptVoucher
from voyagent.billing.core.queries.documents import having_text, of_party
from voyagent.billing.core.queries.exports import make_listing, text_conditions
from voyagent.billing.core.queries.refund_parts import parts_of_refunds
from voyagent.billing.payments.errors import PaymentNotFound
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import Columns, load_one
from voyagent.kernel.listings import Column, Listing
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement
from voyagent.rates.queries import base_currency

_PAYMENT_TEXTS = ("number", "party_name", "reference")
_PAYMENTS = Payment.__table__.c
_ALLOCATIONS = Allocation.__table__.c
_REFUNDS = Refund.__table__.c
_VOUCHERS = ReceiptVoucher.__table__.c
ADVANCES_MAX = 50
Origin = Literal["money", "opening", "credit_note"]
MEANS = ("bank_account_id", "mode", "instrument_no", "instrument_on", "instrument_bank")
_LISTED = (
    *(
        "id",
        "number",
        "direction",
        "party_id",
        "party_name",
        "currency",
        "amount_minor",
        "allocated_minor",
        "refunded_minor",
        "paid_on",
        "account",
        "reference",
    ),
    *(*MEANS, "payout_id"),
    *("tds_minor", "tds_section", "tds_certificate", "charge_minor", "charge_tax"),
    *("nature", "credit_note_id"),
    *("entry_id", "created_at", "reversed_on", "reversal_reason", "reversal_entry_id"),
    "bounce_entry_id",
)


def payments_listing(search: PaymentSearch) -> Listing:
    """Return the matching payments for an export file, newest payment date first."""
    of = Payment.__table__.c
    columns = [
        Column("number", of.number),
        Column("direction", of.direction),
        Column("party_name", of.party_name, "text"),
        Column("paid_on", of.paid_on),
        Column("origin", _origin(of)),
        Column("account", of.account),
        Column("bank_account_name", bank_accounts.name_of(of.bank_account_id), "text"),
        Column("mode", of.mode),
        Column("reference", of.reference, "text"),
        Column("id", of.id),
        Column("currency", of.currency),
        Column("amount", money_of(of), "amount"),
        Column("tds_amount", of.tds_minor, "amount"),
        Column("charge_amount", of.charge_minor, "amount"),
        Column("allocated_amount", of.allocated_minor, "amount"),
        Column(
            "refunded_amount",
            case((of.reversed_on.is_(None), of.refunded_minor), else_=0),
            "amount",
        ),
        Column(
            "unapplied_amount", of.amount_minor - of.allocated_minor - of.refunded_minor, "amount"
        ),
        Column("reversed_on", of.reversed_on),
        Column("reversal_reason", of.reversal_reason, "text"),
    ]
    return make_listing(
        "payments",
        Payment,
        columns,
        of.paid_on,
        [*payment_conditions(search), *text_conditions(of, _PAYMENT_TEXTS, search.text)],
        is_sparse=bool(search.text),
    )


def _origin(of: Columns) -> ColumnElement[str]:
    """Return the SQL expression of `origin_of`."""
    return case(
        (of.credit_note_id.is_not(None), "credit_note"),
        (of.account == OPENING_ACCOUNT, "opening"),
        else_="money",
    )


def origin_of(payment: Row) -> Origin:
    """Return the origin of a payment: money, an imported advance or a credit note."""
    if payment["credit_note_id"] is not None:
        return "credit_note"
    return "opening" if payment["account"] == OPENING_ACCOUNT else "money"


@dataclass(frozen=True, slots=True)
class PaymentSearch:
    """Filters of a list of payments.

    `direction` is `in` or `out`. `party` is the whole name of the customer or supplier, and
    `party_id` its id. `text` is a part of the number, of the party's name or of the reference.
    `is_unapplied` selects payments with an unused amount. `is_reversed` selects reversed payments.
    """

    direction: str | None = None
    party: str | None = None
    paid_from: date | None = None
    paid_to: date | None = None
    is_unapplied: bool = False
    text: str | None = None
    is_reversed: bool = False
    party_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PaymentDocument:
    """A payment with its allocations, refunds and journal lines."""

    payment: Row
    allocations: list[Row]
    refunds: list[Row]
    journal: list[Row]


def get_payment(payment_id: UUID, *, lock: bool = False) -> Payment:
    """Return a payment; with `lock` its row is locked until the transaction ends.

    Raises PaymentNotFound.
    """
    return load_one(select(Payment).where(Payment.id == payment_id), PaymentNotFound, lock=lock)


def list_payments(
    reader: Reader, search: PaymentSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of payments after the cursor, newest payment date first."""
    rows = reader.read(_list_statement(search, limit + 1, cursor))[0]
    return page_by_day(rows, limit, "paid_on")


def payment_conditions(search: PaymentSearch) -> list[ColumnElement[bool]]:
    """Return the SQL conditions of all filters except `text`."""
    conditions: list[ColumnElement[bool]] = []
    if search.direction:
        conditions.append(_PAYMENTS.direction == search.direction)
    conditions += of_party(_PAYMENTS, search.party, search.party_id)
    if search.paid_from:
        conditions.append(_PAYMENTS.paid_on >= search.paid_from)
    if search.paid_to:
        conditions.append(_PAYMENTS.paid_on <= search.paid_to)
    if search.is_unapplied:
        conditions.append(
            _PAYMENTS.allocated_minor + _PAYMENTS.refunded_minor < _PAYMENTS.amount_minor
        )
    if search.is_reversed:
        conditions.append(_PAYMENTS.reversed_on.is_not(None))
    return conditions


def read_payment(reader: Reader, payment_id: UUID) -> PaymentDocument:
    """Return a payment with its allocations and refunds, oldest first.

    Raises PaymentNotFound.
    """
    payments, allocations, refunds, journal = reader.read(*_document_statements(payment_id))
    return PaymentDocument(first_row(payments, PaymentNotFound), allocations, refunds, journal)


def list_advances(reader: Reader, invoice: Invoice) -> list[Row]:
    """Return the advances that may settle an invoice when it is issued, oldest first.

    They are of its customer and in its currency, and were paid until its issue date. At most 50 are
    returned. Rows: id, number, paid_on, unapplied_minor.
    """
    unapplied = _PAYMENTS.amount_minor - _PAYMENTS.allocated_minor - _PAYMENTS.refunded_minor
    return reader.read(
        select(
            *(_PAYMENTS[name] for name in ("id", "number", "paid_on")),
            unapplied.label("unapplied_minor"),
        )
        .where(
            owned(Payment),
            _PAYMENTS.party_key == invoice.party_key,
            _PAYMENTS.direction == "in",
            _PAYMENTS.nature == "service",
            _PAYMENTS.currency == invoice.currency,
            _PAYMENTS.paid_on <= invoice.issue_date,
            unapplied > 0,
        )
        .order_by(_PAYMENTS.paid_on, _PAYMENTS.id)
        .limit(ADVANCES_MAX)
    )[0]


@cached_statement
def _list_statement(search: PaymentSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    statement = select(
        *(_PAYMENTS[name] for name in _LISTED),
        bank_accounts.name_of(_PAYMENTS.bank_account_id).label("bank_account_name"),
    ).where(owned(Payment), *payment_conditions(search))
    if cursor is not None:
        statement = statement.where(
            tuple_(_PAYMENTS.paid_on, _PAYMENTS.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    newest = statement.order_by(_PAYMENTS.paid_on.desc(), _PAYMENTS.id.desc())
    return having_text(newest, "paid_on", ("number", "party_name", "reference"), search.text, limit)


@keyed_select
def _document_statements(payment_id: Any) -> tuple[Select[Any], ...]:
    entry_id = (
        select(_PAYMENTS.entry_id)
        .where(owned(Payment), _PAYMENTS.id == payment_id)
        .scalar_subquery()
    )
    return (
        _payment_statement(payment_id),
        _allocations_statement(payment_id),
        _refunds_statement(payment_id),
        entry_lines_statement(entry_id),
    )


def _payment_statement(payment_id: UUID) -> Select[Any]:
    names = (
        name_of(_PAYMENTS.created_by_user_id).label("created_by"),
        name_of(_PAYMENTS.reversed_by_user_id).label("reversed_by"),
        bank_accounts.name_of(_PAYMENTS.bank_account_id).label("bank_account_name"),
        base_currency().label("base_currency"),
        _VOUCHERS.id.label("receipt_voucher_id"),
        _VOUCHERS.number.label("receipt_voucher_number"),
    )
    listed = (*_LISTED, "base_minor", "base_used_minor")
    its_voucher = and_(
        owned(ReceiptVoucher),
        _VOUCHERS.payment_id == _PAYMENTS.id,
        _VOUCHERS.reversed_on.is_(None),
    )
    return (
        select(*(_PAYMENTS[name] for name in listed), *names)
        .join_from(Payment.__table__, ReceiptVoucher.__table__, its_voucher, isouter=True)
        .where(owned(Payment), _PAYMENTS.id == payment_id)
    )


def _allocations_statement(payment_id: UUID) -> Select[Any]:
    invoices, bills = Invoice.__table__, Bill.__table__
    counter = Allocation.__table__.alias("counter")
    taken_back = (
        select(counter.c.id)
        .where(owned(counter), counter.c.reverses_id == _ALLOCATIONS.id)
        .exists()
    )
    return (
        select(
            *(
                _ALLOCATIONS[name]
                for name in (
                    "id",
                    "invoice_id",
                    "bill_id",
                    "amount_minor",
                    "effective_on",
                    "entry_id",
                    "reverses_id",
                )
            ),
            *(_ALLOCATIONS[name] for name in ("settled_minor", "booked_minor", *RATE_COLUMNS)),
            func.coalesce(invoices.c.currency, bills.c.currency).label("document_currency"),
            func.coalesce(invoices.c.number, bills.c.vendor_reference).label("reference"),
            case((_ALLOCATIONS.reverses_id.is_not(None), True), else_=taken_back).label("is_over"),
        )
        .select_from(
            Allocation.__table__.outerjoin(
                invoices, owned(invoices) & (invoices.c.id == _ALLOCATIONS.invoice_id)
            ).outerjoin(bills, owned(bills) & (bills.c.id == _ALLOCATIONS.bill_id))
        )
        .where(owned(Allocation), _ALLOCATIONS.payment_id == payment_id)
        .order_by(_ALLOCATIONS.created_at, _ALLOCATIONS.id)
    )


def _refunds_statement(payment_id: UUID) -> Select[Any]:
    names = (
        "id",
        "number",
        "has_parts",
        "refunded_on",
        "account",
        "reference",
        "entry_id",
        "reversed_on",
        "reversal_reason",
        "reversal_entry_id",
        *(*MEANS, "payout_id"),
    )
    parts = parts_of_refunds().subquery("parts").c
    columns = (
        *(_REFUNDS[name] for name in names),
        parts.amount_minor,
        _REFUNDS.amount_minor.label("total_minor"),
        bank_accounts.name_of(_REFUNDS.bank_account_id).label("bank_account_name"),
        name_of(_REFUNDS.reversed_by_user_id).label("reversed_by"),
    )
    return (
        select(*columns)
        .join(parts.refund_id.table, parts.refund_id == _REFUNDS.id)
        .where(owned(Refund), parts.payment_id == payment_id)
        .order_by(_REFUNDS.created_at, _REFUNDS.id)
    )
