"""Queries that find contradictions between documents, payments and stored sums."""

from __future__ import annotations

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
from voyagent.billing.core.models.claims import SupplierClaim
from voyagent.billing.core.models.counters import AgeingByDue, NumberSeries
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import (
    BILL_OF_SUPPLY,
    DEBIT_NOTE,
    Invoice,
    is_numbered_as,
)
from voyagent.billing.core.models.payments import Allocation, Payment, Refund
from voyagent.billing.core.models.vouchers import ReceiptVoucher, VoucherUse
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.core.queries.carried import ADVANCES_ACCOUNT
from voyagent.billing.core.queries.open_documents import SETTLES, Kind
from voyagent.billing.core.queries.refund_parts import parts_of_refunds
from voyagent.billing.core.rules import ADVANCES_ACCOUNTS, CLAIMS, CONTROL
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import Columns
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.sources import on_account_statement
from voyagent.ledger.rules import EXCHANGE
from voyagent.rates.queries import base_currency

_DUE = AgeingByDue.__table__.c
_ALLOCATIONS = Allocation.__table__.c
_INVOICES = Invoice.__table__.c
_NOTES = CreditNote.__table__.c
_SERIES = NumberSeries.__table__.c
_PAYMENTS = Payment.__table__.c
_REFUNDS = Refund.__table__.c
_WRITE_OFFS = WriteOff.__table__.c
_BILLS = Bill.__table__.c
_CLAIMS = SupplierClaim.__table__.c
_NUMBERED: dict[str, Any] = {
    "invoice": Invoice.__table__,
    "bill_of_supply": Invoice.__table__,
    "debit_note": Invoice.__table__,
    "credit_note": CreditNote.__table__,
    "supplier_claim": SupplierClaim.__table__,
    "receipt_voucher": ReceiptVoucher.__table__,
    "refund_voucher": VoucherUse.__table__,
}


@cached_statement
def outstanding_statement(kind: Kind) -> Select[Any]:
    """Select the open amount of documents, from the stored sums by due date.

    Rows: kind, currency, open_minor.
    """
    return (
        select(
            _DUE.kind,
            _DUE.currency,
            cast(func.sum(_DUE.open_minor), BigInteger).label("open_minor"),
        )
        .where(owned(AgeingByDue), _DUE.kind == kind, _DUE.n > 0)
        .group_by(_DUE.kind, _DUE.currency)
    )


@cached_statement
def unallocated_statement() -> Select[Any]:
    """Select the documents whose paid amount is not the sum of their allocations.

    Rows: kind (`receivable` or `payable`), id, reference, currency, difference_minor (the paid less
    the allocated amount).
    """
    parts = [
        _against_allocations("receivable", Invoice.__table__, "number", _ALLOCATIONS.invoice_id)
    ]
    parts.append(
        _against_allocations("payable", Bill.__table__, "vendor_reference", _ALLOCATIONS.bill_id)
    )
    found = union_all(*parts).subquery("found")
    return select(found).order_by(found.c.kind, found.c.currency, found.c.id)


@cached_statement
def advances_statement() -> Select[Any]:
    """Select the unused amount of all payments, by account and currency.

    Rows: purpose (of the account), currency, unapplied_minor.
    """
    unapplied = _PAYMENTS.amount_minor - _PAYMENTS.allocated_minor - _PAYMENTS.refunded_minor
    return (
        select(
            ADVANCES_ACCOUNT.label("purpose"),
            _PAYMENTS.currency,
            cast(func.sum(unapplied), BigInteger).label("unapplied_minor"),
        )
        .where(
            owned(Payment),
            _PAYMENTS.allocated_minor + _PAYMENTS.refunded_minor < _PAYMENTS.amount_minor,
        )
        .group_by("purpose", _PAYMENTS.currency)
    )


@cached_statement
def claims_statement() -> Select[Any]:
    """Select what suppliers owe for claims, by currency. Rows: currency, open_minor."""
    open_minor = _CLAIMS.amount_minor - _CLAIMS.received_minor - _CLAIMS.given_up_minor
    return (
        select(_CLAIMS.currency, cast(func.sum(open_minor), BigInteger).label("open_minor"))
        .where(owned(SupplierClaim), _CLAIMS.reversed_on.is_(None))
        .group_by(_CLAIMS.currency)
    )


