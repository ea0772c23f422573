"""Table of the PDF files of documents as they were issued."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned

SEAL = "kept_paper"
"""Purpose for which the files are encrypted."""


class KeptPaper(TenantOwned, Base):
    """The PDF of a document as it was issued; a reprint is this file.

    `document_id` is the id of an invoice, credit note or receipt voucher, or for a refund voucher
    that of its `VoucherUse`. `locale` is the language of the file, and `sha256` the hash of the
    file before it is encrypted. `content` is the encrypted file. A row is never changed, except
    that `content` is encrypted again after a change of the secret. `sealed_by` is the beginning of
    `content`, which names the secret. It is a column, so that a search for files with an earlier
    secret reads no file.
    """

    __tablename__ = "kept_papers"

    kind: Mapped[str]
    document_id: Mapped[UUID]
    locale: Mapped[str]
    sha256: Mapped[bytes]
    content: Mapped[bytes] = mapped_column(deferred=True)
    kept_at: Mapped[DefaultNow]
    sealed_by: Mapped[bytes] = mapped_column(Computed('"substring"(content, 1, 9)', persisted=True))

    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "document_id", name="uq_kept_papers_document"),
        CheckConstraint(
            "kind in ('invoice', 'credit_note', 'receipt_voucher', 'refund_voucher')", name="kind"
        ),
        CheckConstraint("locale in ('en', 'hi')", name="locale"),
        CheckConstraint("length(sha256) = 32", name="sha256"),
    )
