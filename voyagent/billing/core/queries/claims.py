"""Queries of refunds that suppliers owe, for rules of other documents."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.claims import SupplierClaim, SupplierClaimReceipt
from voyagent.kernel.db import db
from voyagent.parties import queries as parties


def find_claim_of(supplier_credit_id: UUID, *, lock: bool = False) -> SupplierClaim | None:
    """Return the claim of a supplier credit, or None.

    With `lock` its row is locked until the transaction ends.
    """
    found = select(SupplierClaim).where(SupplierClaim.supplier_credit_id == supplier_credit_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    return db.session.scalars(found).one_or_none()


def last_receipt_reversed(claim_id: UUID) -> date | None:
    """Return the date of the last reversal of a receipt of a claim, or None."""
    return db.session.scalar(
        select(func.max(SupplierClaimReceipt.reversed_on)).where(
            SupplierClaimReceipt.claim_id == claim_id
        )
    )


def has_claim(*bill_ids: UUID) -> bool:
    """Return True if one of the bills has a claim that is not reversed."""
    found = select(SupplierClaim.id).where(
        SupplierClaim.bill_id.in_(bill_ids), SupplierClaim.reversed_on.is_(None)
    )
    return db.session.scalars(found.limit(1)).first() is not None


def lock_supplier(bill_id: UUID) -> None:
    """Lock the party of a bill, so that a number is matched or entered only once.

    The number is that of a supplier's credit note. The party is locked before the bill. Nothing is
    locked if the bill has no party.
    """
    party_id = db.session.scalar(select(Bill.party_id).where(Bill.id == bill_id))
    if party_id is not None:
        parties.get_party(party_id, lock=True)


def is_matched(party_id: UUID | None, credit_note_number: str) -> bool:
    """Return True if a claim on a supplier has the credit note with this number.

    Reversed claims do not count.
    """
    found = (
        select(SupplierClaim.id)
        .join(Bill, Bill.id == SupplierClaim.bill_id)
        .where(
            Bill.party_id == party_id,
            SupplierClaim.credit_note_number == credit_note_number,
            SupplierClaim.reversed_on.is_(None),
        )
    )
    return db.session.scalars(found.limit(1)).first() is not None
