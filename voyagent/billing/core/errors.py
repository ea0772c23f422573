"""Errors shared by several billing documents."""

from __future__ import annotations

from datetime import date

from voyagent.kernel.errors import (
    N_,
    Conflict,
    Invalid,
    NotFound,
    PreconditionFailed,
    Unprocessable,
)
from voyagent.kernel.money import InvalidAmount, Money, spoken


class InvoiceNotDraft(Conflict):
    """The invoice is no longer a draft: it has been issued."""

    code = "invoice_not_draft"
    message = N_("This invoice is already issued.")


class BillNotDraft(Conflict):
    """The bill is no longer a draft: it has been received."""

    code = "bill_not_draft"
    message = N_("This bill is already received.")


class BillNotReceived(Conflict):
    """The bill is a draft or void."""

    code = "bill_not_received"
    message = N_("This bill is a draft or void. Only a received bill is matched again.")


class DraftChanged(PreconditionFailed):
    """The draft was changed by another request after the caller had read it."""

    code = "draft_changed"
    message = N_("This draft was changed after you opened it. Reload it, then repeat your changes.")


class CustomerNameRequired(Unprocessable):
    """The name of the customer or supplier is missing or longer than 255 characters."""

    code = "customer_name_required"
    message = N_("Enter the customer or supplier, in at most 255 characters.")


class InvalidLine(Unprocessable):
    """A document line has an invalid description or quantity.

    A quantity is above 0, at most 1,000,000, and has at most 3 decimals.
    """

    code = "invalid_line"
    message = N_(
        "Each line needs a description of at most 500 characters, and a quantity above 0 and at"
        " most 1,000,000, with at most 3 decimals."
    )


class LinePlaceNotAllowed(Unprocessable):
    """A line has a place of supply of its own, which the law does not allow for it.

    For such a line the law takes the state of the customer, or the line is not taxed.
    """

    code = "line_place_not_allowed"
    message = N_(
        "Only the line of a room, or of a journey sold to a customer without a GSTIN, has a place"
        " of supply of its own. Leave the place of the other lines empty."
    )


class PlacesDiffer(Conflict):
    """The lines of a document have several places of supply; the law allows one."""

    code = "places_of_supply_differ"
    message = N_(
        "The lines have different places of supply, and an invoice has one. Split the draft first."
    )


class SuppliesDiffer(Conflict):
    """The lines of a document with one place need several documents by law.

    These are exports and supplies to an SEZ beside other sales, and exempt sales beside taxed ones
    to a customer with a GSTIN (Rules 46 and 49 of the CGST Rules).
    """

    code = "supplies_differ"
    message = N_(
        "The law asks for an invoice of their own for exports, for supplies to an SEZ, and for"
        " exempt sales to a customer with a GSTIN. Split the draft first."
    )


class TreatmentNotForCustomer(Conflict):
    """The tax treatment of a line is not for this customer.

    An export is for a customer without a GSTIN, and a supply to an SEZ for one with it.
    """

    code = "tax_not_for_customer"
    message = N_(
        "This tax does not fit the customer. An export is for a customer without a GSTIN; a supply"
        " to an SEZ needs the GSTIN of the customer."
    )


class InvalidServiceCode(Unprocessable):
    """A service code (SAC) is not valid, or shorter than the agency's setting says."""

    code = "service_code_invalid"
    message = N_("Enter a SAC of 6 digits that begins with 99, or of 4 if Settings allow it.")


class DiscountOutOfRange(Unprocessable):
    """The discount of a document line is negative or above quantity times unit price."""

    code = "discount_out_of_range"
    message = N_("The discount can’t be negative or more than quantity times rate.")


class BasicFareOutOfRange(Unprocessable):
    """The basic fare is negative or above the amount of its document line."""

    code = "basic_fare_out_of_range"
    message = N_("The basic fare can’t be more than the line amount.")


class CommissionOutOfRange(Unprocessable):
    """The commission is negative or above the amount before tax of its invoice line."""

    code = "commission_out_of_range"
    message = N_("The commission can’t be more than the line amount before tax.")


