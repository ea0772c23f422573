"""PDF files of documents, which are kept as they were issued.

These are invoices, credit notes, receipt vouchers and refund vouchers.

A reprint is the kept file. A job makes and keeps it after the document was issued. If somebody asks
for the file earlier, or if an earlier release has issued the document, the request does this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask_babel import force_locale

from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import kept_papers as queries
from voyagent.billing.core.queries.credits import CreditDocument
from voyagent.billing.core.queries.kept_papers import Kind
from voyagent.billing.core.service import kept_papers as service
from voyagent.billing.credit_notes import queries as credit_note_queries
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.queries.documents import InvoiceDocument
from voyagent.billing.invoices.service import sending
from voyagent.billing.paper.documents import pdf
from voyagent.billing.vouchers import queries as voucher_queries
from voyagent.billing.vouchers.queries import RefundVoucherDocument, VoucherDocument
from voyagent.http.extensions import installed
from voyagent.http.files import export_slots, file_name
from voyagent.identity.queries.people import agency_name
from voyagent.identity.service.values import Identity
from voyagent.kernel import tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.mail.service import Attached, Outbox
from voyagent.settings.queries import get_settings
from voyagent.trips.service.sending import Post


@dataclass(frozen=True, slots=True)
class _Source:
    """Functions that read a document and typeset it as it was issued."""

    read: Callable[[Reader, UUID], Any]
    typeset: Callable[[Reader, Any, str], Attached]


_SOURCES: Mapping[Kind, _Source] = MappingProxyType(
    {
        "invoice": _Source(invoice_queries.read_document, pdf.issued_invoice_of),
        "credit_note": _Source(
            credit_note_queries.read_credit_note, partial(pdf.credit_note_of, as_issued=True)
        ),
        "receipt_voucher": _Source(
            voucher_queries.read_voucher, partial(pdf.receipt_voucher_of, as_issued=True)
        ),
        "refund_voucher": _Source(
            voucher_queries.read_refund_voucher, partial(pdf.refund_voucher_of, as_issued=True)
        ),
    }
)


def invoice_paper(
    reader: Reader, document: InvoiceDocument, agency: str, *, copy_kind: str | None = None
) -> Attached:
    """Return the PDF of an invoice, by default the kept file.

    A draft and an opening balance are typeset each time, and so is a void invoice, with its stamp.
    `copy_kind` is `issued` for the kept file of a void invoice, or `settlement` for a PDF with
    payments, credits and the amount due. Raises ExportsBusy.
    """
    invoice = document.invoice
    is_kept = invoice["status"] != "draft" and not invoice["is_opening"]
    is_settlement = is_kept and copy_kind == "settlement"
    if is_settlement or not is_kept or (invoice["status"] == "void" and copy_kind != "issued"):
        with _place(reader):
            return pdf.document_of(reader, document, agency, is_settlement=is_settlement)
    return _attached(reader, "invoice", invoice["id"], file_name("invoice", invoice["number"]))


def credit_note_paper(
    reader: Reader, document: CreditDocument, agency: str, *, copy_kind: str | None = None
) -> Attached:
    """Return the PDF of a credit note, by default the kept file.

    The PDF of a reversed credit note is typeset each time, with a stamp, unless `copy_kind` is
    `issued`. Raises ExportsBusy.
    """
    typeset = partial(pdf.credit_note_of, reader, document, agency)
    return _reversible(reader, "credit_note", document.credit, typeset, copy_kind)


def receipt_voucher_paper(
    reader: Reader, document: VoucherDocument, agency: str, *, copy_kind: str | None = None
) -> Attached:
    """Return the PDF of a receipt voucher, in the way of `credit_note_paper`."""
    typeset = partial(pdf.receipt_voucher_of, reader, document, agency)
    return _reversible(reader, "receipt_voucher", document.voucher, typeset, copy_kind)


def refund_voucher_paper(
    reader: Reader, document: RefundVoucherDocument, agency: str, *, copy_kind: str | None = None
) -> Attached:
    """Return the PDF of a refund voucher, in the way of `credit_note_paper`."""
    typeset = partial(pdf.refund_voucher_of, reader, document, agency)
    return _reversible(reader, "refund_voucher", document.voucher, typeset, copy_kind)


def keep(kind: Kind, document_id: UUID) -> bytes:
    """Return the kept file of an issued document; make it if there is none.

    The file is in the language of the agency's settings. The document is locked meanwhile, which
    takes some milliseconds.
    """
    source, reader = _SOURCES[kind], SessionReader(db.session)
    service.lock_document(kind, document_id)
    if (found := queries.read_kept(reader, kind, document_id)) is not None:
        return found
    locale = get_settings().locale
    with force_locale(locale):
        made = source.typeset(reader, source.read(reader, document_id), agency_name())
    service.keep(kind, document_id, locale=locale, content=made.content)
    return made.content


def mail_invoice(actor: Actor, invoice_id: UUID, *, to: str, locale: str) -> Invoice:
    """Mail the PDF of an invoice; `locale` is the language of the mail.

    The PDF is the kept file. An opening balance has none: its PDF is made now, in the language of
    the mail.

    Raises InvoiceNotFound and the errors of `sending.send_invoice`.
    """
    actor.require("invoice.send")
    identity, outbox = installed(Identity, "identity"), installed(Outbox, "outbox")
    reader = SessionReader(db.session)

    def make() -> Attached:
        document = invoice_queries.read_document(reader, invoice_id)
        with force_locale(locale):
            return invoice_paper(reader, document, actor.tenant_name)

    return sending.send_invoice(
        Post(outbox, identity.limiter), actor, invoice_id, make, to=to, locale=locale
    )


def _reversible(
    reader: Reader, kind: Kind, row: Row, typeset: Callable[[], Attached], copy_kind: str | None
) -> Attached:
    """Return the kept file of a document, or a stamped one if it is reversed."""
    if row["reversed_on"] and copy_kind != "issued":
        with _place(reader):
            return typeset()
    name = file_name(kind.replace("_", "-"), row["number"])
    return _attached(reader, kind, row["id"], name)


def _attached(reader: Reader, kind: Kind, document_id: UUID, name: str) -> Attached:
    content = queries.read_kept(reader, kind, document_id)
    if content is None:
        with _place(reader):
            content = keep(kind, document_id)
    return Attached(f"{name}.pdf", "application/pdf", content)


@contextmanager
def _place(reader: Reader) -> Iterator[None]:
    """Run the block, which makes a file, when one of the places for exports is free.

    With a RequestReader, the request waits for a place, and the session is bound to its agency. Any
    other reader belongs to a transaction, which must not wait, so the block runs at once.
    """
    if not isinstance(reader, RequestReader):
        yield
        return
    tenant_id = reader.authenticate().tenant_id
    with export_slots().making_file(tenant_id):
        tenancy.bind(db.session(), tenant_id)
        yield
