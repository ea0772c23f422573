"""Queries of refunds that suppliers owe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, Uuid, case, literal, select, tuple_

from voyagent.banking import queries as banking
from voyagent.billing.claims.errors import ClaimNotFound, ClaimReceiptNotFound
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.claims import SupplierClaim, SupplierClaimReceipt
from voyagent.billing.core.models.credits import SupplierCredit
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import db, load_one
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.tenancy import owned

_CLAIMS = SupplierClaim.__table__.c
_RECEIPTS = SupplierClaimReceipt.__table__.c
_BILLS, _CREDITS = Bill.__table__.c, SupplierCredit.__table__.c
_OPEN_MINOR = case(
    (
        _CLAIMS.reversed_on.is_(None),
        _CLAIMS.amount_minor - _CLAIMS.received_minor - _CLAIMS.given_up_minor,
    ),
    else_=0,
)


@dataclass(frozen=True, slots=True)
class ClaimSearch:
    """Filters of the list of claims; with `is_open` only claims with an open amount."""

    is_open: bool = False
    party_id: UUID | None = None
    bill_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClaimDocument:
    """A claim with its receipts, oldest first."""

    claim: Row
    receipts: list[Row]


def get_claim(claim_id: UUID, *, lock: bool = False) -> SupplierClaim:
    """Return a claim; with `lock` its row is locked until the transaction ends.

    Raises ClaimNotFound.
    """
    return load_one(
        select(SupplierClaim).where(SupplierClaim.id == claim_id), ClaimNotFound, lock=lock
    )


def get_receipt(receipt_id: UUID) -> SupplierClaimReceipt:
    """Return a receipt of a claim as it is now. Raises ClaimReceiptNotFound."""
    found = select(SupplierClaimReceipt).where(SupplierClaimReceipt.id == receipt_id)
    return load_one(
        found.execution_options(populate_existing=True), ClaimReceiptNotFound, lock=False
    )


def is_credit_entered(party_id: UUID | None, vendor_reference: str) -> bool:
    """Return True if a supplier has a credit with this number that is not reversed."""
    found = select(SupplierCredit.id).where(
        SupplierCredit.party_id == party_id,
        SupplierCredit.vendor_reference == vendor_reference,
        SupplierCredit.reversed_on.is_(None),
    )
    return db.session.scalars(found.limit(1)).first() is not None


def list_claims(
    reader: Reader, search: ClaimSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of claims after the cursor, newest first."""
    rows = reader.read(_list_statement(search, limit + 1, cursor))[0]
    return page_by_day(rows, limit, "claimed_on")


def read_claim(reader: Reader, claim_id: UUID) -> ClaimDocument:
    """Return a claim with its receipts. Raises ClaimNotFound."""
    claims, receipts = reader.read(*_document_statements(claim_id))
    return ClaimDocument(first_row(claims, ClaimNotFound), receipts)


def read_claim_of_receipt(reader: Reader, receipt_id: UUID) -> UUID:
    """Return the id of the claim of a receipt. Raises ClaimReceiptNotFound."""
    statement = select(_RECEIPTS.claim_id).where(
        owned(SupplierClaimReceipt), _RECEIPTS.id == receipt_id
    )
    claim_id: UUID = first_row(reader.read(statement)[0], ClaimReceiptNotFound)["claim_id"]
    return claim_id


@cached_statement
def _list_statement(search: ClaimSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    statement = _claims()
    if search.is_open:
        # as in the condition of the index
        settled_minor = _CLAIMS.received_minor + _CLAIMS.given_up_minor
        statement = statement.where(
            settled_minor < _CLAIMS.amount_minor, _CLAIMS.reversed_on.is_(None)
        )
    if search.party_id is not None:
        statement = statement.where(_BILLS.party_id == search.party_id)
    if search.bill_id is not None:
        statement = statement.where(_CLAIMS.bill_id == search.bill_id)
    if cursor is not None:
        statement = statement.where(
            tuple_(_CLAIMS.claimed_on, _CLAIMS.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    return statement.order_by(_CLAIMS.claimed_on.desc(), _CLAIMS.id.desc()).limit(limit)


@keyed_select
def _document_statements(claim_id: Any) -> tuple[Select[Any], ...]:
    receipts = (
        select(
            *(one for one in _RECEIPTS if one.name != "tenant_id"),
            banking.name_of(_RECEIPTS.bank_account_id).label("bank_account_name"),
        )
        .where(owned(SupplierClaimReceipt), _RECEIPTS.claim_id == claim_id)
        .order_by(_RECEIPTS.received_on, _RECEIPTS.id)
    )
    return _claims().where(_CLAIMS.id == claim_id), receipts


def _claims() -> Select[Any]:
    return (
        select(
            *(one for one in _CLAIMS if one.name != "tenant_id"),
            _OPEN_MINOR.label("open_minor"),
            _BILLS.party_id,
            _BILLS.party_name,
            _BILLS.trip_id,
            _BILLS.vendor_reference.label("bill_reference"),
            _CREDITS.reason,
            _CREDITS.entry_id,
            name_of(_CLAIMS.created_by_user_id).label("created_by"),
        )
        .join_from(
            SupplierClaim.__table__,
            Bill.__table__,
            (_BILLS.tenant_id == _CLAIMS.tenant_id) & (_BILLS.id == _CLAIMS.bill_id),
        )
        .join(
            SupplierCredit.__table__,
            (_CREDITS.tenant_id == _CLAIMS.tenant_id) & (_CREDITS.id == _CLAIMS.supplier_credit_id),
        )
        .where(owned(SupplierClaim), owned(Bill), owned(SupplierCredit))
    )
