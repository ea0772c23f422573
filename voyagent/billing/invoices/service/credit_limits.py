"""Rules of credit limits and holds: when an invoice needs a confirmation.

A customer with a credit limit may owe at most this sum: the open invoices and the new one, less the
advances. An amount in another currency counts at its booked rate. If an invoice has no rate, or one
far from the known rate (`known_rates`), the sum is not known, so the new invoice needs a
confirmation too. Imported open invoices are not checked, because they were issued before the
import.

Records that are merged are one customer, so the stricter terms of all of them apply: a hold of one
stops invoices to each, and the lowest limit counts. The records themselves keep their terms, so
undoing a merge gives each exactly what it had.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from voyagent.billing.core.errors import DraftChanged, ReasonRequired, TextTooLong
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.billing.invoices.errors import CreditLimitExceeded, PartyOnHold
from voyagent.billing.invoices.queries.credit import CreditTerms, Exposure, read_exposure
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money, spoken


@dataclass(frozen=True, slots=True)
class Stop:
    """The reason for which an invoice is not issued without a confirmation.

    `exposure` is None if the customer is on hold, and has no limit or is within the limit.
    """

    is_on_hold: bool
    exposure: Exposure | None

    @property
    def error(self) -> PartyOnHold | CreditLimitExceeded:
        """Return the error with which issuing is refused.

        A hold comes first. The message of CreditLimitExceeded has the sum.
        """
        if self.exposure is None or self.is_on_hold:
            return PartyOnHold()
        return CreditLimitExceeded(_sentence(self.exposure))

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Return the parts of the sum as pairs of label and amount, translated."""
        one = self.exposure
        if one is None:
            return []
        return [
            (gettext("Credit limit"), _spoken(one.limit)),
            (gettext("Due now"), _spoken(one.open)),
            (gettext("This invoice"), _spoken(one.document)),
            (gettext("Advances not used yet"), _spoken(one.advances)),
            (gettext("Above the credit limit"), _spoken(one.excess)),
            *((gettext("Without a usual exchange rate"), _spoken(other)) for other in one.unrated),
        ]


def find_stop(invoice: Invoice, terms: CreditTerms | None) -> Stop | None:
    """Return why a draft cannot be issued without a confirmation, or None if it can."""
    if terms is None or invoice.is_opening:
        return None
    exposures = (read_exposure(invoice, limit) for limit in terms.limits)
    exposure = next((one for one in exposures if one.excess or one.unrated), None)
    if exposure is None and not terms.is_on_hold:
        return None
    return Stop(terms.is_on_hold, exposure)


def check(
    actor: Actor, invoice: Invoice, terms: CreditTerms | None, reason: str | None
) -> Stop | None:
    """Check that a draft needs no confirmation, or that `reason` confirms it.

    Returns the Stop that is confirmed, or None if no confirmation is needed. `terms` are those of
    the customer when its row was locked. `reason` confirms that the invoice is issued above the
    limit or in spite of the hold; None confirms nothing. The actor needs the direct right to
    confirm. With the grant of an approved proposal to issue the invoice no right is needed, because
    its reviewer has seen the reason and the sum.

    Raises DraftChanged, PartyOnHold, CreditLimitExceeded, Forbidden, ApprovalRequired,
    ReasonRequired, TextTooLong.
    """
    if terms is not None and terms.party_key != invoice.party_key:
        raise DraftChanged
    stop = find_stop(invoice, terms)
    if stop is None:
        return None
    if reason is None:
        raise stop.error
    actor.require("invoice.issue_over_limit")
    if actor.grant is None:
        actor.require_authority("invoice.issue_over_limit")
    if not reason.strip():
        raise ReasonRequired
    if len(reason) > REASON_MAX:
        raise TextTooLong
    return stop


def _sentence(exposure: Exposure) -> str:
    sentence: str
    if exposure.unrated:
        sentence = gettext(
            "An invoice of this customer has no exchange rate, or one far from the usual rate"
            " (%(amounts)s), so the sum due can’t be compared with the credit limit of %(limit)s."
            " Enter the right rate, or issue it with a reason.",
            amounts=", ".join(map(_spoken, exposure.unrated)),
            limit=_spoken(exposure.limit),
        )
    else:
        sentence = gettext(
            "This is %(excess)s above the credit limit of %(limit)s: %(open)s due now, plus"
            " this invoice of %(document)s, less advances of %(advances)s. Issue it with a"
            " reason, or ask for approval with one.",
            excess=_spoken(exposure.excess),
            limit=_spoken(exposure.limit),
            open=_spoken(exposure.open),
            document=_spoken(exposure.document),
            advances=_spoken(exposure.advances),
        )
    return sentence


def _spoken(amount: Money) -> str:
    return spoken(amount.wire, amount.currency)
