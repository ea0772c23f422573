"""Form of a receipt voucher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import gettext, lazy_gettext as _l
from pydantic import BaseModel
from wtforms import SelectChoice, SelectField, StringField

from voyagent.billing.vouchers.schemas import ReceiptVoucherIn
from voyagent.http.forms import AmountForm, DateText, SentOnce
from voyagent.taxes.rules import numbers, tables
from voyagent.taxes.words import TREATMENTS

ISSUED = {
    **dict.fromkeys(("invalid_amount", "payment_over_allocated", "amount_above_limit"), "amount"),
    **dict.fromkeys(("tax_treatment_unknown", "tax_rate_not_known", "tax_not_for_advance"), "tax"),
    "place_of_supply_unknown": "place_of_supply",
    **dict.fromkeys(("invalid_date", "date_in_future", "period_locked"), "issued_on"),
    **dict.fromkeys(("receipt_voucher_exists", "not_a_taxable_advance", "nothing_left"), ""),
}
"""The form field at which each error of the service is shown, by error code."""


class ReceiptVoucherForm(SentOnce, AmountForm[ReceiptVoucherIn]):
    """Form of the tax on an advance."""

    schema: ClassVar[type[BaseModel]] = ReceiptVoucherIn

    amount = StringField(_l("Taxed part of the advance"))
    tax = SelectField(_l("Tax"), validate_choice=False)
    place_of_supply = SelectField(_l("Place of supply"), validate_choice=False)
    issued_on = DateText(_l("Issue date"), kind="book")

    def offer(self, treatments: Sequence[str]) -> None:
        """Set the tax treatments and states that can be chosen."""
        self.tax.choices = [
            SelectChoice("", _l("Not known yet: 18 %")),
            *(SelectChoice(code, TREATMENTS.get(code, code)) for code in treatments),
        ]
        self.place_of_supply.choices = [
            SelectChoice("", _l("As stored for the customer")),
            *(
                SelectChoice(code, f"{gettext(name)} ({code})")
                for code, name in tables.states(numbers.COUNTRY).items()
            ),
        ]

    def values(self) -> dict[str, Any]:
        """Return the entered values; an empty choice is None."""
        values = super().values()
        return values | {name: values.get(name) or None for name in ("tax", "place_of_supply")}
