"""The rules of documents about money: invoices, bills, payments. Each posts to the ledger in the transaction that changes the document."""

from voyagent.billing.service.bills import receive_bill
from voyagent.billing.service.errors import (
    CustomerNameRequired,
    DocumentNotOpen,
    InvalidDate,
    InvalidLine,
    InvoiceNotDraft,
    InvoiceNumberConflict,
    NoLines,
    NumberIsNotNext,
    PaymentExceedsOpen,
    TextTooLong,
    TotalOutOfRange,
    VendorReferenceRequired,
    VendorReferenceTaken,
)
from voyagent.billing.service.invoices import (
    INVOICE_SERIES,
    ISSUE_SIDES,
    DraftChanges,
    create_invoice,
    discard_draft,
    draft_invoice,
    issue_invoice,
    revise_draft,
)
from voyagent.billing.service.numbering import financial_year, next_number, take_number, year_of
from voyagent.billing.service.payments import pay_bill, record_receipt
from voyagent.billing.service.pricing import LineItem, Priced, PricedLine, check_days, party, price

__all__ = [
    "INVOICE_SERIES",
    "ISSUE_SIDES",
    "CustomerNameRequired",
    "DocumentNotOpen",
    "DraftChanges",
    "InvalidDate",
    "InvalidLine",
    "InvoiceNotDraft",
    "InvoiceNumberConflict",
    "LineItem",
    "NoLines",
    "NumberIsNotNext",
    "PaymentExceedsOpen",
    "Priced",
    "PricedLine",
    "TextTooLong",
    "TotalOutOfRange",
    "VendorReferenceRequired",
    "VendorReferenceTaken",
    "check_days",
    "create_invoice",
    "discard_draft",
    "draft_invoice",
    "financial_year",
    "issue_invoice",
    "next_number",
    "party",
    "pay_bill",
    "price",
    "receive_bill",
    "record_receipt",
    "revise_draft",
    "take_number",
    "year_of",
]
