"""HTML forms that close a month and reopen a closed one."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.http.forms import SchemaForm
from voyagent.ledger.schemas.months import CloseMonthRequest, ReopenMonthRequest

# The form field at which each error code of the service is shown.
ERROR_FIELDS = {"reason_required": "reason", "month_not_closed": "", "later_month_closed": ""}
CLOSE_ERROR_FIELDS = {"not_revalued": "unrevalued_reason"}
_NEEDED = _l("Enter a reason for reopening the month.")


class CloseForm(SchemaForm[CloseMonthRequest]):
    """Form that closes a month, with a reason if it is not revalued."""

    schema: ClassVar[type[BaseModel]] = CloseMonthRequest

    unrevalued_reason = StringField(_l("Reason for closing without a revaluation"))


class ReopenForm(SchemaForm[ReopenMonthRequest]):
    """Form with the reason for reopening a month."""

    schema: ClassVar[type[BaseModel]] = ReopenMonthRequest
    sentences: ClassVar[dict[str, Any]] = {
        "reason.missing": _NEEDED,
        "reason.string_too_short": _NEEDED,
    }

    reason = StringField(_l("Reason"))
