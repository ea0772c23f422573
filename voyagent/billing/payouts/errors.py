"""Errors of payouts of payment gateways."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable


class PayoutNotFound(NotFound):
    """The agency has no payout with this id."""

    code = "payout_not_found"
    message = N_("We could not find that payout.")


class PayoutReversed(Conflict):
    """The payout is already reversed, which is final."""

    code = "payout_reversed"
    message = N_("This payout is already reversed.")


class PayoutAccountsUnfit(Conflict):
    """The accounts are not a gateway and a bank account in its currency."""

    code = "payout_accounts_unfit"
    message = N_("A payout goes from a payment gateway to a bank account in the same currency.")


class NotInGateway(Conflict):
    """A payment or refund is missing, of another account, or reversed."""

    code = "payment_not_in_gateway"
    message = N_("A chosen payment is no longer in this gateway. Reload the page and choose again.")


class NothingPaidOut(Unprocessable):
    """No payments are chosen, or their sum less the refunds is not above zero."""

    code = "nothing_paid_out"
    message = N_("Choose payments that add up to more than the chosen refunds.")


class PayoutChargeTooHigh(Unprocessable):
    """The fee and its tax are not less than the sum of the payments."""

    code = "payout_charge_too_high"
    message = N_("The fee and its tax must be less than the sum of the chosen payments.")
