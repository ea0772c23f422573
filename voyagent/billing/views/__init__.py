"""The pages of billing, a file for each thing."""

from voyagent.billing.views import (
    bills,
    credits,  # noqa: A004
    invoices,
    payments,
    supplier_credits,
    write_offs,
)
from voyagent.billing.views.invoices import pages

__all__ = ["bills", "credits", "invoices", "pages", "payments", "supplier_credits", "write_offs"]
