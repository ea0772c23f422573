"""Form of a credit note on an invoice."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.billing.core.forms.credits import DocumentCreditForm
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.credit_notes.schemas import CreditNoteFields


class CreditForm(DocumentCreditForm[CreditNoteFields]):
    """Form to issue a credit note on an invoice."""

    schema: ClassVar[type[BaseModel]] = CreditNoteFields

    out_of_order_reason = StringField(_l("Reason for the earlier date"))
    document: Invoice
