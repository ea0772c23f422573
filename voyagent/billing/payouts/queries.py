"""Queries of payouts, and of the payments that wait for one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    Subquery,
    Uuid,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from voyagent.banking import queries as banking
from voyagent.billing.core.models.payments import Payment, Refund, money_of
from voyagent.billing.core.models.payouts import GatewayPayout
from voyagent.billing.payouts.errors import PayoutNotFound
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import db, load_one
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement

WAITING_MAX = 500
"""Payments and refunds of a payout, and of the list of those that wait for one."""
_PAYOUTS = GatewayPayout.__table__.c
_PAYMENTS = Payment.__table__.c
_REFUNDS = Refund.__table__.c


@dataclass(frozen=True, slots=True)
class PayoutDocument:
    """A payout with its payments and refunds, and its journal lines."""

    payout: Row
    items: list[Row]
    journal: list[Row]


def gateways(reader: Reader) -> list[Row]:
    """Return the open payment gateways, with the columns of `open_accounts`."""
    return [row for row in banking.open_accounts(reader) if row["kind"] == "gateway"]


def list_waiting(reader: Reader, gateway_ids: Collection[UUID]) -> list[Row]:
    """Return the payments and refunds in gateways that are not paid out, oldest first.

    At most WAITING_MAX are returned. Rows: kind (`payment` or `refund`), id, payment_id, number,
    party_name, day, currency, minor (negative if the money left the gateway).
    """
    if not gateway_ids:
        return []
    waiting = _items(
        *(
            (table.bank_account_id.in_(gateway_ids), table.payout_id.is_(None))
            for table in (_PAYMENTS, _REFUNDS)
        )
    ).subquery("waiting")
    return reader.read(
        select(waiting).order_by(waiting.c.day, waiting.c.number, waiting.c.id).limit(WAITING_MAX)
    )[0]


def get_payout(payout_id: UUID, *, lock: bool = False) -> GatewayPayout:
    """Return a payout; with `lock` its row is locked until the transaction ends.

    Raises PayoutNotFound.
    """
    return load_one(
        select(GatewayPayout).where(GatewayPayout.id == payout_id), PayoutNotFound, lock=lock
    )


def get_items(
    payment_ids: Collection[UUID], refund_ids: Collection[UUID], *, lock: bool
) -> list[tuple[Payment | Refund, Payment]]:
    """Return payments and refunds by their ids, each with its payment.

    With `lock` all these payments are locked until the transaction ends, in the order of their ids.
    Reversals of payments and refunds lock the payment too.
    """
    refunded = select(Refund.payment_id).where(Refund.id.in_(refund_ids))
    found = (
        select(Payment)
        .where(or_(Payment.id.in_(payment_ids), Payment.id.in_(refunded)))
        .order_by(Payment.id)
    )
    if lock:
        found = found.with_for_update(key_share=True)
    fresh = {"populate_existing": True}
    payments = {one.id: one for one in db.session.scalars(found.execution_options(**fresh))}
    refunds = select(Refund).where(Refund.id.in_(refund_ids)).execution_options(**fresh)
    chosen: list[tuple[Payment | Refund, Payment]] = [
        (one, one) for one in payments.values() if one.id in payment_ids
    ]
    return chosen + [(one, payments[one.payment_id]) for one in db.session.scalars(refunds)]


def list_payouts(
    reader: Reader, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of payouts after the cursor, newest first."""
    return page_by_day(reader.read(_list_statement(limit + 1, cursor))[0], limit, "paid_on")


def read_payout(reader: Reader, payout_id: UUID) -> PayoutDocument:
    """Return a payout with its payments and refunds, oldest first.

    Raises PayoutNotFound.
    """
    payouts, items, journal = reader.read(*_document_statements(payout_id))
    return PayoutDocument(first_row(payouts, PayoutNotFound), items, journal)


@cached_statement
def unequal_statement() -> Select[Any]:
    """Select the payouts whose amount is not the payments less the refunds they cover.

    A reversed payout counts as zero. Rows: paid_on, currency, difference_minor (the amount less the
    sum).
    """
    items = _all_items()
    covered = (
        select(items.c.payout_id, func.sum(items.c.minor).label("minor"))
        .where(items.c.payout_id.is_not(None))
        .group_by(items.c.payout_id)
        .subquery("covered")
    )
    gross = case((_PAYOUTS.reversed_on.is_(None), _PAYOUTS.gross_minor), else_=0)
    difference = gross - func.coalesce(covered.c.minor, 0)
    return (
        select(
            _PAYOUTS.paid_on,
            _PAYOUTS.currency,
            cast(difference, BigInteger).label("difference_minor"),
        )
        .select_from(GatewayPayout.__table__.outerjoin(covered, covered.c.payout_id == _PAYOUTS.id))
        .where(owned(GatewayPayout), difference != 0)
        .order_by(_PAYOUTS.paid_on, _PAYOUTS.id)
    )


