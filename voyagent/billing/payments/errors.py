"""Errors of payments, allocations and refunds."""

from __future__ import annotations

from voyagent.billing.core.errors import NeedsReason
from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable
from voyagent.kernel.money import MixedCurrencies, Money, spoken


class PaymentNotFound(NotFound):
    """The agency has no payment with this id."""

    code = "payment_not_found"
    message = N_("We could not find that payment.")


class AllocationNotFound(NotFound):
    """There is no allocation with this id, or it belongs to another payment."""

    code = "allocation_not_found"
    message = N_("We could not find that part of the payment.")


class RefundNotFound(NotFound):
    """There is no refund with this id, or it belongs to another payment."""

    code = "refund_not_found"
    message = N_("We could not find that refund.")


class TwoForeignCurrencies(MixedCurrencies):
    """Payment and document have different foreign currencies and lack base amounts.

    One of them has no base amount. Without base amounts a gain or loss can be computed only against
    the ledger's currency.
    """

    message = N_(
        "Neither the payment nor the document is in the agency’s currency. Record the amount that"
        " the bank credited in the agency’s currency."
    )


class PaidInOtherMoney(MixedCurrencies):
    """The payment is in another currency than the document and has no settled amount.

    The settled amount is the paid part of the document, in the document's currency.
    """

    message = N_(
        "This document is in another currency. Record the payment under Payments, New payment,"
        " with the amount it settles."
    )


class PaymentExceedsOpen(Conflict):
    """The amount allocated to a document exceeds its open amount."""

    code = "payment_exceeds_open"
    message = N_("This is more than the amount due on this document.")


class PaymentOverAllocated(Conflict):
    """The allocated or refunded amount exceeds the unused amount of the payment."""

    code = "payment_over_allocated"
    message = N_("This is more than the unallocated part of this payment.")


class NothingLeft(PaymentOverAllocated):
    """The payment has no unused amount."""

    message = N_("This payment is fully allocated or refunded.")


class NothingOpen(Conflict):
    """No documents were given, and the party has no open document to settle.

    Only documents in the payment's currency with an issue date up to the date of the allocation can
    be settled.
    """

    code = "nothing_open"
    message = N_("There are no open documents in the payment’s currency issued by that date.")


class AnotherParty(Conflict):
    """The document belongs to another customer or supplier than the payment."""

    code = "another_party"
    message = N_(
        "This document belongs to another party. A payment can settle only documents of its own"
        " party."
    )


class RefundOfAnotherParty(AnotherParty):
    """The payment belongs to another customer than the refund."""

    message = N_("A refund returns payments and credits of one customer only.")


class RefundExceedsCredit(Conflict):
    """The amount to refund is above the unused payments and credits of the customer."""

    code = "refund_exceeds_credit"
    message = N_("This is more than the customer’s unused payments and credits in this currency.")


class RefundPartsDiffer(Unprocessable):
    """The parts of a refund do not add up to its amount."""

    code = "refund_parts_differ"
    message = N_("The amounts by payment do not add up to the amount of the refund.")


class AllocationTakenBack(Conflict):
    """The allocation is already taken back, which is final."""

    code = "allocation_taken_back"
    message = N_("This allocation is already reversed.")


class CashLimit(NeedsReason):
    """The law forbids to receive so much cash, and no reason was given.

    `limit` is the amount that is forbidden. `amount` is the cash that would be received with this
    payment, and `basis` a sentence that has both as placeholders. The member
    `over_cash_limit_reason` of the request confirms it, with the permission
    `payment.over_cash_limit`.
    """

    code = "cash_limit"
    message = N_(
        "By law, this much cash must not be received. Receive it through a bank. An accounting lead"
        " or administrator can confirm it with a reason."
    )

    def __init__(self, basis: str, amount: Money, limit: Money) -> None:
        super().__init__()
        self.further = (
            basis,
            {
                "amount": spoken(amount.wire, amount.currency),
                "limit": spoken(limit.wire, limit.currency),
            },
        )


class PaymentReversed(Conflict):
    """The payment is already reversed, which is final."""

    code = "payment_reversed"
    message = N_("This payment is already reversed.")