@cached_statement
def advance_taxes_statement() -> Select[Any]:
    """Select the tax on advances that is not released. Rows: currency, open_minor."""
    vouchers, uses = ReceiptVoucher.__table__.c, VoucherUse.__table__.c
    released = (
        select(uses.voucher_id, func.sum(_taxes_of(uses)).label("minor"))
        .where(owned(VoucherUse))
        .group_by(uses.voucher_id)
        .subquery("released")
        .c
    )
    open_minor = func.sum(_taxes_of(vouchers) - func.coalesce(released.minor, 0))
    return (
        select(_PAYMENTS.currency, cast(open_minor, BigInteger).label("open_minor"))
        .join_from(ReceiptVoucher.__table__, Payment.__table__, _PAYMENTS.id == vouchers.payment_id)
        .outerjoin(released.voucher_id.table, released.voucher_id == vouchers.id)
        .where(owned(ReceiptVoucher), owned(Payment), vouchers.reversed_on.is_(None))
        .group_by(_PAYMENTS.currency)
    )


def _taxes_of(columns: Columns) -> ColumnElement[int]:
    return columns.cgst_minor + columns.sgst_minor + columns.igst_minor


@cached_statement
def misused_statement() -> Select[Any]:
    """Select the payments whose stored used amount is wrong or too large.

    The used amount is the sum of allocations, refunds and a reversal.

    Rows: number, currency, difference_minor. If the stored amount is wrong, difference_minor is the
    stored less the used amount. Otherwise it is the used amount less the payment's amount.
    """
    allocated = (
        select(_ALLOCATIONS.payment_id, func.sum(_ALLOCATIONS.amount_minor).label("minor"))
        .where(owned(Allocation))
        .group_by(_ALLOCATIONS.payment_id)
    ).subquery("allocated")
    parts = parts_of_refunds().subquery("parts").c
    given_back = select(parts.payment_id, func.sum(parts.amount_minor).label("minor")).where(
        parts.reversed_on.is_(None)
    )
    refunded = given_back.group_by(parts.payment_id).subquery("refunded")
    reversed_minor = case((_PAYMENTS.reversed_on.is_not(None), _PAYMENTS.amount_minor), else_=0)
    used = func.coalesce(allocated.c.minor, 0) + func.coalesce(refunded.c.minor, 0) + reversed_minor
    stored = _PAYMENTS.allocated_minor + _PAYMENTS.refunded_minor
    return (
        select(
            _PAYMENTS.number,
            _PAYMENTS.currency,
            cast(
                case((stored != used, stored - used), else_=used - _PAYMENTS.amount_minor),
                BigInteger,
            ).label("difference_minor"),
        )
        .select_from(
            Payment.__table__.outerjoin(
                allocated, allocated.c.payment_id == _PAYMENTS.id
            ).outerjoin(refunded, refunded.c.payment_id == _PAYMENTS.id)
        )
        .where(owned(Payment), (stored != used) | (used > _PAYMENTS.amount_minor))
        .order_by(_PAYMENTS.number)
    )


@cached_statement
def unexchanged_statement() -> Select[Any]:
    """Select the allocations between two currencies that contradict the journal.

    The payment and the document of the allocation have different currencies.

    Rows: which, number (of the payment), currency, difference_minor.

    `which` is `lines` if the journal lines on the currency exchange account differ from the stored
    allocation. difference_minor is then the posted less the stored amount, in each currency.

    `which` is `rate` if the allocation has a book value although the document has no booked rate.
    difference_minor is then the book value.
    """
    sign = case((_PAYMENTS.direction == "in", 1), else_=-1)
    documents = (
        Allocation.__table__.join(
            Payment.__table__,
            (_PAYMENTS.tenant_id == _ALLOCATIONS.tenant_id)
            & (_PAYMENTS.id == _ALLOCATIONS.payment_id),
        )
        .outerjoin(
            Invoice.__table__,
            (_INVOICES.tenant_id == _ALLOCATIONS.tenant_id)
            & (_INVOICES.id == _ALLOCATIONS.invoice_id),
        )
        .outerjoin(
            Bill.__table__,
            (_BILLS.tenant_id == _ALLOCATIONS.tenant_id) & (_BILLS.id == _ALLOCATIONS.bill_id),
        )
    )
    exchanged = (
        select(
            _ALLOCATIONS.entry_id,
            _PAYMENTS.number,
            _PAYMENTS.currency,
            func.coalesce(_INVOICES.currency, _BILLS.currency).label("settled_currency"),
            (sign * _ALLOCATIONS.settled_minor).label("settled_minor"),
            (sign * func.coalesce(_ALLOCATIONS.booked_minor, _ALLOCATIONS.amount_minor)).label(
                "booked_minor"
            ),
            (
                _ALLOCATIONS.booked_minor.is_not(None)
                & _ALLOCATIONS.document_base_minor.is_(None)
                & func.coalesce(_INVOICES.rate, _BILLS.rate).is_(None)
            ).label("is_unrated"),
        )
        .select_from(documents)
        .where(owned(Allocation), owned(Payment), _ALLOCATIONS.settled_minor.is_not(None))
        .cte("exchanged")
    )
    one = exchanged.c
    posted = on_account_statement(EXCHANGE, select(one.entry_id)).subquery("posted").c
    sides = union_all(
        select(
            one.entry_id,
            one.settled_currency.label("currency"),
            (-one.settled_minor).label("minor"),
        ),
        select(one.entry_id, one.currency, one.booked_minor.label("minor")),
        select(posted.entry_id, posted.currency, posted.minor),
    ).subquery("sides")
    difference, unbooked = func.sum(sides.c.minor), func.sum(one.booked_minor)
    number = select(func.min(one.number)).where(one.entry_id == sides.c.entry_id).scalar_subquery()
    untied = select(
        literal("lines").label("which"),
        number.label("number"),
        sides.c.currency,
        cast(difference, BigInteger).label("difference_minor"),
    )
    unrated = select(
        literal("rate").label("which"),
        one.number,
        one.currency,
        cast(unbooked, BigInteger).label("difference_minor"),
    )
    found = union_all(
        untied.group_by(sides.c.entry_id, sides.c.currency).having(difference != 0),
        unrated.where(one.is_unrated).group_by(one.number, one.currency).having(unbooked != 0),
    ).subquery("found")
    return select(found).order_by(found.c.which, found.c.number, found.c.currency)


