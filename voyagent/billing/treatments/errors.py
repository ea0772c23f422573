"""Errors of the confirmation of tax rates."""

from __future__ import annotations

from collections.abc import Sequence

from voyagent.kernel.errors import N_, Conflict, Remedy
from voyagent.taxes.words import TREATMENTS


class TreatmentUnconfirmed(Conflict):
    """The invoice has a tax treatment whose rates nobody has confirmed.

    `beside` has the codes of the treatments.
    """

    code = "treatment_unconfirmed"
    message = N_(
        "Somebody who keeps the books must first compare these tax rates with the law and confirm"
        " them."
    )

    def __init__(self, treatments: Sequence[str]) -> None:
        super().__init__()
        self.beside = {"treatments": list(treatments)}
        names = ", ".join(str(TREATMENTS[one]) for one in treatments)
        self.further = (N_("Not confirmed: %(names)s."), {"names": names})
        self.remedy = Remedy(N_("Tax rates to confirm"), "billing.treatments", {})


class TaxRatesChanged(Conflict):
    """The rates are not those that the caller has seen: a release has changed them."""

    code = "tax_rates_changed"
    message = N_("These rates have changed since you opened them. Compare them again.")


class TreatmentConfirmed(Conflict):
    """The present rates of the treatment are confirmed already."""

    code = "treatment_confirmed"
    message = N_("These rates are already confirmed.")
