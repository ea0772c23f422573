"""JSON API of receivables, payables, trial balance and itinerary.

If `as_of` is not given, it is today in the time zone `tz`, by default UTC.
"""

from __future__ import annotations

from collections.abc import Callable

from voyagent.billing.core.queries.open_documents import Kind
from voyagent.capabilities.ports import find_port
from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.passport_numbers import masked
from voyagent.kernel.serializers import Body
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.reports.api.blueprint import api
from voyagent.reports.queries import itinerary, receivables, trial_balance
from voyagent.reports.queries.periods import Days, Period, PeriodInverted, settings_statement
from voyagent.reports.schemas.books import (
    AgeingQuery,
    AgeingRequest,
    AgingReportResponse,
    BalancesRead,
    ItineraryQuery,
    ItineraryResponse,
    SessionItinerary,
    TrialBalanceQuery,
    TrialBalanceResponse,
    in_currencies,
)
from voyagent.trips.queries import trips
from voyagent.trips.rules.journey import Journey, Passenger
from voyagent.trips.service import passports


@api.get(
    "/reports/receivables",
    answer=AgingReportResponse,
    permission="report.read",
    errors=(PeriodInverted,),
)
def get_reports_receivables(reader: RequestReader, query: AgeingQuery) -> Body[AgingReportResponse]:
    """Return the amounts that customers owe, by age.

    Open invoices with an issue date from `from` to `to` are included. Age is the number of days
    past the due date. If `basis` is `document_date`, age is the number of days since the date of
    the document. Amounts of different currencies are added only in `base`.
    """
    return _ageing(reader, query, "receivable")


@api.get(
    "/reports/payables",
    answer=AgingReportResponse,
    permission="report.read",
    errors=(PeriodInverted,),
)
def get_reports_payables(reader: RequestReader, query: AgeingQuery) -> Body[AgingReportResponse]:
    """Return the amounts that the agency owes to suppliers, by age.

    Open bills with a date from `from` to `to` are included. Age is the number of days past the due
    date. If `basis` is `document_date`, age is the number of days since the date of the document.
    Amounts of different currencies are added only in `base`.
    """
    return _ageing(reader, query, "payable")


@api.get(
    "/reports/trial-balance",
    answer=TrialBalanceResponse,
    permission="report.read",
    errors=(PeriodInverted,),
)
def get_reports_trial_balance(
    reader: RequestReader, query: TrialBalanceQuery
) -> Body[TrialBalanceResponse]:
    """Return the trial balance up to and including `as_of`.

    The response has debit, credit and balance of every account with postings. If `from` is given,
    `movements` has the opening balance, the postings and the closing balance of each account from
    `from` to `as_of`. Amounts of different currencies are added only in `base`.
    """
    as_of = query.as_of or clock.today(query.tz or "UTC")
    include_zero = query.include_zero == 1
    rows = trial_balance_rows(reader, as_of, include_zero=include_zero)
    actor = reader.authenticate()
    over = None
    if query.first:
        period = Period.of(query.first, as_of, reader.read(settings_statement())[0])
        over = trial_balance.read_period(
            reader,
            period,
            actor.currency,
            include_zero=include_zero,
            retained_earnings="Result of earlier years",
        )
    report = trial_balance.trial_balance(rows, as_of, actor.currency, include_zero=include_zero)
    return TrialBalanceResponse.of(
        in_currencies(actor.tenant_id, BalancesRead(as_of, over), report.blocks, report.base)
    )


@api.get(
    "/reports/itinerary",
    answer=ItineraryResponse,
    permission="itinerary.read",
    errors=(SessionNotFound,),
)
def get_reports_itinerary(reader: RequestReader, query: ItineraryQuery) -> Body[ItineraryResponse]:
    """Return the itinerary of a conversation's trip.

    The itinerary has passengers, flights, hotels, visas and price. If the conversation has no trip,
    the itinerary is empty.
    """
    session_id = parse_id(query.session_id)
    if session_id is None:
        raise SessionNotFound
    journey = trips.read_trip_of_session(reader, session_id)
    actor = reader.authenticate()
    if journey is not None and actor.can("trip.see_passports"):
        _record_openings(actor, journey)
    found = itinerary.itinerary_of(journey, actor.currency, _passports(actor))
    return ItineraryResponse.of(SessionItinerary(actor.tenant_id, session_id, found))


def _record_openings(actor: Actor, journey: Journey) -> None:
    """Record in the audit log each whole passport number that the response contains."""
    for one in journey.passengers:
        if one.passport_sealed is not None:
            tenancy.bind(db.session(), actor.tenant_id)
            passports.record_opening(actor, one.trip_id, one.id, "itinerary")


def _passports(actor: Actor) -> Callable[[Passenger], str | None]:
    """Return a function that formats the passport number of a passenger for the actor.

    The number is masked unless the actor has the permission `trip.see_passports`.
    """
    if not actor.can("trip.see_passports"):
        return lambda one: masked(one.passport_last4)
    keyring = find_port(Keyring)
    return lambda one: passports.opened(keyring, one.id, one.passport_sealed, one.person_key)


def _ageing(reader: RequestReader, query: AgeingQuery, kind: Kind) -> Body[AgingReportResponse]:
    today = clock.today(query.tz or "UTC")
    counted, largest = receivables.read_ageing(
        reader, kind, query.first, query.last, today=today, as_of=query.as_of, basis=query.basis
    )
    actor = reader.authenticate()
    as_of = query.as_of or today
    is_foreign = any(row["base_currency"] not in (None, row["currency"]) for row in counted)
    base = receivables.read_in_base(reader, kind, as_of, query.basis) if is_foreign else None
    request = AgeingRequest(kind, Days(query.first, query.last), as_of, query.basis, base)
    ageings = receivables.ageings(counted, largest, actor.currency)
    return AgingReportResponse.of(in_currencies(actor.tenant_id, request, ageings))
