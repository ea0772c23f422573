"""The ways in which a document is refused."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid, PreconditionFailed, Unprocessable
from voyagent.kernel.money import InvalidAmount


class DraftChanged(PreconditionFailed):
    """The caller has seen an older state of a draft than the one that stands now."""

    code = "draft_changed"
    message = N_("This draft was changed after you opened it. Reload it, then repeat your changes.")


class CustomerNameRequired(Unprocessable):
    """A document is for somebody."""

    code = "customer_name_required"
    message = N_("Enter the customer or supplier, in at most 255 characters.")


class InvalidLine(Unprocessable):
    """A line without words, or with a quantity that is no whole number from 1 on."""

    code = "invalid_line"
    message = N_(
        "Each line needs a description of at most 500 characters and a quantity from 1 to"
        " 1,000,000."
    )


class BasicFareOutOfRange(Unprocessable):
    """A basic fare below zero or above what its line comes to."""

    code = "basic_fare_out_of_range"
    message = N_("The basic fare can’t be more than the line amount.")


class CommissionOutOfRange(Unprocessable):
    """A commission below zero or above what its line comes to before tax."""

    code = "commission_out_of_range"
    message = N_("The commission can’t be more than the line amount before tax.")


class CommissionNotAgent(Unprocessable):
    """A commission on a line that is not sold as agent: such a line is revenue whole."""

    code = "commission_not_agent"
    message = N_("Only a line sold as agent can have a commission.")


class BasicFareRequired(Unprocessable):
    """A line is taxed on its basic fare and does not say it."""

    code = "basic_fare_required"
    message = N_("Enter the basic fare of each line that is taxed on it.")


class TaxNumberMissing(Conflict):
    """The agency has no tax number by which anybody could tell whose taxes it charges."""

    code = "agency_tax_number_required"
    message = N_("Enter the agency’s tax number in Settings before you add tax.")


class TaxInAnotherCurrency(Conflict):
    """Taxes are reckoned in the currency of their country."""

    code = "tax_currency"
    message = N_("Tax can be added only in the currency of the agency’s country.")


class TaxComponentUnknown(Invalid):
    """A component that is no tax of the agency's country on the day of the document."""

    code = "tax_component_unknown"
    message = N_("This tax does not apply in the agency’s country on the date of the bill.")


class TaxAboveLine(InvalidAmount):
    """Taxes printed on a line that come to more than what they are on."""

    message = N_("The tax on a line can’t be more than the line amount.")


class NoLines(Unprocessable):
    """A document without a line, or with more than a document can hold."""

    code = "invalid_line_items"
    message = N_("A document has from 1 to 200 lines.")


class TotalOutOfRange(Unprocessable):
    """Lines that add up to nothing, or to more than the books hold."""

    code = "total_out_of_range"
    message = N_("The total must be above zero and within the ledger’s limit.")


class InvalidDate(Invalid):
    """Due before issue, a day outside 1900 to 2200, or a payment before its document or in the
    future.
    """

    code = "invalid_date"
    message = N_(
        "The due date can’t be before the issue date, and the payment date must be between the"
        " issue date and today."
    )


class InvalidInstalments(Unprocessable):
    """A plan of one instalment, or of too many, or one that asks for nothing."""

    code = "invalid_instalments"
    message = N_("Enter 2 to 36 instalments, each above zero.")


class InvalidInstalmentDates(Unprocessable):
    """Instalments that are not due one after the other, or the first before the document is issued,
    or a due date beside them that is another.
    """

    code = "invalid_instalment_dates"
    message = N_(
        "Each instalment must be due after the one before it, and the first not before the issue"
        " date. The due date is that of the first."
    )


class InvalidInstalmentAmount(Unprocessable):
    """An instalment whose amount is none of the document's currency."""

    code = "invalid_instalment_amount"
    message = N_("An instalment has more decimals than the document’s currency allows.")


class InstalmentsDoNotAddUp(Unprocessable):
    """Instalments that come to another amount than the document is over, taxes included."""

    code = "instalments_do_not_add_up"
    message = N_("The instalments do not add up to the document total, including tax.")


class InvoiceNumberConflict(Conflict):
    """A number that was asked for, or that stands already: numbers come from one unbroken series,
    at issue.
    """

    code = "invoice_number_conflict"
    message = N_(
        "An invoice gets the next number of its series on issue. The number can’t be chosen."
    )


class NumberIsNotNext(InvoiceNumberConflict):
    """A number was named, and it is not the one that issuing would give."""

    message = N_(
        "This is not the next number of its year. Create the invoice as a draft; it gets the"
        " right number on issue."
    )


class InvoiceNotSendable(Conflict):
    """A draft or a void invoice."""

    code = "invoice_not_sendable"
    message = N_("Only an issued invoice that is not void can be sent.")


class InvoiceNotDraft(Conflict):
    """It has been issued already."""

    code = "invoice_not_draft"
    message = N_("This invoice is already issued.")


class BillNotDraft(Conflict):
    """It has been received already."""

    code = "bill_not_draft"
    message = N_("This bill is already received.")


class BillNotScheduled(Conflict):
    """There is no day to take off."""

    code = "bill_not_scheduled"
    message = N_("No payment is scheduled for this bill.")