class PaymentOfCreditNote(Conflict):
    """A credit of a customer is taken back with its credit note only."""

    code = "payment_of_credit_note"
    message = N_(
        "This is the customer’s credit from a credit note. Reverse the credit note instead."
    )


class NotACheque(Conflict):
    """The payment was not made by cheque, so it cannot bounce."""

    code = "not_a_cheque"
    message = N_("Only a payment by cheque can bounce. Reverse other payments.")


class PaymentRefunded(Conflict):
    """A payment with a refund cannot be reversed before the refund is reversed."""

    code = "payment_refunded"
    message = N_(
        "Part of this payment was refunded, so it can’t be reversed. Reverse the refund first."
    )


class PaymentPaidOut(Conflict):
    """The payment or refund is part of a payout of a gateway that is not reversed."""

    code = "payment_paid_out"
    message = N_(
        "The gateway has already paid this payment out. Reverse the payout first, or refund the"
        " customer from the gateway."
    )


class PaymentClaimed(Conflict):
    """The payment settles a bill of which a refund is claimed from the supplier."""

    code = "payment_claimed"
    message = N_(
        "A refund of this bill is claimed from the supplier, so its payment can’t be taken back."
        " Reverse the supplier credit note of the claim first."
    )


class RefundReversed(Conflict):
    """The refund is already reversed, which is final."""

    code = "refund_reversed"
    message = N_("This refund is already reversed.")


class DocumentTwice(Unprocessable):
    """The allocations contain the same document twice."""

    code = "document_twice"
    message = N_("Enter each document only once, with its full amount.")


class InvalidAllocations(Unprocessable):
    """The allocations contain no document, or more than 200."""

    code = "invalid_allocations"
    message = N_("Enter 1 to 200 documents and the amount allocated to each.")


class BookedRateMissing(Conflict):
    """The document in a foreign currency has no booked exchange rate.

    Without a booked rate the gain or loss of a payment in the ledger's currency cannot be computed.
    """

    code = "booked_rate_missing"
    message = N_(
        "This document was booked without an exchange rate. Record a payment in its own currency."
    )


class SettledAmountMissing(Unprocessable):
    """The allocation needs a settled amount or an exchange rate, but has neither.

    The payment and the document have different currencies.
    """

    code = "settled_amount_required"
    message = N_(
        "Enter the amount settled in the document’s currency, or the exchange rate of the day."
    )


class SettledAmountWrong(Unprocessable):
    """The settled amount does not match the rate or the payment's amount."""

    code = "settled_amount_wrong"
    message = N_("The settled amount does not match the amount and the rate.")


class SettledFarFromRate(Unprocessable):
    """The settled amount is worth less than half or more than twice the paid amount.

    The amounts are compared at the known exchange rate. Such a large difference does not come from
    a change of the rate. If the rest will not be paid, a write-off or a credit is needed, which has
    an approval of its own.
    """

    code = "settled_amount_far_from_rate"
    message = N_(
        "At the booked or usual exchange rate, the amount settled is worth less than half or more"
        " than twice the amount paid. Check both amounts and the rate. If the rest will not be"
        " paid, settle only what was paid, and write off, credit or give up the rest."
    )


class ModeUnfit(Unprocessable):
    """The money goes to or comes from cash, but the mode is another one."""

    code = "mode_unfit"
    message = N_("Cash in hand is paid in cash. Choose a bank account for this mode.")


class TdsWithoutSection(Unprocessable):
    """Of the tax deducted, only the amount or only the section is given."""

    code = "tds_without_section"
    message = N_("Enter both the tax deducted and its section, such as 194H.")


class ChargeOfPaymentOut(Unprocessable):
    """A payment to a supplier has a charge, which only a receipt can have."""

    code = "charge_of_payment_out"
    message = N_(
        "Only a payment from a customer can have a charge. Record the bank’s charge on a payment to"
        " a supplier as an entry of its own."
    )


class FormerPaymentTaken(Conflict):
    """Another imported payment has this number of the agency's earlier program."""

    code = "former_payment_taken"
    message = N_("A payment with this number is already imported.")
