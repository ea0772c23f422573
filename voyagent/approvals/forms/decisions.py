"""Forms of decisions: buttons, a reason, and the confirmation of irreversible acts."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from voyagent.approvals.schemas.proposals import DecisionForm, SeveralForm
from voyagent.http.forms import SchemaForm


class DecideSeveralForm(SchemaForm[SeveralForm]):
    """Approve all selected requests, or decline them with a reason."""

    schema = SeveralForm

    granted = StringField()
    reason = TextAreaField(lazy_gettext("Reason, shown to the requester and the assistant"))

    def values(self) -> dict[str, Any]:
        """Return the input with every selected request."""
        return {
            **super().values(),
            **{name: request.form.getlist(name) for name in ("chosen", "rejectable")},
        }


class DecideForm(SchemaForm[DecisionForm]):
    """Approve a request, or decline it with a reason."""

    schema = DecisionForm

    granted = StringField()
    reason = TextAreaField(lazy_gettext("Reason, shown to the requester and the assistant"))
    confirmed = HiddenField()
    shown = HiddenField()