class DocumentNotOpen(Conflict):
    """A payment or a credit for what is not issued, or is paid or void."""

    code = "document_not_open"
    message = N_("This document has no amount due, so it can’t be paid or credited.")


class InvoicePaid(DocumentNotOpen):
    """A credit of an invoice on which money stands and nothing is open: what was paid is taken off
    it first.
    """

    message = N_(
        "This invoice has no amount due. To credit a paid amount, reverse the payment’s"
        " allocation first; it becomes an advance. Then issue the credit note and refund the"
        " advance."
    )


class BillPaid(DocumentNotOpen):
    """A supplier's credit of a bill on which money stands and nothing is open, in the same way."""

    message = N_(
        "This bill has no amount due. To credit a paid amount, reverse the payment’s allocation"
        " first; it becomes an advance. Then enter the credit note, and record the refund once"
        " the supplier pays it."
    )


class DocumentNotVoidable(Conflict):
    """Void is only what is issued, or received, and on which nothing was paid or credited; and only
    once.
    """

    code = "document_not_voidable"
    message = N_("Only a posted document without payments or credit notes can be voided.")


class ReasonRequired(Unprocessable):
    """Nothing is made void or credited without a word why."""

    code = "reason_required"
    message = N_("Enter a reason.")


class LineNotOnInvoice(Unprocessable):
    """A credit of a line that the invoice does not have."""

    code = "line_not_on_invoice"
    message = N_("The invoice has no such line.")


class LineNotOnBill(LineNotOnInvoice):
    """A credit of a line that the bill does not have."""

    code = "line_not_on_bill"
    message = N_("The bill has no such line.")


class LineAlreadyNamed(Unprocessable):
    """A credit that names a line twice."""

    code = "line_already_named"
    message = N_("Enter each line only once.")


class CreditExceedsLine(Conflict):
    """More than a line is over, less what was credited of it before."""

    code = "credit_exceeds_line"
    message = N_("This is more than the amount not yet credited on this line.")


class CreditExceedsOpen(Conflict):
    """More than is still open: what was paid is taken off the invoice first."""

    code = "credit_exceeds_open"
    message = N_(
        "This is more than the amount due on this invoice. To credit a paid amount, reverse the"
        " payment’s allocation first; it becomes an advance. Then issue the credit note and"
        " refund the advance."
    )


class SupplierCreditExceedsOpen(CreditExceedsOpen):
    """More than is still owed: what was paid is taken off the bill first."""

    message = N_(
        "This is more than the amount due on this bill. To credit a paid amount, reverse the"
        " payment’s allocation first; it becomes an advance. Then enter the credit note, and"
        " record the refund once the supplier pays it."
    )


class SupplierCreditTaken(Conflict):
    """The supplier's number is on another credit of theirs: the same paper was entered before."""

    code = "supplier_credit_taken"
    message = N_("A credit note of this supplier with this reference already exists.")


class WriteOffExceedsOpen(Conflict):
    """More than is still open."""

    code = "write_off_exceeds_open"
    message = N_("This is more than the amount due on this invoice.")


class WriteOffTakenBack(Conflict):
    """A write-off is taken back once, and what takes it back is not taken back in turn: it is
    written off anew.
    """

    code = "write_off_taken_back"
    message = N_("This write-off is already reversed.")


class WriteOffRequested(Conflict):
    """Somebody has asked for it already, and that waits for a decision or is being carried out."""

    code = "write_off_requested"
    message = N_(
        "A write-off of this invoice is already waiting for approval. Decide that request first."
    )


class CreditNoteReversed(Conflict):
    """A credit note is reversed once, and the reversal is not undone: what is credited after all is
    credited anew.
    """

    code = "credit_note_reversed"
    message = N_("This credit note is already reversed.")


class SupplierCreditReversed(Conflict):
    """A supplier's credit is reversed once, and the reversal is not undone: what is credited after
    all is entered anew.
    """

    code = "supplier_credit_reversed"
    message = N_("This supplier credit note is already reversed.")


class VendorReferenceTaken(Conflict):
    """The supplier's reference is on another bill that is not void: the same paper was entered
    before.
    """

    code = "vendor_reference_taken"
    message = N_("A bill with this reference already exists.")


class VendorReferenceRequired(Unprocessable):
    """A bill is known by the supplier's own reference."""

    code = "vendor_reference_required"
    message = N_("Enter the supplier’s reference, in at most 64 characters.")


class FormerNumberRequired(Unprocessable):
    """An invoice or a payment that is brought forward is known by the number that it had."""

    code = "former_number_required"
    message = N_("Enter its previous number, in at most 128 characters.")


class FormerPaymentTaken(Conflict):
    """A payment with that former number was brought forward already."""

    code = "former_payment_taken"
    message = N_("A payment with this number is already imported.")


class FormerNumberTaken(Conflict):
    """An invoice with that former number was brought forward already."""

    code = "former_number_taken"
    message = N_("An invoice with this number is already imported.")


class TextTooLong(Unprocessable):
    """A reference, a reason or notes beyond what a document holds."""

    code = "text_too_long"
    message = N_(
        "A reference has at most 128 characters, a reason at most 500, notes at most 2,000."
    )