class CommissionNotAgent(Unprocessable):
    """A commission is given for an invoice line that is not sold as agent."""

    code = "commission_not_agent"
    message = N_("Only a line sold as agent can have a commission.")


class ServiceDatesInverted(Unprocessable):
    """A service has a last day that is before its first day, or no first day."""

    code = "service_dates_inverted"
    message = N_(
        "A service can’t end before its first day. Enter both days, or the first day only."
    )


class ServiceTooLong(Unprocessable):
    """A service lasts more than three years."""

    code = "service_too_long"
    message = N_("A service lasts at most three years. Check its last day.")


class BasicFareRequired(Unprocessable):
    """An invoice line is taxed on its basic fare, which is missing."""

    code = "basic_fare_required"
    message = N_("Enter the basic fare of each line that is taxed on it.")


class TaxNumberMissing(Conflict):
    """The document has taxes, but the agency has no tax number."""

    code = "agency_tax_number_required"
    message = N_("Enter the agency’s tax number in Settings before you add tax.")


class TaxInAnotherCurrency(Conflict):
    """The document has taxes, but its currency is not that of the agency's country."""

    code = "tax_currency"
    message = N_("Tax can be added only in the currency of the agency’s country.")


class TaxComponentUnknown(Invalid):
    """The agency's country does not have this tax component on the date of the bill."""

    code = "tax_component_unknown"
    message = N_("This tax does not apply in the agency’s country on the date of the bill.")


class TaxAboveLine(InvalidAmount):
    """The taxes printed on a bill line are together above the amount of the line."""

    message = N_("The tax on a line can’t be more than the line amount.")


class NoLines(Unprocessable):
    """The document has no lines, or more than 200."""

    code = "invalid_line_items"
    message = N_("A document has from 1 to 200 lines.")


class TotalOutOfRange(Unprocessable):
    """The total of the lines is zero, or above the limit of the ledger."""

    code = "total_out_of_range"
    message = N_("The total must be above zero and within the ledger’s limit.")


class InvalidDate(Invalid):
    """A date is outside 1900 to 2200; subclasses are for other invalid dates."""

    code = "invalid_date"
    message = N_("Use a date between 1900 and 2200.")


class DueBeforeIssue(InvalidDate):
    """The due date is before the issue date."""

    message = N_("The due date can’t be before the issue date.")


class DateInFuture(InvalidDate):
    """The date of a document, payment or correction is after today.

    Today is the date in the agency's time zone.
    """

    code = "date_in_future"
    message = N_("This date is in the future. Enter today or an earlier date.")


class DateTooEarly(InvalidDate):
    """The date is before the date of the document, the payment or the last reversal."""

    message = N_(
        "This date is too early. Enter the date of the document or payment, or a later one. If a"
        " part of it was reversed, enter the date of the reversal or a later one."
    )


class NeedsReason(Conflict):
    """The act is unusual, so the request must confirm it with a reason."""


class DocumentOutOfOrder(NeedsReason):
    """A document of the series has a later date in the same financial year.

    `number` and `day` are the number and the issue date of that document. The member
    `out_of_order_reason` of the request confirms the date.
    """

    code = "document_out_of_order"
    message = N_(
        "A document with a later date is already issued in this series. To issue this one out of"
        " order, enter the reason."
    )

    def __init__(self, number: str, day: date) -> None:
        super().__init__()
        self.further = (
            N_("The last one is %(number)s of %(day)s."),
            {"number": number, "day": day},
        )


class InputTaxAboveRate(NeedsReason):
    """A bill line claims more tax than the highest rate of the day allows.

    `line_no` is the number of the line, `printed` its tax, and `highest` the tax at that rate. The
    member `input_tax_reason` of the request confirms the tax.
    """

    code = "input_tax_above_rate"
    message = N_(
        "The tax that is credited to us is more than the highest rate of this day gives. Check the"
        " bill, or enter the reason."
    )

    def __init__(self, line_no: int, printed: Money, highest: Money) -> None:
        super().__init__()
        self.further = (
            N_("Line %(line)s has a tax of %(printed)s; at the highest rate it is %(highest)s."),
            {
                "line": str(line_no),
                "printed": spoken(printed.wire, printed.currency),
                "highest": spoken(highest.wire, highest.currency),
            },
        )


