"""JSON API routes that return billing documents as PDF files and spreadsheets."""

from voyagent.billing.bills.api import api as bills_api
from voyagent.billing.credit_notes.api import api as credits_api
from voyagent.billing.invoices.api import api as invoices_api
from voyagent.billing.paper.exports.files import document
from voyagent.billing.payments.api import issuing, receipts
from voyagent.billing.payments.api.payments import api as payments_api
from voyagent.billing.payments.api.refunds import api as refunds_api
from voyagent.billing.policies.api import api as policies_api
from voyagent.billing.supplier_credits.api import api as supplier_credits_api
from voyagent.billing.treatments.api import api as treatments_api
from voyagent.billing.write_offs import api as write_offs
from voyagent.http.documents import add_api_routes

WITH_PAPER = (invoices_api, bills_api, supplier_credits_api, payments_api, credits_api)
APIS = (*WITH_PAPER, refunds_api, treatments_api, policies_api)
ADDITIONS = (issuing, receipts, write_offs)  # modules that add routes to `invoices_api`

for api, name in zip(
    WITH_PAPER, ("invoice", "bill", "supplier-credit", "payment", "credit-note"), strict=True
):
    add_api_routes(api, document(name))
