"""Queries of documents and payments of earlier releases that have no base amounts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all

from voyagent.billing.core.models.claims import SupplierClaim, SupplierClaimReceipt
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.kinds import BILL, INVOICE, DocumentKind
from voyagent.billing.core.models.parts import RATE_COLUMNS
from voyagent.billing.core.models.payments import Allocation, Payment, Refund, RefundPart
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.core.queries.open_documents import SETTLES
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import owned
from voyagent.rates.queries import base_currency

BATCH = 1_000
_ALLOCATIONS = Allocation.__table__.c
_CLAIMS = SupplierClaim.__table__.c
_OF_SUPPLIERS = SupplierCredit.__table__.c
_PARTS, _REFUNDS = RefundPart.__table__.c, Refund.__table__.c
_OF_CREDITS: dict[str, tuple[Any, str, DocumentKind]] = {
    "credit_note": (CreditNote, "invoice_id", INVOICE),
    "supplier_credit": (SupplierCredit, "bill_id", BILL),
    "write_off": (WriteOff, "invoice_id", INVOICE),
}
_OF_DOCUMENTS: dict[str, DocumentKind] = {"invoice": INVOICE, "bill": BILL}


def rates_statement(source_type: str, ids: Collection[UUID]) -> Select[Any] | None:
    """Select the currency, issue date and rate of the documents of some sources.

    The document of a credit or write-off is the one that it settles. Rows: source_id, currency,
    issue_date, and the columns of a rate. The result is None if sources of this type have no
    document.
    """
    if source_type in _OF_DOCUMENTS:
        model: Any = _OF_DOCUMENTS[source_type].model
        columns = model.__table__.c
        found = select(columns.id.label("source_id"), *_rate_of(columns))
        return found.where(owned(model), columns.id.in_(ids))
    if source_type not in _OF_CREDITS:
        return None
    credit, key, kind = _OF_CREDITS[source_type]
    of, document = credit.__table__.c, kind.model.__table__.c
    return (
        select(of.id.label("source_id"), *_rate_of(document))
        .select_from(
            credit.__table__.join(
                kind.model.__table__,
                (document.tenant_id == of.tenant_id) & (document.id == of[key]),
            )
        )
        .where(owned(credit), owned(kind.model), of.id.in_(ids))
    )


def documents_without_base(reader: Reader, kind: DocumentKind, books: str) -> Iterator[list[Row]]:
    """Yield batches of posted foreign documents without base amounts, ordered by id.

    Each row has id, currency, total_minor, entry_id, rate.
    """
    names = ("id", "currency", "total_minor", "entry_id", "rate")
    posted = kind.model.__table__.c.entry_id.is_not(None)
    yield from _batches(reader, kind.model, names, books, posted)


def payments_without_base(reader: Reader, books: str) -> Iterator[list[Row]]:
    """Yield batches of foreign payments without base amounts, ordered by id.

    Each row has id, currency, amount_minor, entry_id, credit_note_id, reversed_on.
    """
    names = ("id", "currency", "amount_minor", "entry_id", "credit_note_id", "reversed_on")
    yield from _batches(reader, Payment, names, books)


def unrated(reader: Reader, most: int) -> tuple[list[Row], int]:
    """Return the first posted foreign documents without a rate, and the number of all.

    Each has kind, id, number, party_name, issue_date, currency, total_minor, total.
    """
    parts = []
    for kind in (INVOICE, BILL):
        one = kind.model.__table__.c
        parts.append(
            select(
                literal(kind.name).label("kind"),
                one[kind.number].label("number"),
                *(one[name] for name in ("id", "party_name", "issue_date", "currency")),
                one.total_minor,
            ).where(
                owned(kind.model),
                one.currency != base_currency(),
                one.entry_id.is_not(None),
                one.rate.is_(None),
            )
        )
    found = union_all(*parts).subquery("found").c
    first = select(*found).order_by(found.issue_date, found.id).limit(most)
    rows, (count,) = reader.read(first, select(func.count().label("n")).select_from(found.id.table))
    totalled = [row | {"total": Money(row["total_minor"], row["currency"])} for row in rows]
    return totalled, count["n"]


def claims_without_base(reader: Reader, books: str) -> list[Row]:
    """Return the foreign claims on suppliers without base amounts.

    Each row has id, currency, amount_minor, entry_id (of the supplier credit).
    """
    statement = (
        select(_CLAIMS.id, _CLAIMS.currency, _CLAIMS.amount_minor, _OF_SUPPLIERS.entry_id)
        .select_from(
            SupplierClaim.__table__.join(
                SupplierCredit.__table__,
                (_OF_SUPPLIERS.tenant_id == _CLAIMS.tenant_id)
                & (_OF_SUPPLIERS.id == _CLAIMS.supplier_credit_id),
            )
        )
        .where(
            owned(SupplierClaim),
            owned(SupplierCredit),
            _CLAIMS.currency != books,
            _CLAIMS.base_minor.is_(None),
        )
    )
    return reader.read(statement)[0]


def received_statement(ids: Collection[UUID]) -> Select[Any]:
    """Select the receipts of claims, with the columns of `settling_statement`."""
    receipt = SupplierClaimReceipt.__table__.c
    rows = _rows(
        "supplier_claim_receipts",
        SupplierClaimReceipt,
        receipt.claim_id,
        receipt.received_minor + receipt.given_up_minor,
        receipt.reversed_on.is_not(None),
    ).where(receipt.claim_id.in_(ids))
    return rows.order_by(receipt.created_at, receipt.id)


def settling_statement(kind: DocumentKind, ids: Collection[UUID]) -> Select[Any]:
    """Select the allocations, credits and write-offs of documents, first stored first.

    Rows: table, id, owner_id (of the document), minor (in its currency), is_taken_back (the row was
    taken back, or takes another one back), created_at.
    """
    key = kind.key
    parts = [
        _rows("allocations", Allocation, _ALLOCATIONS[key], SETTLES, _taken_back(Allocation)).where(
            _ALLOCATIONS[key].in_(ids)
        )
    ]
    credit = kind.credit.model.__table__.c
    settled = credit.total_minor - credit.excess_minor
    parts.append(
        _rows(
            kind.credit.model.__tablename__,
            kind.credit.model,
            credit[key],
            settled,
            credit.reversed_on.is_not(None),
        ).where(credit[key].in_(ids))
    )
    if kind is INVOICE:
        written = WriteOff.__table__.c
        parts.append(
            _rows(
                "write_offs",
                WriteOff,
                written.invoice_id,
                written.amount_minor,
                _taken_back(WriteOff),
            ).where(written.invoice_id.in_(ids))
        )
    found = union_all(*parts).subquery("found").c
    return select(*found).order_by(found.created_at, found.id)


def using_statement(ids: Collection[UUID]) -> Select[Any]:
    """Select the allocations and refunds of payments, first stored first.

    The columns are those of `settling_statement`; the owner is the payment. The id of a part of a
    refund is that of the refund.
    """
    refunded = _rows(
        "refunds",
        Refund,
        _REFUNDS.payment_id,
        _REFUNDS.amount_minor,
        _REFUNDS.reversed_on.is_not(None),
    ).where(_REFUNDS.payment_id.in_(ids), _REFUNDS.has_parts.is_(False))
    divided = (
        select(
            literal("refund_parts").label("table"),
            _PARTS.refund_id.label("id"),
            _PARTS.payment_id.label("owner_id"),
            _PARTS.amount_minor.label("minor"),
            _REFUNDS.reversed_on.is_not(None).label("is_taken_back"),
            _REFUNDS.created_at,
        )
        .select_from(
            RefundPart.__table__.join(
                Refund.__table__,
                (_REFUNDS.tenant_id == _PARTS.tenant_id) & (_REFUNDS.id == _PARTS.refund_id),
            )
        )
        .where(owned(RefundPart), owned(Refund), _PARTS.payment_id.in_(ids))
    )
    allocated = _rows(
        "allocations",
        Allocation,
        _ALLOCATIONS.payment_id,
        _ALLOCATIONS.amount_minor,
        _taken_back(Allocation),
    ).where(_ALLOCATIONS.payment_id.in_(ids))
    found = union_all(allocated, refunded, divided).subquery("found").c
    return select(*found).order_by(found.created_at, found.id)


def _rate_of(document: Any) -> list[ColumnElement[Any]]:
    return [document[name] for name in ("currency", "issue_date", *RATE_COLUMNS)]


def _batches(
    reader: Reader,
    model: Any,
    names: Collection[str],
    books: str,
    *which: ColumnElement[bool],
) -> Iterator[list[Row]]:
    columns, last = model.__table__.c, UUID(int=0)
    while True:
        statement = (
            select(*(columns[name] for name in names))
            .where(
                owned(model),
                columns.currency != books,
                columns.base_minor.is_(None),
                columns.id > last,
                *which,
            )
            .order_by(columns.id)
            .limit(BATCH)
        )
        rows = reader.read(statement)[0]
        if not rows:
            return
        yield rows
        last = rows[-1]["id"]


def _rows(
    table: str,
    model: Any,
    owner_id: ColumnElement[Any],
    minor: ColumnElement[Any],
    is_taken_back: ColumnElement[bool],
) -> Select[Any]:
    columns = model.__table__.c
    return select(
        literal(table).label("table"),
        columns.id,
        owner_id.label("owner_id"),
        minor.label("minor"),
        is_taken_back.label("is_taken_back"),
        columns.created_at,
    ).where(owned(model))


def _taken_back(model: Any) -> ColumnElement[bool]:
    """Return the condition that a row takes another one back, or was taken back."""
    columns, others = model.__table__.c, model.__table__.alias("others")
    taken = select(others.c.id).where(
        others.c.tenant_id == columns.tenant_id, others.c.reverses_id == columns.id
    )
    is_taken: ColumnElement[bool] = columns.reverses_id.is_not(None) | taken.exists()
    return is_taken
