"""Queries of the PDF files of documents as they were issued."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select

from voyagent.billing.core.models.kept_papers import SEAL, KeptPaper
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.keyring import SealBroken, current_keyring
from voyagent.kernel.tenancy import owned

Kind = Literal["invoice", "credit_note", "receipt_voucher", "refund_voucher"]
CHECKED_MAX = 500
"""Files that one check of the books reads."""
_PAPERS = KeptPaper.__table__.c
_PAPER = select(
    *(_PAPERS[name] for name in ("id", "kind", "document_id", "sha256", "content"))
).where(owned(KeptPaper))


def read_kept(reader: Reader, kind: Kind, document_id: UUID) -> bytes | None:
    """Return the kept file of a document, or None if there is none yet."""
    statement = select(_PAPERS.id, _PAPERS.content).where(
        owned(KeptPaper), _PAPERS.kind == kind, _PAPERS.document_id == document_id
    )
    rows = reader.read(statement)[0]
    return _opened(rows[0]) if rows else None


def kept_hash(kind: Kind, document_id: ColumnElement[Any]) -> ScalarSelect[str | None]:
    """Return a scalar select of the SHA-256 of a kept file, in hex digits."""
    return (
        select(func.encode(_PAPERS.sha256, "hex"))
        .where(owned(KeptPaper), _PAPERS.kind == kind, _PAPERS.document_id == document_id)
        .scalar_subquery()
    )


def wrong_papers(reader: Reader) -> Iterator[Row]:
    """Yield kind and id of each kept file that cannot be opened or has another hash.

    At most CHECKED_MAX files are read, chosen at random, and one at a time.
    """
    for one in reader.read(_sample_statement())[0]:
        found = reader.read(_PAPER.where(_PAPERS.id == one["id"]))[0]
        if not found:  # an erasure deletes files
            continue
        row = found[0]
        try:
            is_right = hashlib.sha256(_opened(row)).digest() == bytes(row["sha256"])
        except SealBroken:
            is_right = False
        if not is_right:
            yield row


@cached_statement
def _sample_statement() -> Select[Any]:
    return select(_PAPERS.id).where(owned(KeptPaper)).order_by(func.random()).limit(CHECKED_MAX)


def _opened(row: Row) -> bytes:
    return current_keyring().open(SEAL, bytes(row["content"]), bound_to=str(row["id"]))
