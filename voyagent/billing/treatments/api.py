"""JSON API of tax treatments; the routes belong to the blueprint of invoices."""

from __future__ import annotations

from voyagent.billing.core.errors import TaxNumberMissing
from voyagent.billing.treatments import queries, service
from voyagent.billing.treatments.errors import TaxRatesChanged, TreatmentConfirmed
from voyagent.billing.treatments.schemas import ConfirmTreatmentIn, TreatmentOut, TreatmentsOut
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.serializers import Body
from voyagent.taxes.rules.tables import UnknownTreatment

api = ApiBlueprint("treatments", __name__, tag="Invoices", guard=Guard.BEARER)


@api.get("/tax-treatments", answer=TreatmentsOut, permission="billing.read")
def list_tax_treatments(reader: Reader) -> Body[TreatmentsOut]:
    """List the tax treatments of the agency's country, with rates and confirmations."""
    return TreatmentsOut.of({"items": queries.read_treatments(reader)})


@api.post(
    "/tax-treatments/confirm",
    answer=TreatmentOut,
    status=201,
    permission="invoice.confirm_treatment",
    errors=(NotFresh, TaxNumberMissing, UnknownTreatment, TaxRatesChanged, TreatmentConfirmed),
)
def confirm_tax_treatment(actor: Actor, body: ConfirmTreatmentIn) -> Body[TreatmentOut]:
    """Confirm that the rates of a tax treatment are those of the law.

    The confirmation names the caller and is never changed. The access token must be fresh: obtained
    with a password, not with a refresh token. No API key can do it.
    """
    return TreatmentOut.of(service.confirm(actor, **body.model_dump()))
