"""Schemas of the financial statements; amounts are decimal strings."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from voyagent.billing.core.queries.policies import MethodInPeriod
from voyagent.billing.policies.schemas import AppliesTo, Method
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Answer, BusinessDate, DateFilter, Query, ZoneFilter
from voyagent.kernel.serializers import AnswerOf, Computed, MoneyText, OmitNone, Read
from voyagent.reports.queries.cash_flow import CashFlow, Flows
from voyagent.reports.queries.statements import (
    BalanceSheet,
    Position,
    ProfitAndLoss,
    Result,
    Section,
)
from voyagent.reports.schemas.books import InCurrency, PeriodResponse


class ProfitAndLossQuery(Query):
    """Query parameters of the profit and loss and of the cash flow statement.

    `from` and `to` are the first and last book date and are required. `compare` selects the
    comparison period: `period` is the period just before, `year` is the period one year earlier,
    and `none` means no comparison. Whole months are compared with whole months. `compare_from` is
    the first day of any other comparison period. If `compare_from` is given, `compare` is ignored.
    """

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    compare: Literal["period", "year", "none"] = "period"
    compare_from: DateFilter = None


class BalanceSheetQuery(Query):
    """Query parameters of the balance sheet.

    `as_of` is the day of the balance sheet and defaults to today in the time zone `tz`. `compare`
    selects the comparison day: `period` is the end of the previous month, `year` is the day one
    year earlier, and `none` means no comparison. `compare_as_of` is any other comparison day. If
    `compare_as_of` is given, `compare` is ignored.
    """

    as_of: DateFilter = None
    compare: Literal["period", "year", "none"] = "none"
    compare_as_of: DateFilter = None
    tz: ZoneFilter = None


class ComparedAccount(Answer):
    """Amount of an account, with its amount in the comparison period.

    `amount` and `before` are credit less debit for revenue, and debit less credit for expenses.
    `before` is the amount in the comparison period, and `change` is `amount` less `before`.
    `before` and `change` are null without a comparison period.
    """

    code: str
    name: str
    amount: str
    before: str | None
    change: str | None


class ComparedResult(Answer):
    """Revenue, expenses, and revenue less expenses."""

    total_revenue: str
    total_expenses: str
    result: str


ResultInCurrency = InCurrency[ProfitAndLoss, Result]
PositionInCurrency = InCurrency[BalanceSheet, Position]
FlowsInCurrency = InCurrency[CashFlow, Flows]


def _compared(section: Section, before: object) -> list[Row]:
    return [
        {
            "code": line.code,
            "name": line.name,
            "amount": line.amount.wire,
            "before": None if before is None else line.before.wire,
            "change": None if before is None else (line.amount - line.before).wire,
        }
        for line in section.lines
    ]


def _revenue(source: ResultInCurrency) -> list[Row]:
    return _compared(source.block.revenue, source.report.before)


def _expenses(source: ResultInCurrency) -> list[Row]:
    return _compared(source.block.expense, source.report.before)


def _result_before(source: ResultInCurrency) -> Row | None:
    block = source.block
    if source.report.before is None:
        return None
    return {
        "total_revenue": block.revenue.total_before.wire,
        "total_expenses": block.expense.total_before.wire,
        "result": block.result_before.wire,
    }


class CurrencyProfitAndLossResponse(ComparedResult, AnswerOf[ResultInCurrency]):
    """Profit and loss in one currency, ordered by account code.

    An account that has postings in neither period is left out. `result` is positive for a profit.
    `before` has the totals of the period `compared_with`.
    """

    total_revenue: Annotated[MoneyText, Read("block.revenue.total")]
    total_expenses: Annotated[MoneyText, Read("block.expense.total")]
    result: Annotated[MoneyText, Read("block.result")]
    tenant_id: UUID
    period: Annotated[PeriodResponse, Read("report.days")]
    compared_with: Annotated[PeriodResponse | None, Read("report.before")]
    revenue: Annotated[list[ComparedAccount], Computed(_revenue)]
    expenses: Annotated[list[ComparedAccount], Computed(_expenses)]
    before: Annotated[ComparedResult | None, Computed(_result_before)]
    currency: Annotated[str, Read("block.currency")]


class MethodInPeriodResponse(AnswerOf[MethodInPeriod]):
    """A method of recognition for documents issued in the period.

    `valid_from` is the day from which it applies if it changed in the period, or else null.
    """

    applies_to: AppliesTo
    method: Method
    valid_from: date | None


class ProfitAndLossResponse(CurrencyProfitAndLossResponse):
    """Profit and loss in the agency's currency; others are in `by_currency`.

    `base` has all currencies in the base currency, with one result. It is absent unless the base
    amounts of the agency are established and something is posted. `policies` are the methods of
    recognition for documents issued in the period.
    """

    policies: Annotated[list[MethodInPeriodResponse], Read("report.policies")]
    by_currency: Annotated[list[CurrencyProfitAndLossResponse], Read("others")]
    base: Annotated[CurrencyProfitAndLossResponse | None, OmitNone()] = None


class FlowAccount(ComparedAccount):
    """Flow of money by an account on the other side of its entries.

    A positive amount is an inflow, a negative one an outflow. `before` is the amount in the
    comparison period.
    """


class FlowTotals(Answer):
    """Totals of a cash flow statement.

    `opening_money` plus `net_cash_flow` plus `exchange_effect` is `closing_money`.
    """

    opening_money: str
    total_operating: str
    total_investing: str
    total_financing: str
    net_cash_flow: str
    exchange_effect: str
    closing_money: str


def _operating(source: FlowsInCurrency) -> list[Row]:
    return _compared(source.block.operating, source.report.before)


def _investing(source: FlowsInCurrency) -> list[Row]:
    return _compared(source.block.investing, source.report.before)


def _financing(source: FlowsInCurrency) -> list[Row]:
    return _compared(source.block.financing, source.report.before)


def _flows_before(source: FlowsInCurrency) -> Row | None:
    block = source.block
    if source.report.before is None:
        return None
    return {
        "opening_money": block.opening.before.wire,
        "total_operating": block.operating.total_before.wire,
        "total_investing": block.investing.total_before.wire,
        "total_financing": block.financing.total_before.wire,
        "net_cash_flow": block.net.before.wire,
        "exchange_effect": block.effect.before.wire,
        "closing_money": block.closing.before.wire,
    }


class CurrencyCashFlowResponse(FlowTotals, AnswerOf[FlowsInCurrency]):
    """Cash flow statement in one currency, ordered by account code.

    An account with a flow in neither period is left out. `exchange_effect` is the amount by which
    month-end revaluations changed foreign money. `difference` is `opening_money` plus
    `net_cash_flow` plus `exchange_effect` less `closing_money`, and zero if the books are correct.
    `before` has the totals of the period `compared_with`.
    """

    opening_money: Annotated[MoneyText, Read("block.opening.now")]
    total_operating: Annotated[MoneyText, Read("block.operating.total")]
    total_investing: Annotated[MoneyText, Read("block.investing.total")]
    total_financing: Annotated[MoneyText, Read("block.financing.total")]
    net_cash_flow: Annotated[MoneyText, Read("block.net.now")]
    exchange_effect: Annotated[MoneyText, Read("block.effect.now")]
    closing_money: Annotated[MoneyText, Read("block.closing.now")]
    tenant_id: UUID
    period: Annotated[PeriodResponse, Read("report.days")]
    compared_with: Annotated[PeriodResponse | None, Read("report.before")]
    operating: Annotated[list[FlowAccount], Computed(_operating)]
    investing: Annotated[list[FlowAccount], Computed(_investing)]
    financing: Annotated[list[FlowAccount], Computed(_financing)]
    before: Annotated[FlowTotals | None, Computed(_flows_before)]
    difference: Annotated[MoneyText, Read("block.differences.now")]
    in_balance: Annotated[bool, Read("block.in_balance")]
    currency: Annotated[str, Read("block.currency")]


class CashFlowResponse(CurrencyCashFlowResponse):
    """Cash flow statement in the agency's currency; others are in `by_currency`.

    `base` has all currencies in the base currency. It is absent unless the base amounts of the
    agency are established and something is posted.
    """

    by_currency: Annotated[list[CurrencyCashFlowResponse], Read("others")]
    base: Annotated[CurrencyCashFlowResponse | None, OmitNone()] = None


class PositionAccount(ComparedAccount):
    """Balance of an account on the day `as_of`, and on the comparison day.

    `amount` and `before` are debit less credit for assets, and credit less debit for liabilities
    and equity.
    """


class PositionTotals(Answer):
    """Totals of a balance sheet at the end of a day, and two computed results.

    `retained_earnings` is the result of all earlier financial years, and `result_of_year` the
    result of the year since `year_began`.
    """

    year_began: date
    retained_earnings: str
    result_of_year: str
    total_assets: str
    total_liabilities: str
    total_equity: str


def _assets(source: PositionInCurrency) -> list[Row]:
    return _compared(source.block.assets, source.report.before)


def _liabilities(source: PositionInCurrency) -> list[Row]:
    return _compared(source.block.liabilities, source.report.before)


def _equity(source: PositionInCurrency) -> list[Row]:
    return _compared(source.block.equity, source.report.before)


def _day_before(source: PositionInCurrency) -> date | None:
    before = source.report.before
    return None if before is None else before.as_of


def _position_before(source: PositionInCurrency) -> Row | None:
    block, before = source.block, source.report.before
    if before is None:
        return None
    return {
        "year_began": before.year_began,
        "retained_earnings": block.retained_before.wire,
        "result_of_year": block.of_the_year_before.wire,
        "total_assets": block.assets.total_before.wire,
        "total_liabilities": block.liabilities.total_before.wire,
        "total_equity": block.total_equity_before.wire,
    }


class CurrencyBalanceSheetResponse(PositionTotals, AnswerOf[PositionInCurrency]):
    """Balance sheet in one currency, ordered by account code.

    `total_equity` includes two computed results. `retained_earnings` is the result of all earlier
    financial years, and `result_of_year` the result of the year since `year_began`. `difference` is
    the assets less the sum of liabilities and equity. `difference` is zero if the books are
    correct. `before` has the totals of the day `compared_with`.
    """

    year_began: Annotated[date, Read("report.now.year_began")]
    retained_earnings: Annotated[MoneyText, Read("block.retained")]
    result_of_year: Annotated[MoneyText, Read("block.of_the_year")]
    total_assets: Annotated[MoneyText, Read("block.assets.total")]
    total_liabilities: Annotated[MoneyText, Read("block.liabilities.total")]
    total_equity: Annotated[MoneyText, Read("block.total_equity")]
    tenant_id: UUID
    as_of: Annotated[date, Read("report.now.as_of")]
    compared_with: Annotated[date | None, Computed(_day_before)]
    assets: Annotated[list[PositionAccount], Computed(_assets)]
    liabilities: Annotated[list[PositionAccount], Computed(_liabilities)]
    equity: Annotated[list[PositionAccount], Computed(_equity)]
    before: Annotated[PositionTotals | None, Computed(_position_before)]
    difference: Annotated[MoneyText, Read("block.difference")]
    in_balance: Annotated[bool, Read("block.in_balance")]
    currency: Annotated[str, Read("block.currency")]


class BalanceSheetResponse(CurrencyBalanceSheetResponse):
    """Balance sheet in the agency's currency; others are in `by_currency`.

    `base` has all currencies in the base currency. It is absent unless the base amounts of the
    agency are established and something is posted.
    """

    by_currency: Annotated[list[CurrencyBalanceSheetResponse], Read("others")]
    base: Annotated[CurrencyBalanceSheetResponse | None, OmitNone()] = None