@cached_statement
def carried_statement() -> Select[Any]:
    """Select the open base amounts of each account, by currency.

    They are those of documents, advances and claims on suppliers.

    A currency is left out if one of the documents, advances or claims of the account has no base
    amount.

    Rows: purpose (of the account), currency, base_minor.
    """
    documents: tuple[tuple[Any, str, Any, tuple[ColumnElement[bool], ...]], ...] = (
        *(
            (
                columns,
                CONTROL[direction][0],
                columns.base_settled_minor,
                (columns.status.not_in(("draft", "void")),),
            )
            for direction, columns in (("in", _INVOICES), ("out", _BILLS))
        ),
        *(
            (
                _PAYMENTS,
                advances,
                _PAYMENTS.base_used_minor,
                (ADVANCES_ACCOUNT.in_([advances]), _PAYMENTS.reversed_on.is_(None)),
            )
            for advances in ADVANCES_ACCOUNTS
        ),
        (_CLAIMS, CLAIMS, _CLAIMS.base_settled_minor, (_CLAIMS.reversed_on.is_(None),)),
    )
    found = union_all(
        *(
            select(
                literal(purpose).label("purpose"),
                of.currency,
                cast(func.sum(of.base_minor - taken), BigInteger).label("base_minor"),
            )
            .where(owned(of.id.table), of.currency != base_currency(), *which)
            .group_by(of.currency)
            .having(func.bool_and(of.base_minor.is_not(None)))
            for of, purpose, taken, which in documents
        )
    ).subquery("found")
    return select(found).order_by(found.c.purpose, found.c.currency)


@cached_statement
def lettered_statement(series: str, letter: str) -> Select[Any]:
    """Return the SQL of `series_statement` for numbers that begin with a letter.

    Receipts, payments, customer credits and refunds have such numbers, for example
    `R/2026-27/000123`.
    """
    numbers = _REFUNDS.number if series == "refund" else _PAYMENTS.number
    year, place = (
        func.split_part(numbers, "/", 2),
        cast(func.split_part(numbers, "/", 3), BigInteger),
    )
    counted = (
        select(
            year.label("financial_year"),
            func.count().label("n"),
            func.min(place).label("lowest"),
            func.max(place).label("highest"),
        )
        .where(
            owned(Refund if series == "refund" else Payment),
            func.split_part(numbers, "/", 1) == letter,
        )
        .group_by(year)
        .subquery("counted")
    )
    return _gaps(series, counted)


@cached_statement
def series_statement(series: str) -> Select[Any]:
    """Select the financial years with missing or surplus numbers in a series.

    Rows: financial_year, last_number (according to the counter), n (how many documents have a
    number of that year, void documents included), lowest and highest (the smallest and the largest
    of these numbers).
    """
    table = _NUMBERED[series]
    year = func.regexp_replace(table.c.number, "^[A-Z]+/|/[0-9]+$", "", "g")
    place = cast(func.substring(table.c.number, "([0-9]+)$"), BigInteger)
    carried = (
        select(year.label("financial_year"), place.label("place"))
        .where(owned(table), table.c.number.is_not(None), *_of_series(series))
        .subquery("carried")
    )
    counted = (
        select(
            carried.c.financial_year,
            func.count().label("n"),
            func.min(carried.c.place).label("lowest"),
            func.max(carried.c.place).label("highest"),
        )
        .group_by(carried.c.financial_year)
        .subquery("counted")
    )
    return _gaps(series, counted)


