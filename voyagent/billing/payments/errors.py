"""Errors of payments, allocations and refunds."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable
from voyagent.kernel.money import MixedCurrencies


class PaymentNotFound(NotFound):
    """No such payment in the agency."""

    code = "payment_not_found"
    message = N_("We could not find that payment.")


class AllocationNotFound(NotFound):
    """No such allocation of this payment."""

    code = "allocation_not_found"
    message = N_("We could not find that part of the payment.")


class RefundNotFound(NotFound):
    """No such refund in the agency."""

    code = "refund_not_found"
    message = N_("We could not find that refund.")


class TwoForeignCurrencies(MixedCurrencies):
    """Neither currency is that of the books, so gain or loss cannot be computed."""

    message = N_(
        "Neither the payment nor the document is in the agency’s currency. Record the amount that"
        " the bank credited in the agency’s currency."
    )


class PaidInOtherMoney(MixedCurrencies):
    """A payment of one document is in another currency and states no settled amount."""

    message = N_(
        "This document is in another currency. Record the payment under Payments, New payment,"
        " with the amount it settles."
    )


class PaymentExceedsOpen(Conflict):
    """The amount exceeds what is open."""

    code = "payment_exceeds_open"
    message = N_("This is more than the amount due on this document.")


class PaymentOverAllocated(Conflict):
    """The amount exceeds the unused part of the payment."""

    code = "payment_over_allocated"
    message = N_("This is more than the unallocated part of this payment.")


class NothingLeft(PaymentOverAllocated):
    """The payment has no unused part."""

    message = N_("This payment is fully allocated or refunded.")


class NothingOpen(Conflict):
    """No document is named, and the party has none open."""

    code = "nothing_open"
    message = N_("There are no open documents in the payment’s currency issued by that date.")


class AnotherParty(Conflict):
    """The document belongs to another party."""

    code = "another_party"
    message = N_(
        "This document belongs to another party. A payment can settle only documents of its own"
        " party."
    )


class AllocationTakenBack(Conflict):
    """An allocation is taken back once, and that is final."""

    code = "allocation_taken_back"
    message = N_("This allocation is already reversed.")


class PaymentReversed(Conflict):
    """A payment is reversed once, and its reversal is final."""

    code = "payment_reversed"
    message = N_("This payment is already reversed.")


class PaymentRefunded(Conflict):
    """A refunded payment cannot be reversed; the refund is reversed first."""

    code = "payment_refunded"
    message = N_(
        "Part of this payment was refunded, so it can’t be reversed. Reverse the refund first."
    )


class RefundReversed(Conflict):
    """A refund is reversed once, and its reversal is final."""

    code = "refund_reversed"
    message = N_("This refund is already reversed.")


class DocumentTwice(Unprocessable):
    """A document is named twice."""

    code = "document_twice"
    message = N_("Enter each document only once, with its full amount.")


class NothingToAllocate(Unprocessable):
    """No document is named, or too many."""

    code = "invalid_allocations"
    message = N_("Enter 1 to 200 documents and the amount allocated to each.")


class BookedRateMissing(Conflict):
    """The document in a foreign currency has no booked rate.

    Gain or loss of the payment cannot be computed.
    """

    code = "booked_rate_missing"
    message = N_(
        "This document was booked without an exchange rate. Record a payment in its own currency."
    )


class SettledAmountMissing(Unprocessable):
    """The settled amount of a payment in another currency is missing."""

    code = "settled_amount_required"
    message = N_(
        "Enter the amount settled in the document’s currency, or the exchange rate of the day."
    )


class SettledAmountWrong(Unprocessable):
    """The settled amount contradicts the rate or the payment."""

    code = "settled_amount_wrong"
    message = N_("The settled amount does not match the amount and the rate.")


class FormerPaymentTaken(Conflict):
    """A payment with this former number was imported."""

    code = "former_payment_taken"
    message = N_("A payment with this number is already imported.")
