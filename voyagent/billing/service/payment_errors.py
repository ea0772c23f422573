"""The ways in which a payment, what it settles and what is given back of it are refused."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Unprocessable


class PaymentExceedsOpen(Conflict):
    """More than is still to be paid."""

    code = "payment_exceeds_open"
    message = N_("This is more than the amount due on this document.")


class PaymentOverAllocated(Conflict):
    """More than the payment has left: it settles documents or was given back already."""

    code = "payment_over_allocated"
    message = N_("This is more than the unallocated part of this payment.")


class NothingLeft(PaymentOverAllocated):
    """All of the payment settles documents or was given back."""

    message = N_("This payment is fully allocated or refunded.")


class NothingOpen(Conflict):
    """No document is named, and the party has none that the payment could settle by itself."""

    code = "nothing_open"
    message = N_("There are no open documents in the payment’s currency issued by that date.")


class AnotherParty(Conflict):
    """A payment settles the documents of whom it came from or went to, and nobody else's."""

    code = "another_party"
    message = N_(
        "This document belongs to another party. A payment can settle only documents of its own"
        " party."
    )


class AllocationTakenBack(Conflict):
    """An allocation is taken back once, and what takes it back is not taken back in turn: it is
    allocated anew.
    """

    code = "allocation_taken_back"
    message = N_("This allocation is already reversed.")


class PaymentReversed(Conflict):
    """A payment is reversed once, and the reversal is not undone: what came or went after all is
    noted anew.
    """

    code = "payment_reversed"
    message = N_("This payment is already reversed.")


class PaymentRefunded(Conflict):
    """What is given back of a payment came of it, so it was noted rightly; a refund that was noted
    by mistake is reversed first.
    """

    code = "payment_refunded"
    message = N_(
        "Part of this payment was refunded, so it can’t be reversed. Reverse the refund first."
    )


class RefundReversed(Conflict):
    """A refund is reversed once, and the reversal is not undone: what went back after all is noted
    anew.
    """

    code = "refund_reversed"
    message = N_("This refund is already reversed.")


class DocumentTwice(Unprocessable):
    """The same document named twice in one allocation."""

    code = "document_twice"
    message = N_("Enter each document only once, with its full amount.")


class NothingToAllocate(Unprocessable):
    """No document was named, or more than one payment settles at once."""

    code = "invalid_allocations"
    message = N_("Enter 1 to 200 documents and the amount allocated to each.")


class BookedRateMissing(Conflict):
    """A document in another currency was posted without the rate at which it was booked, so nobody
    can say what a payment gains or loses on it.
    """

    code = "booked_rate_missing"
    message = N_(
        "This document was booked without an exchange rate. Record a payment in its own currency."
    )


class SettledAmountMissing(Unprocessable):
    """A payment in another currency is to settle a document, and nobody says how much of it."""

    code = "settled_amount_required"
    message = N_(
        "Enter the amount settled in the document’s currency, or the exchange rate of the day."
    )


class SettledAmountWrong(Unprocessable):
    """The amount that settles and the rate, or the amount of the payment in one currency with the
    document, say different things.
    """

    code = "settled_amount_wrong"
    message = N_("The settled amount does not match the amount and the rate.")
