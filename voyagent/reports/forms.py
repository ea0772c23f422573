"""Query parameters of the report pages: days, currency, party and choices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple, get_args

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l

from voyagent.billing.core.queries.open_list import Basis
from voyagent.http.forms import read_past_day
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money, is_currency
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.queries.trip_earnings import Side
from voyagent.reports.queries.margin_lines import AllTrips
from voyagent.reports.queries.margins import GroupBy
from voyagent.reports.queries.party_statement import PARTY_KINDS, PartyKind
from voyagent.reports.queries.periods import Comparison

Format = Literal["csv", "csv-bom", "xlsx", "tally", "pdf"]
DAYS = ("as_of", "from", "to", "compare_as_of", "compare_from")
LONGEST = {
    "party": 255,
    "party_id": 36,
    "account": 36,
    "after": 2000,
    "trip": 36,
    "customer": 255,
    "month": 7,
}
BLANK = ("customer",)
"""Query parameters whose blank value has a meaning: trips without a customer."""
_WORDS = {
    "as_of": _l("as of"),
    "from": _l("issued from"),
    "to": _l("issued to"),
    "currency": _l("currency"),
    "party": _l("party"),
    "party_id": _l("party"),
    "account": _l("account"),
}
_PERIOD_WORDS = {
    "from": _l("from"),
    "to": _l("until"),
    "after": _l("page marker"),
    "compare": _l("comparison"),
    **dict.fromkeys(("compare_as_of", "compare_from"), _l("comparison date")),
    "kind": _l("customer or supplier"),
    "group_by": _l("grouping"),
    "format": _l("format"),
    "basis": _l("ageing basis"),
    "of": _l("revenue or direct cost"),
    "trip": _l("trip"),
    "customer": _l("customer"),
    "month": _l("month"),
    "trips": _l("trips"),
}
CHOICES = {
    "compare": get_args(Comparison),
    "kind": PARTY_KINDS,
    "group_by": get_args(GroupBy),
    "basis": get_args(Basis),
    "of": get_args(Side),
    "trips": get_args(AllTrips),
    "format": ("csv", "csv-bom", "xlsx"),
}
MORE_FORMATS: dict[str, tuple[Format, ...]] = {
    "reports.day_book": ("tally", "pdf"),
    **dict.fromkeys(
        (
            "reports.receivables",
            "reports.payables",
            "reports.trial_balance",
            "reports.party_statement",
        ),
        ("pdf",),
    ),
    **dict.fromkeys(
        (
            "reports.profit_and_loss",
            "reports.cash_flow",
            "reports.balance_sheet",
            "reports.general_ledger",
        ),
        ("pdf",),
    ),
    **dict.fromkeys(("reports.trip_margins", "reports.margin_lines"), ("pdf",)),
}
"""Further file formats of some reports, by endpoint."""
OF_DOCUMENTS = ("reports.receivables", "reports.payables")


class Bar(NamedTuple):
    """A segment of a coloured bar: position and width in thousandths of the bar."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Address:
    """Parsed query parameters of a report page.

    The fields have the valid values. `invalid` has the names of the invalid parameters. `typed` has
    the texts as they were entered, to fill the form again.
    """

    endpoint: str
    days: Mapping[str, date]
    currency: str | None = None
    party: str | None = None
    party_id: str | None = None
    account: str | None = None
    after: str | None = None
    compare: Comparison | None = None
    kind: PartyKind | None = None
    group_by: GroupBy | None = None
    format: Format | None = None
    basis: Basis | None = None
    of: Side | None = None
    trips: AllTrips | None = None
    trip: str | None = None
    customer: str | None = None
    month: str | None = None
    include_zero: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    invalid: tuple[str, ...] = ()

    @classmethod
    def read(cls, endpoint: str, given: Mapping[str, str]) -> Address:
        """Return the parsed query parameters of a report page.

        A blank parameter counts as absent, except for `customer`, where a blank value selects trips
        without a customer.
        """
        typed = {
            name: given[name].strip()
            for name in (*DAYS, "currency", *LONGEST, *CHOICES)
            if given.get(name, "").strip() or (name in BLANK and name in given)
        }
        days = {name: found for name in DAYS if (found := read_past_day(typed.get(name, "")))}
        currency = typed.get("currency")
        invalid = [name for name in DAYS if name in typed and name not in days]
        if currency is not None and not is_currency(currency):
            invalid.append("currency")
        invalid += [name for name, longest in LONGEST.items() if len(typed.get(name, "")) > longest]
        invalid += [
            name
            for name, reading in (("trip", parse_id), ("party_id", parse_id), ("month", _month))
            if name in typed and name not in invalid and reading(typed[name]) is None
        ]
        choices = CHOICES | {"format": (*CHOICES["format"], *MORE_FORMATS.get(endpoint, ()))}
        invalid += [
            name
            for name, possible in choices.items()
            if name in typed and typed[name] not in possible
        ]
        texts: dict[str, Any] = {
            name: typed.get(name) for name in (*LONGEST, *CHOICES) if name not in invalid
        }
        return cls(
            endpoint,
            days,
            currency,
            include_zero=given.get("include_zero") == "1",
            typed=typed,
            invalid=tuple(invalid),
            **texts,
        )

    @property
    def has_paper(self) -> bool:
        """True if the report can be requested as a PDF."""
        return "pdf" in MORE_FORMATS.get(self.endpoint, ())

    @property
    def is_csv(self) -> bool:
        """True if CSV is requested, with or without a byte order mark."""
        return self.format in ("csv", "csv-bom")

    @property
    def month_begun(self) -> date | None:
        """First day of the month in the query, or None."""
        return _month(self.month) if self.month else None

    @property
    def place(self) -> LineCursor | None:
        """Decoded cursor of the page, or None. Raises InvalidCursor."""
        return LineCursor.decode(self.after) if self.after else None

    @property
    def invalid_labels(self) -> list[str]:
        """Labels of the parameters that are not valid."""
        words = _PERIOD_WORDS | _WORDS if self.endpoint in OF_DOCUMENTS else _WORDS | _PERIOD_WORDS
        return [str(words[name]) for name in self.invalid]

    def value(self, name: str) -> date | str | None:
        """Return the value of a date field: the date, the invalid text, or None if blank."""
        return self.days.get(name) or self.typed.get(name)

    def here(self, **changes: str | int | None) -> str:
        """Return the URL of the report's first page with changed query parameters.

        `changes` has the new values by parameter name; None removes the parameter.
        """
        values: dict[str, Any] = {name: day.isoformat() for name, day in self.days.items()}
        values |= {
            "currency": self.currency,
            "party": self.party,
            "party_id": self.party_id,
            "account": self.account,
            "compare": self.compare,
            "kind": self.kind,
        }
        values |= {
            "group_by": self.group_by,
            "basis": self.basis,
            "of": self.of,
            "trips": self.trips,
            "trip": self.trip,
            "month": self.month,
        }
        values |= {"include_zero": "1" if self.include_zero else None}
        parameters = {name: value for name, value in (values | changes).items() if value}
        return url_for(
            self.endpoint,
            **({"customer": self.customer} if self.customer is not None else {}) | parameters,
        )


def invalid_sentences(address: Address) -> list[str]:
    """Return a list with one sentence that names the invalid parameters.

    The list is empty if all parameters are valid.
    """
    if not address.invalid:
        return []
    return [
        _(
            "Not valid: %(what)s. Enter a date such as 24 Nov 2026, and a currency as three"
            " letters.",
            what=", ".join(address.invalid_labels),
        )
    ]


def bars(amounts: tuple[Money, ...]) -> list[Bar]:
    """Return a bar segment for each amount; the segments lie next to each other.

    A negative amount has a segment of zero width.
    """
    shown = [max(amount.amount_minor, 0) for amount in amounts]
    room = 1000 - 2 * (sum(map(bool, shown)) - 1)
    drawn, x = [], 0.0
    for share in shown:
        width = room * share / (sum(shown) or 1)
        drawn.append(Bar(round(x, 1), round(width, 1)))
        x += width + 2 if share else 0
    return drawn


def _month(typed: str) -> date | None:
    """Return the first day of a month given as `2026-11`, or None."""
    return read_past_day(f"{typed}-01") if re.fullmatch(r"[0-9]{4}-[0-9]{2}", typed) else None
