"""Forms of the books: why a month is opened again, and why an entry is reversed."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.http.forms import DateText, SchemaForm
from voyagent.ledger.journal import ReversalIn
from voyagent.ledger.schemas import ReopenMonthRequest

# Where a refusal of the rules is shown.
PLACES = {"reason_required": "reason", "month_not_closed": "", "later_month_closed": ""}
REVERSAL_PLACES = {
    "invalid_date": "entry_date",
    "period_locked": "entry_date",
    "journal_entry_already_reversed": "",
    "journal_entry_of_document": "",
}
_NEEDED = _l("Say in a few words why the month is opened again.")


class ReopenForm(SchemaForm[ReopenMonthRequest]):
    """Why the month is opened again."""

    schema: ClassVar[type[BaseModel]] = ReopenMonthRequest
    sentences: ClassVar[dict[str, Any]] = {"reason.missing": _NEEDED, "reason.string_too_short": _NEEDED}

    reason = StringField(_l("Reason"))


class ReversalForm(SchemaForm[ReversalIn]):
    """Why an entry is reversed, and when."""

    schema: ClassVar[type[BaseModel]] = ReversalIn

    reason = StringField(_l("Why"))
    entry_date = DateText(_l("On the day"))
