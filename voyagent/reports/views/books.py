"""HTML pages: home page, ageing, trial balance, general ledger and itinerary."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.billing.core.queries.open_documents import Kind
from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.http.files import exported_file, streamed
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries.accounts import chart_statement
from voyagent.reports.documents import books as books_documents, pdf
from voyagent.reports.documents.sentences import (
    age_titles,
    open_words,
    period_words,
    trial_balance_words,
)
from voyagent.reports.exports import spreadsheets, streams
from voyagent.reports.forms import Address, bars, invalid_sentences
from voyagent.reports.queries import (
    general_ledger as ledgers,
    receivables as ages,
    trial_balance as books,
)
from voyagent.reports.queries.held import HELD, read_held
from voyagent.reports.queries.home import Due, Now, read_now
from voyagent.reports.queries.periods import Period, PeriodInverted, settings_statement, year_month
from voyagent.reports.queries.receivables import EVERYBODY, OpenFilters
from voyagent.reports.views.answers import answered, page_size
from voyagent.reports.views.blueprint import pages
from voyagent.reports.views.charts import due_charts, month_charts
from voyagent.reports.views.statements import earned_in_year, kept_ways
from voyagent.trips.queries import trips

home = PageBlueprint("home", __name__, guard=Guard.SIGNED_IN)
BAR_HEIGHT = 100
SKIP_DIGITS_MAX = 7


@home.page("/")
def index(reader: RequestReader) -> Any:
    """Show the home page, or three first steps if the agency is new."""
    actor = reader.authenticate()
    now = read_now(reader, actor)
    if now.is_new:
        return render_template("home/first_steps.html", now=now, steps=_first_steps(actor, now))
    drawn = {"money_due": due_charts(now), "sales": month_charts(now)} if now.sees_money else {}
    return render_template(
        "home/index.html", now=now, money=_money_figures(now), weeks=_week_bars(now), **drawn
    )


@pages.page("/reports/receivables", permission="report.read")
def receivables(reader: RequestReader) -> Any:
    """Show receivables by age and currency, compared with the ledger."""
    return _open_by_age(reader, "receivable", "reports.receivables")


@pages.page("/reports/payables", permission="report.read")
def payables(reader: RequestReader) -> Any:
    """Show payables by age and currency, compared with the ledger."""
    return _open_by_age(reader, "payable", "reports.payables")


@pages.page("/reports/trial-balance", permission="report.read")
def trial_balance(reader: RequestReader) -> Any:
    """Show opening balance, movement and closing balance of every account."""
    address = Address.read("reports.trial_balance", request.args)
    settings = reader.read(settings_statement())[0]
    actor = reader.authenticate()
    as_of = address.days.get("as_of") or clock.today(actor.timezone)
    wrong = invalid_sentences(address)
    report = None
    try:
        if not wrong:
            period = Period.of(address.days.get("from"), as_of, settings)
            report = books.read_period(
                reader,
                period,
                actor.currency,
                include_zero=address.include_zero,
                retained_earnings=_("Result of earlier years"),
            )
    except PeriodInverted as error:
        wrong = [_(error.message)]
    words = (
        trial_balance_words(report, address.currency, include_zero=address.include_zero)
        if report
        else ""
    )
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(
                pdf.trial_balance(report, address.currency),
                f"trial-balance-{report.period.last}",
                words,
                reader,
            )
        )
    sheet = partial(spreadsheets.trial_balance, report, address.currency) if report else None
    facts = {
        "as_of": as_of,
        "report": report,
        "words": words,
        "kept_ways": kept_ways(report.period) if report else [],
    }
    return answered("reports/trial_balance.html", sheet, address=address, wrong=wrong, **facts)


@pages.page("/reports/general-ledger", permission="report.read")
def general_ledger(reader: RequestReader) -> Any:
    """Show the postings of an account with running balances, or a choice of accounts."""
    address = Address.read("reports.general_ledger", request.args)
    settings, accounts = reader.read(settings_statement(), chart_statement())
    last = address.days.get("to") or clock.today(reader.authenticate().timezone)
    wrong = invalid_sentences(address)
    report = None
    try:
        if address.account and not wrong:
            period = Period.of(address.days.get("from"), last, settings)
            account = ledgers.account_of(accounts, address.account)
            if address.is_csv:
                return streamed(
                    lambda snapshot: streams.general_ledger(snapshot, account, period),
                    reader.authenticate().tenant_id,
                    bom=address.format == "csv-bom",
                )
            report = ledgers.read_general_ledger(
                reader,
                account,
                period,
                after=address.place,
                limit=page_size(address, ledgers.PAGE_LINES),
            )
    except (PeriodInverted, AccountNotFound, InvalidCursor) as error:
        wrong = [_(error.message)]
    words = period_words(report.period) if report else ""
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(
                books_documents.general_ledger(report),
                f"general-ledger-{report.account['code']}-{last}",
                words,
                reader,
            )
        )
    sheet = partial(spreadsheets.general_ledger, report) if report else None
    held = None
    if report and report.is_first_page and report.account["purpose"] == HELD:
        held = read_held(reader, report.account["id"], report.period)
    facts = {
        "accounts": accounts,
        "held": held,
        "last": last,
        "report": report,
        "words": words,
        "earned_in": partial(earned_in_year, year_month(settings)),
    }
    return answered("reports/general_ledger.html", sheet, address=address, wrong=wrong, **facts)


@pages.page("/reports/itinerary", permission="itinerary.read", missing=SessionNotFound)
def itinerary(reader: RequestReader) -> Any:
    """Redirect to the trip of the conversation in the URL.

    Without a conversation in the URL, redirect to the list of trips. If the conversation has no
    trip, the response is a page that offers to open a trip.
    """
    session_text = request.args.get("session_id", "").strip()
    session_id = parse_id(session_text)
    if not session_text:
        return see_other(url_for("trips.index"))
    if session_id is None:
        raise SessionNotFound
    journey = trips.read_trip_of_session(reader, session_id)
    if journey is not None:
        return see_other(url_for("trips.detail", trip_id=journey.trip["id"]))
    return render_template("reports/no_itinerary.html", session_id=session_id)


def _open_by_age(reader: RequestReader, kind: Kind, endpoint: str) -> Any:
    address = Address.read(endpoint, request.args)
    actor = reader.authenticate()
    today = clock.today(actor.timezone)
    days = address.days
    filters = OpenFilters(
        days.get("as_of", today),
        days.get("from"),
        days.get("to"),
        address.currency,
        None if address.party_id else address.party,
        _skipped(request.args.get("skip", "")),
        address.basis or "due_date",
        parse_id(address.party_id or ""),
    )
    wrong = invalid_sentences(address)
    try:
        report = (
            None
            if wrong
            else ages.read_open(
                reader, kind, filters, actor.currency, is_paged=address.format is None
            )
        )
    except PeriodInverted as error:
        report, wrong = None, [_(error.message)]
    drill = _drill(
        address,
        filters,
        "billing.invoices" if kind == "receivable" else "billing.bills",
        is_now=filters.as_of == today and filters.basis == "due_date",
    )
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(
                pdf.ageing(report), f"{kind}s-{filters.as_of}", open_words(kind, filters), reader
            )
        )
    sheet = partial(spreadsheets.ageing, report, filters.as_of) if report else None
    facts = {
        "kind": kind,
        "asked": filters,
        "report": report,
        "at_once": ages.PARTIES_SHOWN,
        "bars": bars,
        "drill": drill,
        "meant": _meant,
    }
    facts |= {"words": open_words(kind, filters), "age_titles": age_titles}
    return answered("reports/ageing.html", sheet, address=address, wrong=wrong, **facts)


def _first_steps(actor: Actor, now: Now) -> list[dict[str, Any]]:
    """Return the three first steps of a new agency.

    `is_next` marks the first unfinished step that the person may take.
    """
    steps = [
        {
            "title": _("Log an enquiry"),
            "about": _("A customer called or wrote? A name and a request are enough to start."),
            "act": _("Log an enquiry"),
            "href": url_for("enquiries.new"),
            "key": "N",
            "is_done": now.enquiries > 0,
            "may": actor.can("enquiry.create"),
        },
        {
            "title": _("Ask the assistant"),
            "about": _(
                "“Log an enquiry: Deepa Krishnan, Kochi to Dubai, 19 December, two adults, two"
                " children.”"
            ),
            "act": _("Open a conversation"),
            "href": url_for("assistant.index"),
            "is_done": now.has_talked,
            "may": actor.can("chat.write"),
        },
        {
            "title": _("Invite a colleague"),
            "about": _("A colleague can approve your requests. The link is valid for seven days."),
            "act": _("Invite"),
            "href": url_for("identity.team"),
            "is_done": now.people > 1,
            "may": actor.can("invite.create"),
        },
    ]
    first = next((step for step in steps if step["may"] and not step["is_done"]), None)
    return [step | {"is_next": step is first} for step in steps]


def _money_figures(now: Now) -> list[dict[str, Any]]:
    """Return the amounts overdue and due this week; the agency's currency comes first."""
    if not now.sees_money:
        return []
    sunday = now.today + timedelta(days=6 - now.today.weekday())
    return [
        {
            "label": _("Overdue"),
            "href": url_for("billing.invoices", status="overdue"),
            **_in_currencies(now.due, lambda due: due.overdue),
            "count": sum(due.overdue_count for due in now.due.values()),
            "is_bad": True,
        },
        {
            "label": _("Due in this week"),
            "href": url_for("billing.invoices", status="open", due_from=now.today, due_to=sunday),
            **_in_currencies(now.due, lambda due: due.weeks[0]),
            "count": sum(due.this_week_count for due in now.due.values()),
            "is_bad": False,
        },
    ]


