"""HTML forms of personal data: reason of an erasure, retention periods."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.http.forms import SchemaForm
from voyagent.privacy.rules.retention import KINDS
from voyagent.privacy.schemas import EraseRequest, RetentionPatch

ERASE_FIELDS = {"reason_required": "reason", "person_has_open_records": ""}
RETENTION_FIELDS = {"period_too_short": ""}
_NEEDED = _l("Enter a reason of at most 500 characters.")
_DAYS = _l("Enter a number of days from the minimum to 36,500.")


class EraseForm(SchemaForm[EraseRequest]):
    """Form with the reason of an erasure."""

    schema: ClassVar[type[BaseModel]] = EraseRequest
    sentences: ClassVar[dict[str, Any]] = {
        "reason.missing": _NEEDED,
        "reason.string_too_short": _NEEDED,
        "reason.string_too_long": _NEEDED,
    }

    reason = StringField(_l("Reason"))


class RetentionForm(SchemaForm[RetentionPatch]):
    """Form of the retention periods in days; a blank field restores the default."""

    schema: ClassVar[type[BaseModel]] = RetentionPatch
    sentences: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("int_parsing", "greater_than_equal", "less_than_equal"), _DAYS)
    }

    enquiries = StringField(_l("Enquiries that did not become an invoice"))
    conversations = StringField(_l("Conversations without a message"))
    turn_events = StringField(_l("Events of the assistant, after the end of its answer"))
    turn_steps = StringField(_l("Intermediate results of the assistant"))
    turn_costs = StringField(_l("Costs of language models by answer"))
    passports = StringField(_l("Passports and dates of birth, after the end of the trip"))
    passengers = StringField(_l("Passengers, after the end of the trip"))
    mails = StringField(_l("Records of sent mails"))
    sessions = StringField(_l("Ended sign-ins of colleagues"))
    credentials = StringField(_l("Expired invitations, mailed links and API keys"))
    audit_text = StringField(_l("Personal text in the audit log"))
    tax_identity = StringField(_l("Identity of erased customers with documents"))

    def rows(self) -> list[dict[str, Any]]:
        """Return each field with the rule of its retention period, as `field` and `rule`."""
        return [{"field": self[kind], "rule": rule} for kind, rule in KINDS.items()]
