"""What a report says of itself: its days and filters in words for paper, and what of its address
could not be read.
"""

from __future__ import annotations

from datetime import date

from flask_babel import format_date, gettext as _

from voyagent.billing.queries import Basis, Kind
from voyagent.http.template_filters import MINUS, long_day
from voyagent.ledger.queries.trip_earnings import Side
from voyagent.reports.forms import Address
from voyagent.reports.queries.margin_lines import MarginLines
from voyagent.reports.queries.margins import share
from voyagent.reports.queries.periods import Days, Evening, Period
from voyagent.reports.queries.receivables import Asked
from voyagent.trips.queries import Total


def unread_sentences(address: Address) -> list[str]:
    """The sentence about what could not be read; none where all could."""
    if not address.unread:
        return []
    return [
        _(
            "We could not read: %(what)s. Write a day such as 24 Nov 2026, and a currency as its"
            " three letters.",
            what=", ".join(address.unread_words),
        )
    ]


def share_words(total: Total) -> str:
    """The margin in per cent of the price; "" where nothing is paid."""
    percent = share(total)
    return "" if percent is None else f"{percent} %".replace("-", MINUS)


def period_words(days: Days) -> str:
    """From which to which book date."""
    return str(
        _(
            "Book dates from %(first)s to %(last)s",
            first=written(days.first),
            last=written(days.last),
        )
    )


def in_currency(currency: str | None) -> str:
    """Which currencies are shown."""
    return str(_("in %(currency)s only", currency=currency) if currency else _("all currencies"))


def filtered(words: list[str]) -> str:
    """Filters as one sentence, and that currencies are apart."""
    return str(_("%(filters)s. Currencies are never added.", filters=", ".join(words)))


def written(day: date) -> str:
    """A day as paper has it."""
    return long_day(day, weekday=False, year=True)


def youngest(basis: Basis) -> str:
    """The head of the first column of ages."""
    return str(_("Not due") if basis == "due_date" else _("Same day"))


def open_words(kind: Kind, asked: Asked) -> str:
    """The filters of what is owed in words, for paper."""
    day = written(asked.as_of)
    words = [
        (
            _("As of %(day)s, by due date", day=day)
            if asked.basis == "due_date"
            else _("As of %(day)s, by date of the document", day=day)
        )
    ]
    if asked.first:
        words.append(_("issued from %(day)s", day=written(asked.first)))
    if asked.last:
        words.append(_("issued to %(day)s", day=written(asked.last)))
    words.append(in_currency(asked.currency))
    words.append(_("all customers") if kind == "receivable" else _("all suppliers"))
    return filtered(words)


def trial_balance_words(period: Period, currency: str | None, *, include_zero: bool) -> str:
    """The filters of a trial balance in words, for paper."""
    words = [period_words(period)]
    words.append(in_currency(currency))
    words.append(
        _("every account of the chart") if include_zero else _("accounts without postings left out")
    )
    return filtered(words)


def compared_words(before: Days | None) -> list[str]:
    """Which days a period is held against."""
    return (
        [_("beside %(first)s to %(last)s", first=written(before.first), last=written(before.last))]
        if before
        else []
    )


def evening_words(as_of: date, before: Evening | None, currency: str | None) -> str:
    """The filters of a balance sheet in words, for paper."""
    beside = [_("beside %(day)s", day=written(before.as_of))] if before else []
    return filtered([_("As of %(day)s", day=written(as_of)), *beside, in_currency(currency)])


def opened_words(days: Days) -> str:
    """On which days trips were opened, or anything was posted for them."""
    return filtered(
        [
            _(
                "Trips opened from %(first)s to %(last)s, or with anything posted in these days",
                first=written(days.first),
                last=written(days.last),
            )
        ]
    )


def group_words(key: str | date | None) -> str:
    """What the margins of a customer's trips, or of a month, stand under."""
    if isinstance(key, date):
        return str(format_date(key, "MMMM y"))
    return key or str(_("No customer known"))


def whose_words(report: MarginLines) -> str:
    """Whose lines a figure of the margins is made of."""
    whose = report.whose
    if whose.without_trip:
        return str(_("Posted without a trip"))
    if whose.customer is not None:
        return group_words(whose.customer)
    return report.title or (group_words(whose.month) if whose.month else str(_("Posted for trips")))


def side_words() -> dict[Side, str]:
    """What each side of a margin is called."""
    return {"revenue": _("Revenue"), "cost": _("Direct cost"), "margin": _("Margin")}


def margin_lines_words(report: MarginLines) -> str:
    """What the lines of a figure of the margins are, for paper."""
    return filtered(
        [
            f"{side_words()[report.of]}, {whose_words(report)}",
            period_words(report.days),
            in_currency(report.total.currency),
        ]
    )


def margins_note() -> str:
    """What the planned and the actual margins are."""
    planned = _(
        "Price and cost are what stands in the trips, whether it is invoiced or not; lines that are"
        " cancelled or failed are left out."
    )
    actual = _(
        "Revenue and direct cost are what the invoices and bills of a trip, and the credit notes on"
        " them, posted in these days."
    )
    return f"{planned} {actual} {_('Currencies are never added.')}"


def without_trip_words() -> str:
    """How what was posted without a trip is known."""
    return str(
        _(
            "What was posted without a trip is reckoned: it is the trial balance less what was"
            " posted for trips."
        )
    )
