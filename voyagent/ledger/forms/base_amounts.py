"""HTML form that establishes the base amounts of an agency."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import HiddenField

from voyagent.http.forms import SchemaForm
from voyagent.ledger.schemas.base_amounts import EstablishBaseRequest

# All errors of the service are shown above the form.
ERROR_FIELDS = dict.fromkeys(
    (
        *("base_currency_fixed", "base_currency_differs", "base_not_established"),
        *("exchange_not_zero", "rate_missing"),
    ),
    "",
)


class EstablishForm(SchemaForm[EstablishBaseRequest]):
    """Form with the base currency that the page has shown."""

    schema: ClassVar[type[BaseModel]] = EstablishBaseRequest
    sentences: ClassVar[dict[str, Any]] = {
        "currency.missing": _l("Confirm the currency of your books."),
        "currency.string_pattern_mismatch": _l("Confirm the currency of your books."),
    }

    currency = HiddenField()
