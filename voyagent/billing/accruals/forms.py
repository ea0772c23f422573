"""Form that releases accrued cost."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.billing.accruals.schemas import ReleaseIn
from voyagent.http.forms import DateText, SchemaForm

ERROR_FIELDS = {
    **dict.fromkeys(("reason_required", "text_too_long"), "reason"),
    **dict.fromkeys(("invalid_date", "date_in_future", "period_locked"), "released_on"),
    **dict.fromkeys(("accrual_matched", "amount_above_limit"), ""),
}
"""The form field at which each error of the service is shown, by error code."""
_NEEDED = _l("Enter a reason why no bill will come.")


class ReleaseForm(SchemaForm[ReleaseIn]):
    """Form with the reason and the date of a release."""

    schema: ClassVar[type[BaseModel]] = ReleaseIn
    sentences: ClassVar[dict[str, Any]] = {
        "reason.missing": _NEEDED,
        "reason.string_too_short": _NEEDED,
    }

    reason = StringField(_l("Reason"))
    released_on = DateText(_l("Effective date"), kind="book")
