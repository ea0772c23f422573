"""Queries of receipt vouchers and refund vouchers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.sql.elements import KeyedColumnElement

from voyagent.billing.core.models.payments import Payment, Refund
from voyagent.billing.core.models.vouchers import ReceiptVoucher, VoucherUse
from voyagent.billing.core.queries.kept_papers import kept_hash
from voyagent.billing.vouchers.errors import ReceiptVoucherNotFound, RefundVoucherNotFound
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import keyed_select
from voyagent.kernel.db import load_one
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement
from voyagent.parties import queries as parties

_VOUCHERS, _USES = ReceiptVoucher.__table__.c, VoucherUse.__table__.c
_PAYMENTS, _REFUNDS = Payment.__table__.c, Refund.__table__.c


@dataclass(frozen=True, slots=True)
class VoucherDocument:
    """A receipt voucher with the uses of its advance and its journal lines.

    `voucher` has also the payment, and the address and tax number of the customer as they are now.
    """

    voucher: Row
    uses: list[Row]
    journal: list[Row]


@dataclass(frozen=True, slots=True)
class RefundVoucherDocument:
    """A refund voucher with its receipt voucher and its journal lines.

    `voucher` has the address and tax number of the customer as they are now.
    """

    voucher: Row
    journal: list[Row]


def get_voucher(receipt_voucher_id: UUID) -> ReceiptVoucher:
    """Return a receipt voucher. Raises ReceiptVoucherNotFound."""
    found = select(ReceiptVoucher).where(ReceiptVoucher.id == receipt_voucher_id)
    return load_one(
        found.execution_options(populate_existing=True), ReceiptVoucherNotFound, lock=False
    )


def read_voucher(reader: Reader, receipt_voucher_id: UUID) -> VoucherDocument:
    """Return a receipt voucher with its uses. Raises ReceiptVoucherNotFound."""
    vouchers, uses, journal = reader.read(*_document_statements(receipt_voucher_id))
    voucher = _with_recipient(reader, first_row(vouchers, ReceiptVoucherNotFound))
    return VoucherDocument(voucher, uses, journal)


def read_refund_voucher(reader: Reader, refund_voucher_id: UUID) -> RefundVoucherDocument:
    """Return a refund voucher. Raises RefundVoucherNotFound."""
    vouchers, journal = reader.read(*_refund_statements(refund_voucher_id))
    voucher = _with_recipient(reader, first_row(vouchers, RefundVoucherNotFound))
    return RefundVoucherDocument(voucher, journal)


def read_voucher_of_use(reader: Reader, voucher_use_id: UUID) -> UUID:
    """Return the id of the receipt voucher of a use. Raises ReceiptVoucherNotFound."""
    statement = select(_USES.voucher_id).where(owned(VoucherUse), _USES.id == voucher_use_id)
    found: UUID = first_row(reader.read(statement)[0], ReceiptVoucherNotFound)["voucher_id"]
    return found


def _with_recipient(reader: Reader, row: Row) -> Row:
    address, number = (
        parties.read_recipient(reader, row["party_id"]) if row["party_id"] else (None, None)
    )
    return row | {"party_address": address, "customer_tax_number": number}


@keyed_select
def _document_statements(voucher_id: Any) -> tuple[Select[Any], ...]:
    return (
        select(
            *_named(_VOUCHERS),
            *_of_payment(),
            name_of(_VOUCHERS.created_by_user_id).label("created_by"),
            kept_hash("receipt_voucher", _VOUCHERS.id).label("paper_sha256"),
        )
        .join(Payment.__table__, _is_its_payment())
        .where(owned(ReceiptVoucher), owned(Payment), _VOUCHERS.id == voucher_id),
        select(*_named(_USES))
        .where(owned(VoucherUse), _USES.voucher_id == voucher_id)
        .order_by(_USES.created_at, _USES.id),
        entry_lines_statement(
            select(_VOUCHERS.entry_id)
            .where(owned(ReceiptVoucher), _VOUCHERS.id == voucher_id)
            .scalar_subquery()
        ),
    )


@keyed_select
def _refund_statements(use_id: Any) -> tuple[Select[Any], ...]:
    its_voucher = (_VOUCHERS.tenant_id == _USES.tenant_id) & (_VOUCHERS.id == _USES.voucher_id)
    its_refund = (_REFUNDS.tenant_id == _USES.tenant_id) & (_REFUNDS.id == _USES.refund_id)
    return (
        select(
            *_named(_USES),
            *_of_payment(),
            *(_VOUCHERS[name] for name in ("tax", "percent", "place_of_supply", "issued_on")),
            _VOUCHERS.number.label("receipt_voucher_number"),
            _REFUNDS.number.label("refund_number"),
            _REFUNDS.reversed_on,
            name_of(_USES.created_by_user_id).label("created_by"),
            kept_hash("refund_voucher", _USES.id).label("paper_sha256"),
        )
        .join(ReceiptVoucher.__table__, its_voucher)
        .join(Payment.__table__, _is_its_payment())
        .join(Refund.__table__, its_refund)
        .where(
            *map(owned, (VoucherUse, ReceiptVoucher, Payment, Refund)),
            _USES.id == use_id,
            _USES.number.is_not(None),
        ),
        entry_lines_statement(
            select(_USES.entry_id).where(owned(VoucherUse), _USES.id == use_id).scalar_subquery()
        ),
    )


def _named(columns: Any) -> list[KeyedColumnElement[Any]]:
    return [one for one in columns if one.name != "tenant_id"]


def _is_its_payment() -> Any:
    return (_PAYMENTS.tenant_id == _VOUCHERS.tenant_id) & (_PAYMENTS.id == _VOUCHERS.payment_id)


def _of_payment() -> list[Any]:
    return [
        *(_PAYMENTS[name] for name in ("party_id", "party_name", "currency", "paid_on")),
        _PAYMENTS.number.label("payment_number"),
    ]
