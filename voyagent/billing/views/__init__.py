"""The pages of billing, a file for each thing."""

from voyagent.billing.views import invoices, payments
from voyagent.billing.views.invoices import pages

__all__ = ["invoices", "pages", "payments"]
