"""Queries of refunds that suppliers owe."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from voyagent.billing.claims.errors import ClaimNotFound, ClaimReceiptNotFound
from voyagent.billing.core.models.claims import SupplierClaim, SupplierClaimReceipt
from voyagent.billing.core.models.credits import SupplierCredit
from voyagent.kernel.db import db, load_one


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
