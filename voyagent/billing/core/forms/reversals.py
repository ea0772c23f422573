"""Form to reverse a payment, refund or credit.

REVERSED maps the code of an error to the name of the input at which the error is shown. The empty
name means above the form.
"""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.http.forms import (
    DateText,
    SchemaForm,
)

REVERSED = {
    **dict.fromkeys(("reason_required", "text_too_long"), "reason"),
    **dict.fromkeys(("invalid_date", "date_in_future", "period_locked"), "reversed_on"),
    **dict.fromkeys(
        (
            "payment_reversed",
            "payment_refunded",
            "payment_paid_out",
            "payment_claimed",
            "payout_reversed",
            "claim_received",
            "claim_receipt_reversed",
            "payment_of_credit_note",
            "customer_credit_used",
            "refund_reversed",
            "receipt_voucher_reversed",
            "receipt_voucher_used",
            "credit_note_reversed",
            "supplier_credit_reversed",
            "amount_above_limit",
        ),
        "",
    ),
}


class ReverseForm(SchemaForm[ReverseIn]):
    """Form with the reason and the date of a reversal."""

    schema: ClassVar[type[BaseModel]] = ReverseIn

    reason = StringField(_l("Reason"))
    reversed_on = DateText(_l("Effective date"), kind="book")
