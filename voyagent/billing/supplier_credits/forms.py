"""Form of a supplier credit on a bill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.billing.core.forms.credits import DocumentCreditForm
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.supplier_credits.schemas import BillCreditIn


class BillCreditForm(DocumentCreditForm[BillCreditIn]):
    """Form to enter a supplier's credit note on a bill."""

    schema: ClassVar[type[BaseModel]] = BillCreditIn
    sentences: ClassVar[dict[str, Any]] = DocumentCreditForm.sentences | dict.fromkeys(
        ("vendor_reference.string_too_short", "vendor_reference.missing"),
        _l("Enter the number on the supplier’s document."),
    )

    stand_ins: ClassVar[dict[str, Any]] = DocumentCreditForm.stand_ins | {"vendor_reference": "–"}

    vendor_reference = StringField(_l("Their reference"))
    further_credit_reason = StringField(_l("Reason for a further credit"))

    document: Bill
    known: Sequence[BillLine]
