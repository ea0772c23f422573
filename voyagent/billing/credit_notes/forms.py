"""Form of a credit note on an invoice."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from voyagent.billing.core.forms.credits import DocumentCreditForm
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.schemas.credits import CreditIn


class CreditForm(DocumentCreditForm[CreditIn]):
    """Form to issue a credit note on an invoice."""

    schema: ClassVar[type[BaseModel]] = CreditIn
    document: Invoice
