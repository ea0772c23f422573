"""Form of an exchange rate, and the query parameters of the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import SelectChoice, SelectField, StringField

from voyagent.http.forms import DateText, SchemaForm, plain, read_past_day
from voyagent.http.list_queries import LABELS, Listing
from voyagent.http.template_filters import today
from voyagent.kernel.money import currency_codes, is_currency
from voyagent.rates.rules import KINDS
from voyagent.rates.schemas import ExchangeRateIn, ExchangeRatesQuery
from voyagent.rates.words import KIND_WORDS

ERROR_FIELDS = {
    "same_currency": "quote",
    "rate_of_other_books": "base",
    "rate_in_future": "on",
    "rate_out_of_range": "rate",
}
"""The form field at which each error of the service is shown, by error code."""
_UNITS = ("1", "100")


def _currency_choices() -> list[SelectChoice]:
    return [SelectChoice(code, code) for code in currency_codes()]


def _kind_choices() -> list[SelectChoice]:
    return [SelectChoice(kind, word) for kind, word in KIND_WORDS.items()]


class RateForm(SchemaForm[ExchangeRateIn]):
    """Form of one exchange rate; the rate may have group separators."""

    schema: ClassVar[type[BaseModel]] = ExchangeRateIn
    sentences: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(
            ("rate.missing", "rate.string_pattern_mismatch"),
            _l("Enter a rate such as 83.25, with up to eight decimals."),
        ),
        **dict.fromkeys(
            ("source.missing", "source.string_too_short"), _l("Enter the source of this rate.")
        ),
        "source.string_too_long": _l("At most 64 characters."),
        "invalid_currency": _l("Choose one from the list."),
        "on.missing": _l("Enter the day on which the rate was quoted."),
    }

    units = SelectField(
        _l("Units"),
        choices=[SelectChoice(units, units) for units in _UNITS],
        validate_choice=False,
    )
    base = SelectField(_l("Currency"), choices=_currency_choices, validate_choice=False)
    rate = StringField(_l("Rate"))
    quote = SelectField(_l("Price in"), choices=_currency_choices, validate_choice=False)
    on = DateText(_l("Day"), kind="past")
    kind = SelectField(_l("Kind"), choices=_kind_choices, validate_choice=False)
    source = StringField(_l("Source"))

    @classmethod
    def begun(cls, books: str, given: Mapping[str, str]) -> RateForm:
        """Return the form for a rate of today into the currency of the books.

        `given` are query parameters, of which `currency`, `on` and `kind` fill the form.
        """
        currency, kind = given.get("currency", ""), given.get("kind", "")
        return cls(
            data={
                "base": currency if is_currency(currency) else None,
                "quote": books,
                "on": read_past_day(given.get("on", "")) or today(),
                "kind": kind if kind in KINDS else None,
            }
        )

    def values(self) -> dict[str, Any]:
        """Return the submitted values; the rate has no separators, the units are a number."""
        units = {"units": int(self.units.data)} if self.units.data in _UNITS else {}
        return super().values() | {"rate": plain(self.rate.data or "")} | units


class RateList(ExchangeRatesQuery, Listing):
    """Query parameters of the list of exchange rates."""

    endpoint = "rates.index"
    parameters = ("currency", "kind", "from", "to")
    narrowing = ("currency", "kind", "from", "to")
    words = LABELS | {"currency": _l("currency"), "kind": _l("Kind")}
