"""Form of the months: the reason for opening one again."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.http.forms import SchemaForm
from voyagent.ledger.schemas.months import ReopenMonthRequest

# Where a refusal of the rules is shown.
PLACES = {"reason_required": "reason", "month_not_closed": "", "later_month_closed": ""}
_NEEDED = _l("Say in a few words why the month is opened again.")


class ReopenForm(SchemaForm[ReopenMonthRequest]):
    """Why the month is opened again."""

    schema: ClassVar[type[BaseModel]] = ReopenMonthRequest
    sentences: ClassVar[dict[str, Any]] = {
        "reason.missing": _NEEDED,
        "reason.string_too_short": _NEEDED,
    }

    reason = StringField(_l("Reason"))
