"""Form that sets a method of recognition."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import SelectChoice, SelectField, StringField

from voyagent.billing.core.rules import METHODS
from voyagent.billing.policies.schemas import RecognitionPolicyIn
from voyagent.billing.policies.words import APPLIES_TO, METHOD_WORDS
from voyagent.http.forms import DateText, SchemaForm

# The input at which each error of the service is shown, by error code.
ERROR_FIELDS = {
    "recognition_method_unknown": "choice",
    "recognition_unchanged": "choice",
    "reason_required": "reason",
    "text_too_long": "reason",
    "invalid_date": "valid_from",
}


def _choices() -> list[SelectChoice]:
    return [
        SelectChoice(f"{applies_to}:{method}", f"{APPLIES_TO[applies_to]}: {METHOD_WORDS[method]}")
        for applies_to, methods in METHODS.items()
        for method in methods
    ]


class PolicyForm(SchemaForm[RecognitionPolicyIn]):
    """Form with a method, the day from which it is valid, and the reason."""

    schema: ClassVar[type[BaseModel]] = RecognitionPolicyIn
    sentences: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(
            ("reason.missing", "reason.string_too_short"),
            _l("Say why, for example with the advice of your auditor."),
        ),
        "literal_error": _l("Choose one from the list."),
    }

    choice = SelectField(_l("Method"), choices=_choices, validate_choice=False)
    valid_from = DateText(_l("For documents issued from"), kind="due")
    reason = StringField(_l("Reason"))

    def values(self) -> dict[str, Any]:
        """Return the entered values; the choice has the sales and the method."""
        applies_to, _colon, method = (self.choice.data or "").partition(":")
        return super().values() | {"applies_to": applies_to, "method": method}

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the input at which to show an error of the schema."""
        return "choice" if loc[:1] in (("applies_to",), ("method",)) else super().place_of(loc)
