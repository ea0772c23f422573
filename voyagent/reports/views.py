"""The pages of the reports: receivables by age and the trial balance, on screen and on paper."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint
from voyagent.http.presentation import long_day
from voyagent.kernel import clock
from voyagent.kernel.reading import LaneReader
from voyagent.reports.forms import Address, bars
from voyagent.reports.queries import receivables as ages, trial_balance as books
from voyagent.reports.queries.receivables import EVERYBODY, Asked, PeriodInverted

pages = PageBlueprint("reports", __name__, guard=Guard.SIGNED_IN)


@pages.page("/reports/receivables", permission="report.read")
def receivables(reader: LaneReader) -> Any:
    """Who owes what, by age and currency, with what was proved."""
    address = Address.read("reports.receivables", request.args)
    actor = reader.prove()
    today = clock.today(actor.timezone)
    days = address.days
    asked = Asked(days.get("as_of", today), days.get("from"), days.get("to"), address.currency, address.party)
    wrong = _unread(address)
    report = None
    if not wrong:
        try:
            report = ages.read_receivables(reader, asked, actor.currency)
        except PeriodInverted as error:
            wrong = [_(error.message)]
    drill = _drill(address, asked, is_today=asked.as_of == today)
    facts = {"address": address, "asked": asked, "report": report, "wrong": wrong, "bars": bars, "drill": drill, "words": _receivables_words(asked)}
    return render_template("reports/receivables.html", **facts), 422 if wrong else 200


@pages.page("/reports/trial-balance", permission="report.read")
def trial_balance(reader: LaneReader) -> Any:
    """Debit, credit and balance of every account, and whether they balance."""
    address = Address.read("reports.trial_balance", request.args)
    actor = reader.prove()
    as_of = address.days.get("as_of") or clock.today(actor.timezone)
    wrong = _unread(address)
    report = None
    if not wrong:
        rows = books.read_rows(reader, as_of, include_zero=address.include_zero)
        report = books.trial_balance(rows, as_of, actor.currency, include_zero=address.include_zero)
    facts = {"address": address, "as_of": as_of, "report": report, "wrong": wrong, "words": _trial_balance_words(address, as_of)}
    return render_template("reports/trial_balance.html", **facts), 422 if wrong else 200


def _unread(address: Address) -> list[str]:
    if not address.unread:
        return []
    return [_("We could not read: %(what)s. Write a day such as 24 Nov 2026, and a currency as its three letters.", what=", ".join(address.unread_words))]


def _drill(address: Address, asked: Asked, *, is_today: bool) -> Any:
    """Where a number leads: to the invoices behind it, or, where that list knows nothing of the day or the issue dates, to the documents on this page."""

    def link(currency: str, age: int | None = None, party: str | None = None) -> str:
        if not is_today or asked.is_dated:
            return address.here(party=party or EVERYBODY, currency=currency)
        day = asked.as_of
        due_from = {0: day, 1: day - timedelta(30), 2: day - timedelta(60), 3: day - timedelta(90)}.get(-1 if age is None else age)
        due_to = {1: day - timedelta(1), 2: day - timedelta(31), 3: day - timedelta(61), 4: day - timedelta(91)}.get(-1 if age is None else age)
        narrowed: dict[str, Any] = {"status": "open", "currency": currency, "party": party, "due_from": due_from, "due_to": due_to}
        return url_for("billing.invoices", **{name: value for name, value in narrowed.items() if value is not None})

    return link


def _receivables_words(asked: Asked) -> str:
    """The filters in words, for paper."""
    words = [_("As of %(day)s, by due date", day=_written(asked.as_of))]
    if asked.first:
        words.append(_("issued from %(day)s", day=_written(asked.first)))
    if asked.last:
        words.append(_("issued to %(day)s", day=_written(asked.last)))
    words.append(_("in %(currency)s only", currency=asked.currency) if asked.currency else _("all currencies"))
    words.append(_("all customers"))
    return ", ".join(words) + ". " + _("Currencies are never added.")


def _trial_balance_words(address: Address, as_of: Any) -> str:
    words = [_("Book dates up to %(day)s", day=_written(as_of))]
    words.append(_("in %(currency)s only", currency=address.currency) if address.currency else _("all currencies"))
    words.append(_("every account of the chart") if address.include_zero else _("accounts without postings left out"))
    return ", ".join(words) + ". " + _("Currencies are never added.")


def _written(day: Any) -> str:
    return long_day(day, weekday=False, year=True)