@cached_statement
def waiting_sums_statement() -> Select[Any]:
    """Select the sum of what is not paid out, by bank account.

    Accounts that are no gateways are included. Rows: bank_account_id, minor.
    """
    items = _all_items()
    return (
        select(items.c.bank_account_id, cast(func.sum(items.c.minor), BigInteger).label("minor"))
        .where(items.c.payout_id.is_(None), items.c.bank_account_id.is_not(None))
        .group_by(items.c.bank_account_id)
    )


@cached_statement
def _list_statement(limit: int, cursor: Cursor | None) -> Select[Any]:
    statement = _payouts()
    if cursor is not None:
        statement = statement.where(
            tuple_(_PAYOUTS.paid_on, _PAYOUTS.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    return statement.order_by(_PAYOUTS.paid_on.desc(), _PAYOUTS.id.desc()).limit(limit)


@keyed_select
def _document_statements(payout_id: Any) -> tuple[Select[Any], ...]:
    is_it = _PAYOUTS.id == payout_id
    items = _items(*((table.payout_id == payout_id,) for table in (_PAYMENTS, _REFUNDS))).subquery(
        "items"
    )
    entry_id = select(_PAYOUTS.entry_id).where(owned(GatewayPayout), is_it).scalar_subquery()
    return (
        _payouts().where(is_it),
        select(items).order_by(items.c.day, items.c.number, items.c.id),
        entry_lines_statement(entry_id),
    )


def _payouts() -> Select[Any]:
    columns = (one for one in _PAYOUTS if one.name != "tenant_id")
    net = _PAYOUTS.gross_minor - _PAYOUTS.fee_minor - _PAYOUTS.tax_minor
    return select(
        *columns,
        net.label("net_minor"),
        banking.name_of(_PAYOUTS.gateway_id).label("gateway_name"),
        banking.name_of(_PAYOUTS.bank_account_id).label("bank_account_name"),
        name_of(_PAYOUTS.created_by_user_id).label("created_by"),
    ).where(owned(GatewayPayout))


def _all_items() -> Subquery:
    return _items((), ()).subquery("items")


def _items(
    of_payments: tuple[ColumnElement[bool], ...], of_refunds: tuple[ColumnElement[bool], ...]
) -> CompoundSelect[Any]:
    """Select payments and refunds that are not reversed, with the sign of their money."""
    is_in = _PAYMENTS.direction == "in"
    money = money_of(_PAYMENTS)
    payments = select(
        literal("payment").label("kind"),
        _PAYMENTS.id,
        _PAYMENTS.id.label("payment_id"),
        _PAYMENTS.number,
        _PAYMENTS.party_name,
        _PAYMENTS.paid_on.label("day"),
        _PAYMENTS.currency,
        case((is_in, money), else_=-money).label("minor"),
        _PAYMENTS.bank_account_id,
        _PAYMENTS.payout_id,
    ).where(owned(Payment), _PAYMENTS.reversed_on.is_(None), *of_payments)
    refunds = (
        select(
            literal("refund").label("kind"),
            _REFUNDS.id,
            _REFUNDS.payment_id,
            _REFUNDS.number,
            _PAYMENTS.party_name,
            _REFUNDS.refunded_on.label("day"),
            _PAYMENTS.currency,
            case((is_in, -_REFUNDS.amount_minor), else_=_REFUNDS.amount_minor).label("minor"),
            _REFUNDS.bank_account_id,
            _REFUNDS.payout_id,
        )
        .select_from(Refund.__table__)
        .join(
            Payment.__table__,
            (_PAYMENTS.tenant_id == _REFUNDS.tenant_id) & (_PAYMENTS.id == _REFUNDS.payment_id),
        )
        .where(owned(Refund), owned(Payment), _REFUNDS.reversed_on.is_(None), *of_refunds)
    )
    return union_all(payments, refunds)