class ChargeTaxAboveRate(NeedsReason):
    """The tax on a charge of a bank or gateway is above the highest rate of the day.

    `tax` is the entered tax, and `highest` the tax on the fee at that rate. The member
    `deduction_reason` of the request confirms the tax.
    """

    code = "charge_tax_above_rate"
    message = N_(
        "The tax on the fee is credited to us, and is more than the highest rate of this day gives."
        " Check the fee and the tax, or enter the reason."
    )

    def __init__(self, tax: Money, highest: Money) -> None:
        super().__init__()
        self.further = (
            N_("The tax is %(tax)s; at the highest rate it is %(highest)s."),
            {
                "tax": spoken(tax.wire, tax.currency),
                "highest": spoken(highest.wire, highest.currency),
            },
        )


class DeductionAboveUsual(NeedsReason):
    """A charge or deducted tax is a larger share of a payment or payout than usual.

    `kept` is the charge or tax, and `whole` the amount with it. `usual_percent` is the highest
    usual share, and `basis` a sentence that has all three as placeholders. The member
    `deduction_reason` of the request confirms the deduction.
    """

    code = "deduction_above_usual"
    message = N_(
        "An unusually large part of this amount was deducted. Check the amounts, or enter the"
        " reason. If the rest will not be paid, write it off instead."
    )

    def __init__(self, basis: str, kept: Money, whole: Money, usual_percent: int) -> None:
        super().__init__()
        self.further = (
            basis,
            {
                "kept": spoken(kept.wire, kept.currency),
                "whole": spoken(whole.wire, whole.currency),
                "percent": str(usual_percent),
            },
        )


class BillVariance(NeedsReason):
    """A bill differs from the expected amount by more than the tolerance.

    `line_no` is the number of the line. `billed` is the amount billed for the expected bill so far,
    this bill included, and `expected` the expected amount. The member `variance_reason` of the
    request confirms the difference.
    """

    code = "bill_variance"
    message = N_(
        "The bill differs from the booked cost by more than the tolerance. Check the bill, or enter"
        " the reason."
    )

    def __init__(self, line_no: int, billed: Money, expected: Money) -> None:
        super().__init__()
        self.further = (
            N_("Line %(line)s is billed at %(billed)s; %(expected)s was expected."),
            {
                "line": str(line_no),
                "billed": spoken(billed.wire, billed.currency),
                "expected": spoken(expected.wire, expected.currency),
            },
        )


class ExpectedBillNotFound(NotFound):
    """The agency has no expected bill with this id."""

    code = "expected_bill_not_found"
    message = N_("We could not find that expected bill.")


class ExpectedBillNotOpen(Conflict):
    """The expected bill is matched or released."""

    code = "expected_bill_not_open"
    message = N_("This bill is not expected any more: it was billed, or its service was cancelled.")


class ExpectedBillsDiffer(Unprocessable):
    """The expected bills are of several suppliers or currencies.

    Or they are of another supplier or currency than the bill.
    """

    code = "expected_bills_differ"
    message = N_("Choose expected bills of one supplier, in the currency of the bill.")


class MatchExceedsLine(Conflict):
    """The matched amounts of a bill line are more than its cost."""

    code = "match_exceeds_line"
    message = N_("More is matched than the cost of the line of the bill.")


class PlannedInPast(InvalidDate):
    """The planned payment date of a bill is before today or before the issue date."""

    message = N_("The planned payment date can’t be in the past or before the issue date.")


class InvalidInstalments(Unprocessable):
    """There is only one instalment, there are over 36, or an amount is not above zero."""

    code = "invalid_instalments"
    message = N_("Enter 2 to 36 instalments, each above zero.")


class InvalidInstalmentDates(Unprocessable):
    """The due dates of instalments do not increase, or do not fit the document.

    The first due date must not be before the issue date, and must be equal to the due date of the
    document if that is given. The last due date must not be after 2200.
    """

    code = "invalid_instalment_dates"
    message = N_(
        "Each instalment must be due after the one before it, and the first not before the issue"
        " date. The due date is that of the first."
    )


