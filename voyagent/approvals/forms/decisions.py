"""HTML forms of decisions on proposals."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from voyagent.approvals.schemas.proposals import DecisionForm, SeveralForm
from voyagent.http.forms import SchemaForm


class DecideSeveralForm(SchemaForm[SeveralForm]):
    """Form that approves all selected proposals, or declines them with a reason."""

    schema = SeveralForm

    granted = StringField()
    reason = TextAreaField(lazy_gettext("Reason, shown to the requester and the assistant"))

    def values(self) -> dict[str, Any]:
        """Return the input with a list of all selected proposals."""
        return {
            **super().values(),
            **{name: request.form.getlist(name) for name in ("chosen", "rejectable")},
        }


class DecideForm(SchemaForm[DecisionForm]):
    """Form that approves a proposal, or declines it with a reason."""

    schema = DecisionForm

    granted = StringField()
    reason = TextAreaField(lazy_gettext("Reason, shown to the requester and the assistant"))
    confirmed = HiddenField()
    shown = HiddenField()
