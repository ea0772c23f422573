"""Kinds of billing documents and of credits: their tables and their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from voyagent.billing.core.errors import (
    BillPaid,
    CreditExceedsOpen,
    CreditNoteReversed,
    DocumentNotOpen,
    InvoicePaid,
    LineNotOnBill,
    LineNotOnInvoice,
    SupplierCreditExceedsOpen,
    SupplierCreditReversed,
)
from voyagent.billing.core.models.bills import Bill, BillLine, BillTax
from voyagent.billing.core.models.credits import (
    CreditNote,
    CreditNoteLine,
    CreditNoteTax,
    SupplierCredit,
    SupplierCreditLine,
    SupplierCreditTax,
)
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine, InvoiceTax
from voyagent.kernel.errors import Conflict

Credit = TypeVar("Credit", CreditNote, SupplierCredit)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditKind(Generic[Credit]):
    """Credit notes or supplier credits: their tables, and their names in ledger and audit log.

    `number` is the column with the number of the credit; `title` names the kind in the narration of
    journal entries. The last four attributes are the errors that refuse a credit or its reversal.
    """

    name: str
    title: str
    purpose: str
    permission: str
    number: str
    model: type[Credit]
    line: type[CreditNoteLine | SupplierCreditLine]
    tax: type[CreditNoteTax | SupplierCreditTax]
    nothing_open: type[DocumentNotOpen]
    no_such_line: type[LineNotOnInvoice]
    exceeds_open: type[CreditExceedsOpen]
    already_reversed: type[Conflict]

    @property
    def key(self) -> str:
        """Column of the credit's id in the tables of its lines and taxes."""
        return f"{self.name}_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """Invoices or bills: their tables, and their names in ledger and audit log.

    `number` is the column with the number of the document.
    """

    name: Literal["invoice", "bill"]
    number: str
    line: type[InvoiceLine | BillLine]
    tax: type[InvoiceTax | BillTax]
    credit: CreditKind[Any]

    @property
    def key(self) -> str:
        """Column of the document's id in the tables of its lines, taxes and credits."""
        return f"{self.name}_id"


CREDIT_NOTE = CreditKind(
    name="credit_note",
    title="credit note",
    purpose="issue",
    permission="invoice.credit",
    number="number",
    model=CreditNote,
    line=CreditNoteLine,
    tax=CreditNoteTax,
    nothing_open=InvoicePaid,
    no_such_line=LineNotOnInvoice,
    exceeds_open=CreditExceedsOpen,
    already_reversed=CreditNoteReversed,
)
SUPPLIER_CREDIT = CreditKind(
    name="supplier_credit",
    title="supplier credit note",
    purpose="enter",
    permission="bill.credit",
    number="vendor_reference",
    model=SupplierCredit,
    line=SupplierCreditLine,
    tax=SupplierCreditTax,
    nothing_open=BillPaid,
    no_such_line=LineNotOnBill,
    exceeds_open=SupplierCreditExceedsOpen,
    already_reversed=SupplierCreditReversed,
)
INVOICE = DocumentKind(
    name="invoice", number="number", line=InvoiceLine, tax=InvoiceTax, credit=CREDIT_NOTE
)
BILL = DocumentKind(
    name="bill", number="vendor_reference", line=BillLine, tax=BillTax, credit=SUPPLIER_CREDIT
)


def kind_of(document: Invoice | Bill) -> DocumentKind:
    """Return the kind of a document."""
    return INVOICE if isinstance(document, Invoice) else BILL


def number_of(document: Invoice | Bill) -> str | None:
    """Return the number of an invoice (None for a draft), or the reference of a bill."""
    number: str | None = getattr(document, kind_of(document).number)
    return number
