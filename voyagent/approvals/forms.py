"""The form of a decision: two buttons, a reason, and the second step before what cannot be taken back."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from voyagent.approvals.schemas import DecisionForm
from voyagent.http.forms import SchemaForm


class DecideForm(SchemaForm[DecisionForm]):
    """Grant, or reject with words."""

    schema = DecisionForm

    granted = StringField()
    reason = TextAreaField(lazy_gettext("Why not? The assistant and whoever asked see this."))
    confirmed = HiddenField()
    shown = HiddenField()
