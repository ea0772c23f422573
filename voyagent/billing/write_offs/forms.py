"""Forms to request and to reverse a write-off; they accept what the API accepts."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.billing.write_offs.schemas import TakeBackIn, WriteOffIn
from voyagent.http.forms import AMOUNT_SENTENCE, AmountForm, AmountText, DateText, SchemaForm

# The input at which each error of the service is shown, by error code.
_REASON_ERROR_FIELDS = {"reason_required": "reason", "text_too_long": "reason"}
REQUEST_ERROR_FIELDS = _REASON_ERROR_FIELDS | {
    "write_off_exceeds_open": "amount",
    "customer_credit_unused": "",
    "invalid_amount": "amount",
    "invalid_date": "written_off_on",
    "date_in_future": "written_off_on",
    "period_locked": "written_off_on",
    "document_not_open": "",
    "write_off_requested": "",
}
REVERSAL_ERROR_FIELDS = _REASON_ERROR_FIELDS | {
    "invalid_date": "effective_on",
    "date_in_future": "effective_on",
    "period_locked": "effective_on",
    "write_off_taken_back": "",
    "amount_above_limit": "",
}


class WriteOffForm(AmountForm[WriteOffIn]):
    """Form to request a write-off; the amount may have grouping separators."""

    schema: ClassVar[type[BaseModel]] = WriteOffIn
    sentences: ClassVar[dict[str, Any]] = {"amount.string_pattern_mismatch": AMOUNT_SENTENCE}
    stand_ins: ClassVar[dict[str, Any]] = {"reason": "–"}

    amount = AmountText(_l("Amount"))
    reason = StringField(_l("Reason"))
    written_off_on = DateText(_l("Date"), kind="book")


class TakeBackForm(SchemaForm[TakeBackIn]):
    """Form with the reason and the date of reversing a write-off."""

    schema: ClassVar[type[BaseModel]] = TakeBackIn

    reason = StringField(_l("Reason"))
    effective_on = DateText(_l("Effective date"), kind="book")
