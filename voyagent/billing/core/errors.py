"""Errors that several documents share."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid, PreconditionFailed, Unprocessable
from voyagent.kernel.money import InvalidAmount


class DraftChanged(PreconditionFailed):
    """The draft has changed since the caller read it."""

    code = "draft_changed"
    message = N_("This draft was changed after you opened it. Reload it, then repeat your changes.")


class CustomerNameRequired(Unprocessable):
    """The document has no party."""

    code = "customer_name_required"
    message = N_("Enter the customer or supplier, in at most 255 characters.")


class InvalidLine(Unprocessable):
    """A line without a description, or with a quantity that is not a positive whole number."""

    code = "invalid_line"
    message = N_(
        "Each line needs a description of at most 500 characters and a quantity from 1 to"
        " 1,000,000."
    )


class BasicFareOutOfRange(Unprocessable):
    """The basic fare is negative or above the line's amount."""

    code = "basic_fare_out_of_range"
    message = N_("The basic fare can’t be more than the line amount.")


class CommissionOutOfRange(Unprocessable):
    """The commission is negative or above the line's amount before tax."""

    code = "commission_out_of_range"
    message = N_("The commission can’t be more than the line amount before tax.")


class CommissionNotAgent(Unprocessable):
    """Only agency lines have a commission."""

    code = "commission_not_agent"
    message = N_("Only a line sold as agent can have a commission.")


class BasicFareRequired(Unprocessable):
    """The line's tax needs its basic fare."""

    code = "basic_fare_required"
    message = N_("Enter the basic fare of each line that is taxed on it.")


class TaxNumberMissing(Conflict):
    """The agency has no tax number that determines its country."""

    code = "agency_tax_number_required"
    message = N_("Enter the agency’s tax number in Settings before you add tax.")


class TaxInAnotherCurrency(Conflict):
    """Taxes need the currency of their country."""

    code = "tax_currency"
    message = N_("Tax can be added only in the currency of the agency’s country.")


class TaxComponentUnknown(Invalid):
    """The component is no tax of the agency's country on that day."""

    code = "tax_component_unknown"
    message = N_("This tax does not apply in the agency’s country on the date of the bill.")


class TaxAboveLine(InvalidAmount):
    """The printed taxes exceed their line."""

    message = N_("The tax on a line can’t be more than the line amount.")


class NoLines(Unprocessable):
    """The document has no lines, or too many."""

    code = "invalid_line_items"
    message = N_("A document has from 1 to 200 lines.")


class TotalOutOfRange(Unprocessable):
    """The lines add up to zero, or to more than the ledger holds."""

    code = "total_out_of_range"
    message = N_("The total must be above zero and within the ledger’s limit.")


class InvalidDate(Invalid):
    """The due date is before the issue, or a day is outside 1900 to 2200 or in the future."""

    code = "invalid_date"
    message = N_(
        "The due date can’t be before the issue date, and the payment date must be between the"
        " issue date and today."
    )


class InvalidInstalments(Unprocessable):
    """One instalment, too many, or one of zero."""

    code = "invalid_instalments"
    message = N_("Enter 2 to 36 instalments, each above zero.")


class InvalidInstalmentDates(Unprocessable):
    """Instalments out of order, before the issue, or against the due date."""

    code = "invalid_instalment_dates"
    message = N_(
        "Each instalment must be due after the one before it, and the first not before the issue"
        " date. The due date is that of the first."
    )


class InvalidInstalmentAmount(Unprocessable):
    """An instalment's amount is invalid in the document's currency."""

    code = "invalid_instalment_amount"
    message = N_("An instalment has more decimals than the document’s currency allows.")


class InstalmentsDoNotAddUp(Unprocessable):
    """The instalments do not add up to the document's total, taxes included."""

    code = "instalments_do_not_add_up"
    message = N_("The instalments do not add up to the document total, including tax.")


class DocumentNotOpen(Conflict):
    """The document is not issued, or it is paid or void."""

    code = "document_not_open"
    message = N_("This document has no amount due, so it can’t be paid or credited.")


class InvoicePaid(DocumentNotOpen):
    """Credit of a fully paid invoice; the payment is deallocated first."""

    message = N_(
        "This invoice has no amount due. To credit a paid amount, reverse the payment’s"
        " allocation first; it becomes an advance. Then issue the credit note and refund the"
        " advance."
    )


class BillPaid(DocumentNotOpen):
    """Supplier credit of a fully paid bill; the payment is deallocated first."""

    message = N_(
        "This bill has no amount due. To credit a paid amount, reverse the payment’s allocation"
        " first; it becomes an advance. Then enter the credit note, and record the refund once"
        " the supplier pays it."
    )


class DocumentNotVoidable(Conflict):
    """Only an issued or received document without payments and credits can be voided, once."""

    code = "document_not_voidable"
    message = N_("Only a posted document without payments or credit notes can be voided.")


class ReasonRequired(Unprocessable):
    """Voiding and crediting need a reason."""

    code = "reason_required"
    message = N_("Enter a reason.")


class LineNotOnInvoice(Unprocessable):
    """The invoice has no such line."""

    code = "line_not_on_invoice"
    message = N_("The invoice has no such line.")


class LineAlreadyNamed(Unprocessable):
    """The credit names a line twice."""

    code = "line_already_named"
    message = N_("Enter each line only once.")


class CreditExceedsLine(Conflict):
    """The amount exceeds the uncredited part of the line."""

    code = "credit_exceeds_line"
    message = N_("This is more than the amount not yet credited on this line.")


class CreditExceedsOpen(Conflict):
    """The amount exceeds what is open; a payment is deallocated first."""

    code = "credit_exceeds_open"
    message = N_(
        "This is more than the amount due on this invoice. To credit a paid amount, reverse the"
        " payment’s allocation first; it becomes an advance. Then issue the credit note and"
        " refund the advance."
    )


class FormerNumberRequired(Unprocessable):
    """An imported document needs its former number."""

    code = "former_number_required"
    message = N_("Enter its previous number, in at most 128 characters.")


class TextTooLong(Unprocessable):
    """A reference, reason or note is too long."""

    code = "text_too_long"
    message = N_(
        "A reference has at most 128 characters, a reason at most 500, notes at most 2,000."
    )
