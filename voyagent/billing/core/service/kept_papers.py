"""Keep the PDF files of invoices, credit notes and vouchers as they were issued."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.billing.core.models.credits import CreditNote
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kept_papers import SEAL, KeptPaper
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.models.vouchers import ReceiptVoucher, VoucherUse
from voyagent.billing.core.queries.kept_papers import Kind
from voyagent.kernel import jobs, tenancy
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.keyring import Keyring, current_keyring
from voyagent.kernel.resealing import SealedColumn

KEEP_TASK = "billing.keep_paper"
RESEALED_MAX = 100
"""Files that one call of `reseal` encrypts."""
SEALED = (SealedColumn("kept_papers", "content", SEAL, "{id}"),)
_VOUCHERS = select(Payment.id).join(ReceiptVoucher, ReceiptVoucher.payment_id == Payment.id)
_NAMED: dict[Kind, tuple[Select[Any], Any, Any]] = {
    "invoice": (select(Invoice.id), Invoice.id, Invoice),
    "credit_note": (select(CreditNote.id), CreditNote.id, CreditNote),
    "receipt_voucher": (_VOUCHERS, ReceiptVoucher.id, Payment),
    "refund_voucher": (
        _VOUCHERS.join(VoucherUse, VoucherUse.voucher_id == ReceiptVoucher.id),
        VoucherUse.id,
        Payment,
    ),
}
"""Select of the row that names the customer of a document, id of the document, and table."""


def keep_later(kind: Kind, document_id: UUID) -> None:
    """Have a worker typeset and keep the PDF of a document that is issued now."""
    jobs.defer(
        KEEP_TASK,
        tenant_id=str(tenancy.current_tenant(db.session)),
        kind=kind,
        document_id=str(document_id),
    )


def lock_document(kind: Kind, document_id: UUID) -> None:
    """Lock a document until the transaction ends: only one transaction makes its file.

    The locked row is the one that names the customer: for a voucher that of its payment. An erasure
    waits for the lock (app.forget_kept_paper), so no text of the document changes.
    """
    named, id_of, model = _NAMED[kind]
    db.session.execute(named.where(id_of == document_id).with_for_update(key_share=True, of=model))


def keep(kind: Kind, document_id: UUID, *, locale: str, content: bytes) -> None:
    """Keep the PDF of an issued document.

    Before, the caller must call `lock_document`, then find that there is no kept file, and then
    read the document.
    """
    paper_id = new_id()
    db.session.add(
        KeptPaper(
            id=paper_id,
            kind=kind,
            document_id=document_id,
            locale=locale,
            sha256=hashlib.sha256(content).digest(),
            content=current_keyring().seal(SEAL, content, bound_to=str(paper_id)),
        )
    )
    db.session.flush()


def reseal(keyring: Keyring) -> int:
    """Encrypt files again that an earlier secret encrypted; return their number.

    A call encrypts up to RESEALED_MAX files of the current agency.
    """
    rows = db.session.scalars(
        select(KeptPaper)
        .where(KeptPaper.sealed_by != keyring.present_mark)
        .limit(RESEALED_MAX)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        plain = keyring.open(SEAL, row.content, bound_to=str(row.id))
        row.content = keyring.seal(SEAL, plain, bound_to=str(row.id))
    db.session.flush()
    return len(rows)
