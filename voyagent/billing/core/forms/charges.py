"""Base form with the charge of a bank or payment gateway, and the tax on it."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.billing.core.service import taxing
from voyagent.billing.core.service.input_taxes import INPUT
from voyagent.http.forms import AMOUNT_SENTENCE, SchemaForm, plain
from voyagent.http.template_filters import today
from voyagent.taxes.rules import tables
from voyagent.taxes.words import component

Charged = TypeVar("Charged", bound=BaseModel)
CHARGE_ERROR_FIELDS = {
    **dict.fromkeys(
        (
            *("agency_tax_number_required", "tax_currency", "tax_component_unknown"),
            "invalid_amount",
        ),
        "fee",
    ),
    **dict.fromkeys(("charge_tax_above_rate", "deduction_above_usual"), "deduction_reason"),
}
"""The form field at which each error of the service is shown, by error code."""
CHARGE_SENTENCES: dict[str, Any] = {
    "fee.string_pattern_mismatch": AMOUNT_SENTENCE,
    **{f"tax_{one}.string_pattern_mismatch": AMOUNT_SENTENCE for one in INPUT},
}


class ChargeForm(SchemaForm[Charged]):
    """Base form of a charge.

    Call `keep_known_taxes` on a new form, so that it has only the taxes of the agency's country.
    """

    sentences: ClassVar[dict[str, Any]] = CHARGE_SENTENCES

    fee = StringField(_l("Fee"))
    tax_cgst = StringField(component("cgst"))
    tax_sgst = StringField(component("sgst"))
    tax_igst = StringField(component("igst"))
    tax_vat = StringField(component("vat"))
    deduction_reason = StringField(_l("Reason for the unusual deduction"))

    def keep_known_taxes(self) -> None:
        """Delete the fields of taxes that the agency's country does not have."""
        home = taxing.home()
        known = tables.components_on(home.country, today()) if home else ()
        for one in set(INPUT) - set(known):
            delattr(self, f"tax_{one}")

    @property
    def taxes(self) -> list[Any]:
        """The fields of taxes."""
        return [field for field in self if field.name.startswith("tax_")]

    def values(self) -> dict[str, Any]:
        """Return the entered values; amounts have no grouping separators."""
        values = super().values()
        if values.get("fee"):
            values["fee"] = plain(values["fee"])
        values["taxes"] = [{"component": code, "amount": amount} for code, amount in self._typed()]
        return values

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the name of the input at which to show an error.

        `loc` is the location of the error in the schema.
        """
        match loc:
            case ("taxes", int(number), *_rest):
                return f"tax_{self._typed()[number][0]}"
        return super().place_of(loc)

    def _typed(self) -> list[tuple[str, str]]:
        return [
            (field.name.removeprefix("tax_"), plain(field.data))
            for field in self.taxes
            if field.data and field.data.strip()
        ]
