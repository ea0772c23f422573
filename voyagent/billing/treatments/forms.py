"""Form that confirms the rates of a tax treatment."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import HiddenField, StringField

from voyagent.billing.treatments.schemas import ConfirmTreatmentIn
from voyagent.http.forms import SchemaForm

# All errors of the service are shown above the form.
ERROR_FIELDS = dict.fromkeys(
    (
        "agency_tax_number_required",
        "tax_treatment_unknown",
        "tax_rates_changed",
        "treatment_confirmed",
    ),
    "",
)


class ConfirmTreatmentForm(SchemaForm[ConfirmTreatmentIn]):
    """Form with the rates that the page has shown, and the text of the law."""

    schema: ClassVar[type[BaseModel]] = ConfirmTreatmentIn
    sentences: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("compared_with.missing", "compared_with.string_too_short"),
        _l("Name the text with which you have compared the rates."),
    )

    compared_with = StringField(_l("Compared with"))
    treatment = HiddenField()
    rates_hash = HiddenField()
