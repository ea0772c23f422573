"""Blueprint of the billing pages with the views of all documents."""

from voyagent.billing.bills import views as bill_views
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.credit_notes import views as credit_note_views
from voyagent.billing.invoices import views as invoice_views
from voyagent.billing.payments import views as payment_views
from voyagent.billing.supplier_credits import views as supplier_credit_views
from voyagent.billing.write_offs import views as write_off_views

__all__ = [
    "bill_views",
    "credit_note_views",
    "invoice_views",
    "pages",
    "payment_views",
    "supplier_credit_views",
    "write_off_views",
]
