"""The JSON door of the reports: one trip to the database each; days are UTC's unless `tz` names a zone."""

from __future__ import annotations

from typing import Any, Literal

from voyagent.billing.queries import Kind
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel import clock
from voyagent.kernel.reading import LaneReader
from voyagent.reports.queries import receivables, trial_balance
from voyagent.reports.queries.receivables import PeriodInverted
from voyagent.reports.schemas import (
    AgeingQuery,
    AgingReportResponse,
    TrialBalanceQuery,
    TrialBalanceResponse,
    wire_ageing,
    wire_trial_balance,
)

api = ApiBlueprint("reports", __name__, tag="Reports", guard=Guard.BEARER)


@api.get("/reports/receivables", answer=AgingReportResponse, permission="report.read", errors=(PeriodInverted,))
def get_reports_receivables(reader: LaneReader, query: AgeingQuery) -> dict[str, Any]:
    """What customers owe on invoices issued from `from` to `to`, by days past due. Currencies are never added."""
    return _ageing(reader, query, "receivable", "top_debtors")


@api.get("/reports/payables", answer=AgingReportResponse, permission="report.read", errors=(PeriodInverted,))
def get_reports_payables(reader: LaneReader, query: AgeingQuery) -> dict[str, Any]:
    """What is owed to suppliers on bills dated from `from` to `to`, by days past due. Currencies are never added."""
    return _ageing(reader, query, "payable", "top_creditors")


@api.get("/reports/trial-balance", answer=TrialBalanceResponse, permission="report.read")
def get_reports_trial_balance(reader: LaneReader, query: TrialBalanceQuery) -> dict[str, Any]:
    """Debit, credit and balance of every account with postings up to and including `as_of`. Currencies are never added."""
    as_of = query.as_of or clock.today(query.tz or "UTC")
    include_zero = query.include_zero == 1
    rows = trial_balance.read_rows(reader, as_of, include_zero=include_zero)
    actor = reader.prove()
    return wire_trial_balance(actor.tenant_id, trial_balance.trial_balance(rows, as_of, actor.currency, include_zero=include_zero))


def _ageing(reader: LaneReader, query: AgeingQuery, kind: Kind, parties: Literal["top_debtors", "top_creditors"]) -> dict[str, Any]:
    today = clock.today(query.tz or "UTC")
    ages, largest = receivables.read_ageing(reader, kind, query.first, query.last, today=today, as_of=query.as_of)
    actor = reader.prove()
    common = {"tenant_id": actor.tenant_id, "period": {"from": query.first, "to": query.last}, "as_of": query.as_of or today}
    return wire_ageing(common, receivables.ageings(ages, largest, actor.currency), parties=parties)
