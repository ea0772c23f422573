"""The form of a decision: two buttons, a reason, and the second step before what cannot be taken
back.
"""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from voyagent.approvals.schemas import DecisionForm, SeveralForm
from voyagent.http.forms import SchemaForm


class DecideSeveralForm(SchemaForm[SeveralForm]):
    """Grant all that were chosen, or reject them with words."""

    schema = SeveralForm

    granted = StringField()
    reason = TextAreaField(lazy_gettext("Reason, shown to the requester and the assistant"))

    def values(self) -> dict[str, Any]:
        """With every request that was chosen."""
        return {
            **super().values(),
            **{name: request.form.getlist(name) for name in ("chosen", "rejectable")},
        }


class DecideForm(SchemaForm[DecisionForm]):
    """Grant, or reject with words."""

    schema = DecisionForm

    granted = StringField()
    reason = TextAreaField(lazy_gettext("Reason, shown to the requester and the assistant"))
    confirmed = HiddenField()
    shown = HiddenField()
