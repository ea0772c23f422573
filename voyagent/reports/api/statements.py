"""JSON API of profit and loss, cash flow statement and balance sheet.

If no day is given for a balance sheet, it is today in the time zone `tz`, by default UTC.
"""

from __future__ import annotations

from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.serializers import Body
from voyagent.reports.api.blueprint import api
from voyagent.reports.queries import statements
from voyagent.reports.queries.cash_flow import read_cash_flow
from voyagent.reports.queries.periods import (
    Days,
    PeriodInverted,
    day_compared,
)
from voyagent.reports.schemas.books import in_currencies
from voyagent.reports.schemas.statements import (
    BalanceSheetQuery,
    BalanceSheetResponse,
    CashFlowResponse,
    ProfitAndLossQuery,
    ProfitAndLossResponse,
)


@api.get(
    "/reports/profit-and-loss",
    answer=ProfitAndLossResponse,
    permission="report.read",
    errors=(PeriodInverted,),
)
def get_reports_profit_and_loss(
    reader: RequestReader, query: ProfitAndLossQuery
) -> Body[ProfitAndLossResponse]:
    """Return revenue and expenses from `from` to `to`, compared with another period.

    `from` and `to` are book dates. Amounts of different currencies are added only in `base`.
    """
    days = Days.between(query.first, query.last)
    read, policies, before = statements.read_profit_and_loss(
        reader, days, query.compare, query.compare_from
    )
    actor = reader.authenticate()
    report = statements.profit_and_loss(read, policies, days, before, actor.currency)
    return ProfitAndLossResponse.of(
        in_currencies(actor.tenant_id, report, report.blocks, report.base)
    )


@api.get(
    "/reports/cash-flow",
    answer=CashFlowResponse,
    permission="report.read",
    errors=(PeriodInverted,),
)
def get_reports_cash_flow(
    reader: RequestReader, query: ProfitAndLossQuery
) -> Body[CashFlowResponse]:
    """Return what moved money from `from` to `to`, compared with another period.

    The method is the direct one. A journal entry moves money if it has a line on an account for
    bank, cash, card, gateway or wallet. Its lines on other accounts show where the money came from
    or went to. Transfers between accounts that hold money are left out. Amounts of different
    currencies are added only in `base`.
    """
    days = Days.between(query.first, query.last)
    actor = reader.authenticate()
    report = read_cash_flow(reader, days, query.compare, query.compare_from, actor.currency)
    return CashFlowResponse.of(in_currencies(actor.tenant_id, report, report.blocks, report.base))


@api.get("/reports/balance-sheet", answer=BalanceSheetResponse, permission="report.read")
def get_reports_balance_sheet(
    reader: RequestReader, query: BalanceSheetQuery
) -> Body[BalanceSheetResponse]:
    """Return assets, liabilities and equity at the end of the day `as_of`.

    `compare` or `compare_as_of` selects an earlier day, and the response then has the amounts of
    both days. Equity includes two computed results. `retained_earnings` is the result of all
    earlier financial years, and `result_of_year` the result of the current year so far. Amounts of
    different currencies are added only in `base`.
    """
    as_of = query.as_of or clock.today(query.tz or "UTC")
    read, now, before = statements.read_balance_sheet_in_year(
        reader, as_of, query.compare_as_of or day_compared(as_of, query.compare)
    )
    actor = reader.authenticate()
    report = statements.balance_sheet(read, now, before, actor.currency)
    return BalanceSheetResponse.of(
        in_currencies(actor.tenant_id, report, report.blocks, report.base)
    )
