"""HTML form that reopens a closed month."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.http.forms import SchemaForm
from voyagent.ledger.schemas.months import ReopenMonthRequest

# The form field at which each error code of the service is shown.
ERROR_FIELDS = {"reason_required": "reason", "month_not_closed": "", "later_month_closed": ""}
_NEEDED = _l("Enter a reason for reopening the month.")


class ReopenForm(SchemaForm[ReopenMonthRequest]):
    """Form with the reason for reopening a month."""

    schema: ClassVar[type[BaseModel]] = ReopenMonthRequest
    sentences: ClassVar[dict[str, Any]] = {
        "reason.missing": _NEEDED,
        "reason.string_too_short": _NEEDED,
    }

    reason = StringField(_l("Reason"))
