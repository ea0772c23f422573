"""Kinds of billing documents that can be downloaded as files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from voyagent.billing.bills import (
    errors as bill_errors,
    queries as bill_queries,
    schemas as bill_schemas,
)
from voyagent.billing.core.schemas.credits import credit_row
from voyagent.billing.credit_notes import (
    errors as credit_note_errors,
    queries as credit_note_queries,
    schemas as credit_note_schemas,
)
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.schemas import documents as invoice_schemas
from voyagent.billing.paper.documents import kept, pdf
from voyagent.billing.paper.exports.xlsx import sheet_of
from voyagent.billing.payments import errors as payment_errors, schemas as payment_schemas
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.supplier_credits import (
    errors as supplier_credit_errors,
    queries as supplier_credit_queries,
    schemas as supplier_credit_schemas,
)
from voyagent.billing.vouchers import (
    errors as voucher_errors,
    queries as voucher_queries,
    schemas as voucher_schemas,
)
from voyagent.http.documents import Document
from voyagent.http.files import InvoiceCopyQuery, IssuedCopyQuery, file_name
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import NotFound
from voyagent.kernel.serializers import AnswerOf
from voyagent.kernel.sheets import Sheet


class _Kind(NamedTuple):
    """The functions and labels that turn a kind of document into files.

    `title` names the kind in the API documentation. `missing` is the error if the document is not
    found. `read` reads a document, and `typeset` makes its PDF. `copies` are the query parameters
    of a document whose PDF is kept as it was issued. `row_of` returns the document as a
    row, and `answer` is the schema that makes the API response from the row. `named_by` is the
    member of the response whose value names the file, such as `number`.
    """

    title: str
    missing: type[NotFound]
    read: Callable[..., Any]
    row_of: Callable[[Any], Row]
    answer: type[AnswerOf[Row]]
    typeset: Callable[..., Any]
    named_by: str
    copies: type[InvoiceCopyQuery | IssuedCopyQuery] | None = None


DOCUMENTS = {
    "invoice": _Kind(
        "an invoice",
        invoice_errors.InvoiceNotFound,
        invoice_queries.read_document,
        invoice_schemas.invoice_row,
        invoice_schemas.InvoiceOut,
        kept.invoice_paper,
        "number",
        InvoiceCopyQuery,
    ),
    "credit-note": _Kind(
        "a credit note",
        credit_note_errors.CreditNoteNotFound,
        credit_note_queries.read_credit_note,
        credit_row,
        credit_note_schemas.CreditNoteOut,
        kept.credit_note_paper,
        "number",
        IssuedCopyQuery,
    ),
    "receipt-voucher": _Kind(
        "a receipt voucher",
        voucher_errors.ReceiptVoucherNotFound,
        voucher_queries.read_voucher,
        voucher_schemas.voucher_row,
        voucher_schemas.ReceiptVoucherOut,
        kept.receipt_voucher_paper,
        "number",
        IssuedCopyQuery,
    ),
    "refund-voucher": _Kind(
        "a refund voucher",
        voucher_errors.RefundVoucherNotFound,
        voucher_queries.read_refund_voucher,
        voucher_schemas.refund_voucher_row,
        voucher_schemas.RefundVoucherOut,
        kept.refund_voucher_paper,
        "number",
        IssuedCopyQuery,
    ),
    "payment": _Kind(
        "a receipt or a payment to a supplier",
        payment_errors.PaymentNotFound,
        payment_queries.read_payment,
        payment_schemas.payment_row,
        payment_schemas.PaymentOut,
        pdf.payment_of,
        "number",
    ),
    "bill": _Kind(
        "the agency's record of a supplier's bill",
        bill_errors.BillNotFound,
        bill_queries.read_bill,
        bill_schemas.bill_row,
        bill_schemas.BillOut,
        pdf.bill_of,
        "vendor_reference",
    ),
    "supplier-credit": _Kind(
        "the agency's record of a supplier's credit note",
        supplier_credit_errors.SupplierCreditNotFound,
        supplier_credit_queries.read_supplier_credit,
        credit_row,
        supplier_credit_schemas.SupplierCreditOut,
        pdf.supplier_credit_of,
        "vendor_reference",
    ),
}
"""Kinds of documents by the name in the URL of their files."""


def document(name: str) -> Document:
    """Return the definition of a kind of document, for the routes that download files.

    `name` is a key of DOCUMENTS, such as `credit-note`.
    """
    kind, parameter = DOCUMENTS[name], f"{name.replace('-', '_')}_id"

    def sheet(found: Any) -> Sheet:
        members = kind.answer.members_of(kind.row_of(found))
        return sheet_of(file_name(name, members[kind.named_by] or "draft"), members)

    path = f"/{name}s/<{parameter}>"
    return Document(
        name=name,
        title=kind.title,
        path=path,
        page_path=path,
        parameter=parameter,
        permission="billing.read",
        missing=kind.missing,
        read=kind.read,
        sheet=sheet,
        typeset=kind.typeset,
        copies=kind.copies,
        limits_itself=kind.copies is not None,
    )
