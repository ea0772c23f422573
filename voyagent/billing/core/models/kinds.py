"""Kinds of billing documents and of credits: their tables and their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from voyagent.billing.core.errors import (
    BillNotDraft,
    CreditNoteReversed,
    InvoiceNotDraft,
    LineNotOnBill,
    LineNotOnInvoice,
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
from voyagent.billing.core.rules import CONTROL
from voyagent.kernel.errors import Conflict

Credit = TypeVar("Credit", CreditNote, SupplierCredit)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditKind(Generic[Credit]):
    """One of the two kinds of credit: credit notes or supplier credits.

    `name` and `purpose` identify the origin of a journal entry; `title` names the kind in the
    narration. `permission` is needed to enter or to reverse a credit. `number` is the name of the
    column with the credit's number. `document_number` is the name of the column with the number of
    the credited invoice or bill.
    """

    name: str
    title: str
    purpose: str
    permission: str
    number: str
    document_number: str
    model: type[Credit]
    line: type[CreditNoteLine | SupplierCreditLine]
    tax: type[CreditNoteTax | SupplierCreditTax]
    no_such_line: type[LineNotOnInvoice]
    already_reversed: type[Conflict]

    @property
    def key(self) -> str:
        """Name of the column with the credit's id in the tables of lines and taxes."""
        return f"{self.name}_id"


AnyCreditKind: TypeAlias = CreditKind[CreditNote] | CreditKind[SupplierCredit]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """One of the two kinds of document: invoices or bills.

    `name` and `purpose` identify the origin of a journal entry; `purpose` is the act that posts a
    draft. `number` is the column with the document's number. `party` is the key of the party's name
    in requests and audit events, and `party_kind` the kind of that party.
    """

    name: Literal["invoice", "bill"]
    purpose: Literal["issue", "receive"]
    party: str
    party_kind: Literal["customer", "supplier"]
    number: str
    model: type[Invoice | Bill]
    line: type[InvoiceLine | BillLine]
    tax: type[InvoiceTax | BillTax]
    credit: AnyCreditKind
    not_draft: type[Conflict]

    @property
    def key(self) -> str:
        """Name of the column with the document's id in tables of lines and credits."""
        return f"{self.name}_id"

    @property
    def account(self) -> str:
        """Key of the account of open documents."""
        return CONTROL["in" if self.name == "invoice" else "out"][0]

    @property
    def authority(self) -> str:
        """Permission to post a draft."""
        return f"{self.name}.{self.purpose}"


CREDIT_NOTE = CreditKind(
    name="credit_note",
    title="credit note",
    purpose="issue",
    permission="invoice.credit",
    number="number",
    document_number="invoice_number",
    model=CreditNote,
    line=CreditNoteLine,
    tax=CreditNoteTax,
    no_such_line=LineNotOnInvoice,
    already_reversed=CreditNoteReversed,
)
SUPPLIER_CREDIT = CreditKind(
    name="supplier_credit",
    title="supplier credit note",
    purpose="enter",
    permission="bill.credit",
    number="vendor_reference",
    document_number="bill_reference",
    model=SupplierCredit,
    line=SupplierCreditLine,
    tax=SupplierCreditTax,
    no_such_line=LineNotOnBill,
    already_reversed=SupplierCreditReversed,
)
INVOICE = DocumentKind(
    name="invoice",
    purpose="issue",
    party="customer_name",
    party_kind="customer",
    number="number",
    model=Invoice,
    line=InvoiceLine,
    tax=InvoiceTax,
    credit=CREDIT_NOTE,
    not_draft=InvoiceNotDraft,
)
BILL = DocumentKind(
    name="bill",
    purpose="receive",
    party="vendor_name",
    party_kind="supplier",
    number="vendor_reference",
    model=Bill,
    line=BillLine,
    tax=BillTax,
    credit=SUPPLIER_CREDIT,
    not_draft=BillNotDraft,
)


def kind_of(document: Invoice | Bill) -> DocumentKind:
    """Return the kind of a document."""
    return INVOICE if isinstance(document, Invoice) else BILL


def number_of(document: Invoice | Bill) -> str | None:
    """Return the number of an invoice (None for a draft), or the reference of a bill."""
    number: str | None = getattr(document, kind_of(document).number)
    return number
