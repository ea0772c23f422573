"""Form fields of the booked exchange rate of a document in a foreign currency."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext as _l
from wtforms import SelectChoice, SelectField, StringField

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.http.forms import DateText, plain
from voyagent.kernel.rates import plain_rate

_OF_MEMBER = {
    "base": "rate_base",
    "quote": "rate_base",
    "rate": "rate",
    "on": "rate_on",
    "source": "rate_source",
}
RATE_ERROR_FIELDS = {"invalid_rate": "rate", "rate_of_other_money": "rate"}
"""The input at which each error of a rate is shown, by error code."""
RATE_SENTENCES: dict[str, Any] = {
    "rate.string_pattern_mismatch": _l("Enter a rate such as 83.25, with up to eight decimals."),
    **dict.fromkeys(
        ("rate_source.missing", "rate_source.string_too_short"),
        _l("Enter the source of this rate."),
    ),
}


class RateFields:
    """Form fields of an exchange rate: base currency, rate, date and source.

    If the rate is empty, the document has no exchange rate.
    """

    books: str
    """The currency of the ledger."""
    currency: Any
    issue_date: Any
    rate_base = SelectField(_l("Rate quoted as"), validate_choice=False)
    rate = StringField(_l("Exchange rate"))
    rate_on = DateText(_l("Rate date"), kind="book")
    rate_source = StringField(_l("Rate source"))

    @property
    def pair(self) -> list[str]:
        """Return the document's currency and the ledger's; empty if they are equal."""
        return [] if self.currency.data == self.books else [self.currency.data, self.books]

    def offer_rate(self, books: str) -> None:
        """Set the two choices of `rate_base`.

        `books` is the currency of the ledger. Call this method after the document's currency is
        set.
        """
        self.books = books
        ways = zip(self.pair, reversed(self.pair), strict=True)
        self.rate_base.choices = [
            SelectChoice(base, gettext("1 %(base)s in %(quote)s", base=base, quote=quote))
            for base, quote in ways
        ]

    def typed_rate(self) -> dict[str, Any] | None:
        """Return the entered exchange rate for the API, or None.

        The date of the rate defaults to the issue date.
        """
        typed = plain(self.rate.data or "")
        if not self.pair or not typed:
            return None
        base = self.rate_base.data if self.rate_base.data in self.pair else self.pair[0]
        quote = next(one for one in self.pair if one != base)
        return {
            "base": base,
            "quote": quote,
            "rate": typed,
            "on": self.rate_on.iso or self.issue_date.iso,
            "source": self.rate_source.data or "",
        }

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the name of the input at which to show an error.

        `loc` is the location of the error in the schema, such as `("exchange_rate", "on")`.
        """
        if len(loc) > 1 and loc[0] == "exchange_rate":
            return _OF_MEMBER[str(loc[1])]
        place: str = super().place_of(loc)  # type: ignore[misc]  # declared by the form class
        return place


def rate_data(document: Invoice | Bill) -> dict[str, Any]:
    """Return the form values of a draft's exchange rate."""
    if document.rate is None:
        return {}
    return {name: getattr(document, name) for name in ("rate_base", "rate_on", "rate_source")} | {
        "rate": plain_rate(document.rate)
    }