class InvalidInstalmentAmount(Unprocessable):
    """The amount of an instalment has more decimals than the document's currency."""

    code = "invalid_instalment_amount"
    message = N_("An instalment has more decimals than the document’s currency allows.")


class InstalmentsDoNotAddUp(Unprocessable):
    """The instalments do not add up to the document's total, taxes included."""

    code = "instalments_do_not_add_up"
    message = N_("The instalments do not add up to the document total, including tax.")


class CustomerCreditUnused(Conflict):
    """A customer credit must first settle the open invoice from which it came.

    A write-off of the invoice and a refund of the credit raise it.
    """

    code = "customer_credit_unused"
    message = N_(
        "The invoice is open again, and a credit note on it left a credit of the customer. Allocate"
        " that credit to the invoice first."
    )


class DocumentNotOpen(Conflict):
    """The document has no open amount: it is a draft, paid or void."""

    code = "document_not_open"
    message = N_("This document has no amount due, so it can’t be paid or credited.")


class BillPaid(DocumentNotOpen):
    """A paid bill cannot be credited, because it has no open amount.

    A refund that the supplier owes for it is entered as a claim (`open_claim`).
    """

    message = N_(
        "This bill has no amount due. If the supplier owes you a refund, record it as a claim on"
        " the bill."
    )


class DocumentNotVoidable(Conflict):
    """The document cannot be voided.

    The document is not posted, is already void, or has payments, credits, a claim or a debit note,
    or a cancellation has kept a part of one of its lines.
    """

    code = "document_not_voidable"
    message = N_(
        "Only a posted document without payments, credit notes or a cancellation can be voided."
    )


class ReasonRequired(Unprocessable):
    """A reason is required, for example to void or to credit a document."""

    code = "reason_required"
    message = N_("Enter a reason.")


class LineNotOnInvoice(Unprocessable):
    """The invoice has no line with this number."""

    code = "line_not_on_invoice"
    message = N_("The invoice has no such line.")


class LineNotOnBill(LineNotOnInvoice):
    """The bill has no line with this number."""

    code = "line_not_on_bill"
    message = N_("The bill has no such line.")


class LineAlreadyNamed(Unprocessable):
    """The request credits the same line of the document twice."""

    code = "line_already_named"
    message = N_("Enter each line only once.")


class CreditExceedsLine(Conflict):
    """The amount to credit is above the part of the line that is not credited yet."""

    code = "credit_exceeds_line"
    message = N_("This is more than the amount not yet credited on this line.")


class SupplierCreditExceedsOpen(Conflict):
    """The amount to credit is above the open amount of the bill.

    A refund that the supplier owes beyond that amount is entered as a claim (`open_claim`).
    """

    code = "credit_exceeds_open"
    message = N_(
        "This is more than the amount due on this bill. If the supplier owes you a refund of what"
        " is paid, record it as a claim on the bill."
    )


class ClaimReceived(Conflict):
    """A supplier credit cannot be reversed, because a part of its claim is settled."""

    code = "claim_received"
    message = N_(
        "Money came in for this claim, or a part of it is given up. Reverse its receipts first."
    )


class CreditNoteReversed(Conflict):
    """The credit note is already reversed; a reversal is final."""

    code = "credit_note_reversed"
    message = N_("This credit note is already reversed.")


class SupplierCreditReversed(Conflict):
    """The supplier credit is already reversed; a reversal is final."""

    code = "supplier_credit_reversed"
    message = N_("This supplier credit note is already reversed.")


class FormerNumberRequired(Unprocessable):
    """The former number of an imported document is missing or too long.

    The former number is the document's number in the earlier program.
    """

    code = "former_number_required"
    message = N_("Enter its previous number, in at most 128 characters.")


class TextTooLong(Unprocessable):
    """A reference, reason or note is longer than allowed."""

    code = "text_too_long"
    message = N_(
        "A reference has at most 128 characters, a reason at most 500, notes at most 2,000."
    )
