"""The pages of billing, a file for each thing."""

from voyagent.billing.views import (
    bills,
    credits,
    invoices,
    payments,
    supplier_credits,
    write_offs,
)  # noqa: A004 - credit notes
from voyagent.billing.views.invoices import pages

__all__ = ["bills", "credits", "invoices", "pages", "payments", "supplier_credits", "write_offs"]
