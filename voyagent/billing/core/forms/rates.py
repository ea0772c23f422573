"""Form fields of the booked exchange rate of a document in a foreign currency."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext as _l
from wtforms import SelectChoice, SelectField, StringField

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.http.forms import DateText, plain
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.rates import plain_rate
from voyagent.rates.errors import RateMissing
from voyagent.rates.queries import find_rate

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

    If the rate is empty, the document has no exchange rate. `rate_for` is the currency of the
    document for which the fields were shown.
    """

    books: str
    """The currency of the ledger."""
    currency: Any
    issue_date: Any
    rate_base = SelectField(_l("Rate quoted as"), validate_choice=False)
    rate = StringField(_l("Exchange rate"))
    rate_on = DateText(_l("Rate date"), kind="book")
    rate_source = StringField(_l("Rate source"))
    rate_for = StringField()
    missing_rate_on: date | None = None
    """Day for which no reference rate is stored, if the form should offer one."""

    @property
    def pair(self) -> list[str]:
        """Return the document's currency and the ledger's; empty if they are equal."""
        return [] if self.currency.data == self.books else [self.currency.data, self.books]

    def offer_rate(self, books: str) -> None:
        """Let the user choose the document's or the ledger's currency as `rate_base`.

        `books` is the currency of the ledger. Call this method after the document's currency is
        set. If both are equal, there is no choice.
        """
        self.books = books
        ways = zip(self.pair, reversed(self.pair), strict=True)
        self.rate_base.choices = [
            SelectChoice(base, gettext("1 %(base)s in %(quote)s", base=base, quote=quote))
            for base, quote in ways
        ]

    def propose_rate(self, reader: Reader) -> None:
        """Fill in the reference rate of the issue date if the currency has changed.

        Nothing happens if the document is in the currency of the ledger. A rate that was entered
        stays, unless the currency has changed since the fields were shown. If no rate is stored,
        the fields are empty and `missing_rate_on` is the issue date.
        """
        shown_for, currency = self.rate_for.data, self.currency.data
        issued = self.issue_date.iso
        if not self.pair or shown_for == currency or (self.rate.data and not shown_for):
            return
        self.rate_for.data = currency
        self.rate.data = self.rate_on.data = self.rate_source.data = ""
        try:
            day = date.fromisoformat(issued or "")
            quote = find_rate(reader, currency, day)
        except ValueError:  # the issue date has its own error
            return
        except RateMissing:
            self.missing_rate_on = day
            return
        self.rate_base.data, self.rate.data = quote.base, plain_rate(quote.rate)
        self.rate_on.data, self.rate_source.data = quote.on, quote.source

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
    shown_for = {"rate_for": document.currency}
    if document.rate is None:
        return shown_for
    return (
        shown_for
        | {name: getattr(document, name) for name in ("rate_base", "rate_on", "rate_source")}
        | {"rate": plain_rate(document.rate)}
    )