def _in_currencies(due: dict[str, Due], amount: Callable[[Due], Money]) -> dict[str, Any]:
    home_currency, *others = map(amount, due.values())
    return {"main": home_currency, "others": [other for other in others if other]}


def _week_bars(now: Now) -> dict[str, Any]:
    top = _round_up(max(week.received for week in now.weeks))
    bars = [
        {
            "week": week,
            "received": round(BAR_HEIGHT * week.received / top, 1),
            "booked": round(BAR_HEIGHT * week.booked / top, 1),
        }
        for week in now.weeks
    ]
    return {"bars": bars, "top": top}


def _round_up(number: int) -> int:
    """Return the maximum of a chart's scale: the next even number, at least two."""
    return max(2, number + number % 2)


def _skipped(given: str) -> int:
    """Return the number of parties to skip; zero if the text is not a valid number."""
    return (
        int(given) if given.isascii() and given.isdecimal() and len(given) <= SKIP_DIGITS_MAX else 0
    )


def _meant(party: ages.Party) -> dict[str, str | None]:
    """Return the query parameters that mean a party: its id, or else its name."""
    if party.id is not None:
        return {"party": None, "party_id": str(party.id)}
    return {"party": party.name, "party_id": None}


def _drill(address: Address, filters: OpenFilters, listed: str, *, is_now: bool) -> Any:
    """Return a function that returns the link for an amount.

    The function takes the currency, the age and the party of the amount. `is_now` is true if the
    page shows today's ages by due date. Then, without a filter of issue dates, the link leads to
    the list of open invoices or bills, whose endpoint is `listed`. Otherwise the link leads to this
    page with the open documents of the party.
    """

    @cache  # hundreds of amounts share a few URLs, which differ only in the party
    def of_age(currency: str, age: int | None) -> str:
        day = filters.as_of
        due_from = {
            0: day,
            1: day - timedelta(30),
            2: day - timedelta(60),
            3: day - timedelta(90),
        }.get(-1 if age is None else age)
        due_to = {
            1: day - timedelta(1),
            2: day - timedelta(31),
            3: day - timedelta(61),
            4: day - timedelta(91),
        }.get(-1 if age is None else age)
        narrowed: dict[str, Any] = {
            "status": "open",
            "currency": currency,
            "due_from": due_from,
            "due_to": due_to,
        }
        return url_for(
            listed, **{name: value for name, value in narrowed.items() if value is not None}
        )

    def link(currency: str, age: int | None = None, party: ages.Party | None = None) -> str:
        who = _meant(party) if party else {"party": EVERYBODY, "party_id": None}
        if not is_now or filters.is_dated:
            return address.here(**who, currency=currency)
        given = {name: value for name, value in who.items() if value} if party else {}
        return of_age(currency, age) + (f"&{urlencode(given)}" if given else "")

    return link
