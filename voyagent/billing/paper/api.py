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
from voyagent.billing.vouchers.api import api as vouchers_api
from voyagent.billing.write_offs import api as write_offs
from voyagent.http.documents import add_api_routes

WITH_PAPER = {
    "invoice": invoices_api,
    "bill": bills_api,
    "supplier-credit": supplier_credits_api,
    "payment": payments_api,
    "credit-note": credits_api,
    "receipt-voucher": vouchers_api,
    "refund-voucher": vouchers_api,
}
APIS = (*dict.fromkeys(WITH_PAPER.values()), refunds_api, treatments_api, policies_api)
ADDITIONS = (issuing, receipts, write_offs)  # modules that add routes to `invoices_api`

for name, api in WITH_PAPER.items():
    add_api_routes(api, document(name))