def _of_series(series: str) -> list[ColumnElement[bool]]:
    """Return the conditions that the numbered documents of a series meet."""
    if _NUMBERED[series] is not Invoice.__table__:
        return []
    letter = {"bill_of_supply": BILL_OF_SUPPLY, "debit_note": DEBIT_NOTE}.get(series, "")
    return [_INVOICES.is_opening.is_(False), is_numbered_as(_INVOICES.number, letter)]


@cached_statement
def uncredited_statement() -> Select[Any]:
    """Select the documents whose credited amount is not the sum of their credits.

    Rows: kind (`invoice` or `bill`), id, reference, currency, difference_minor (the stored amount
    less the sum).
    """
    stored = _INVOICES.credited_minor - _INVOICES.written_off_minor + _INVOICES.excess_minor
    bills, credits = (  # noqa: A001
        Bill.__table__.c,
        SupplierCredit.__table__.c,
    )
    parts = [
        _against_rows(
            "invoice",
            _INVOICES.number,
            stored,
            _NOTES.invoice_id,
            _NOTES.total_minor,
            _NOTES.reversed_on.is_(None),
        ),
        _against_rows(
            "bill",
            bills.vendor_reference,
            bills.credited_minor,
            credits.bill_id,
            credits.total_minor - credits.excess_minor,
            credits.reversed_on.is_(None),
        ),
    ]
    found = union_all(*parts).subquery("found")
    return select(found).order_by(found.c.kind.desc(), found.c.currency, found.c.id)


@cached_statement
def unwritten_statement() -> Select[Any]:
    """Select the invoices whose written-off amount is not the sum of their write-offs.

    Rows: kind, id, reference, currency, difference_minor (the stored amount less the sum).
    """
    found = _against_rows(
        "invoice",
        _INVOICES.number,
        _INVOICES.written_off_minor,
        _WRITE_OFFS.invoice_id,
        _WRITE_OFFS.amount_minor,
    )
    return found.order_by(_INVOICES.currency, _INVOICES.id)


def _against_rows(
    kind: str,
    reference: Any,
    stored: ColumnElement[int],
    document_id: Any,
    amount: Any,
    *which: ColumnElement[bool],
) -> Select[Any]:
    summed = (
        select(document_id.label("document_id"), func.sum(amount).label("amount_minor"))
        .where(owned(document_id.table), *which)
        .group_by(document_id)
        .subquery(f"noted_{kind}")
    )
    table = reference.table
    difference = stored - func.coalesce(summed.c.amount_minor, 0)
    return (
        select(
            literal(kind).label("kind"),
            table.c.id,
            reference.label("reference"),
            table.c.currency,
            cast(difference, BigInteger).label("difference_minor"),
        )
        .select_from(table.outerjoin(summed, summed.c.document_id == table.c.id))
        .where(owned(table), difference != 0)
    )


def _against_allocations(kind: Kind, table: Any, reference: str, document_id: Any) -> Select[Any]:
    allocated = (
        select(document_id.label("document_id"), func.sum(SETTLES).label("amount_minor"))
        .where(owned(Allocation), document_id.is_not(None))
        .group_by(document_id)
        .subquery(f"allocated_{kind}")
    )
    difference = table.c.paid_minor - func.coalesce(allocated.c.amount_minor, 0)
    return (
        select(
            literal(kind).label("kind"),
            table.c.id,
            table.c[reference].label("reference"),
            table.c.currency,
            cast(difference, BigInteger).label("difference_minor"),
        )
        .select_from(table.outerjoin(allocated, allocated.c.document_id == table.c.id))
        .where(owned(table), difference != 0)
    )


def _gaps(series: str, counted: Any) -> Select[Any]:
    given = (
        select(_SERIES.financial_year, _SERIES.last_number)
        .where(owned(NumberSeries), _SERIES.series == series)
        .subquery("given")
    )
    n, last = func.coalesce(counted.c.n, 0), func.coalesce(given.c.last_number, 0)
    lowest, highest = func.coalesce(counted.c.lowest, 0), func.coalesce(counted.c.highest, 0)
    return (
        select(
            func.coalesce(given.c.financial_year, counted.c.financial_year).label("financial_year"),
            *(
                column.label(name)
                for name, column in (
                    ("n", n),
                    ("last_number", last),
                    ("lowest", lowest),
                    ("highest", highest),
                )
            ),
        )
        .select_from(
            given.join(counted, counted.c.financial_year == given.c.financial_year, full=True)
        )
        .where((n != last) | (highest != last) | (lowest != case((last > 0, 1), else_=0)))
        .order_by("financial_year")
    )
