"""Shapes of profit and loss and balance sheet; amounts are decimal strings."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from voyagent.kernel.fields import Answer, BusinessDate, DateFilter, Query, ZoneFilter
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.statements import (
    BalanceSheet,
    Position,
    ProfitAndLoss,
    Result,
    Section,
)
from voyagent.reports.schemas.books import PeriodResponse


class ProfitAndLossQuery(Query):
    """Book dates from and to, both required.

    `compare`: the period before (whole months with whole months), a year earlier, or none.
    `compare_from` names the first day of another comparison and takes precedence.
    """

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    compare: Literal["period", "year", "none"] = "period"
    compare_from: DateFilter = None


class BalanceSheetQuery(Query):
    """Book dates up to and including `as_of`, by default today in the zone `tz`.

    `compare`: the end of the month before, a year earlier, or none; `compare_as_of` names another
    day and takes precedence.
    """

    as_of: DateFilter = None
    compare: Literal["period", "year", "none"] = "none"
    compare_as_of: DateFilter = None
    tz: ZoneFilter = None


class ComparedAccount(Answer):
    """An account with its comparison; revenue is credit less debit, expense debit less credit.

    `change` is the amount less the comparison.
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


class CurrencyProfitAndLossResponse(ComparedResult):
    """Profit and loss in one currency, by account code; accounts without movement are absent.

    `result` is positive for a profit.
    """

    tenant_id: UUID
    period: PeriodResponse
    compared_with: PeriodResponse | None
    revenue: list[ComparedAccount]
    expenses: list[ComparedAccount]
    before: ComparedResult | None
    currency: str


class ProfitAndLossResponse(CurrencyProfitAndLossResponse):
    """Profit and loss in the agency's currency; the others are in `by_currency`."""

    by_currency: list[CurrencyProfitAndLossResponse]


class PositionAccount(ComparedAccount):
    """An account on the day and in the comparison.

    Assets are debit less credit, others credit less debit.
    """


class PositionTotals(Answer):
    """Computed amounts and totals of a day."""

    year_began: date
    retained_earnings: str
    result_of_year: str
    total_assets: str
    total_liabilities: str
    total_equity: str


class CurrencyBalanceSheetResponse(PositionTotals):
    """Balance sheet in one currency, by account code.

    `total_equity` includes the two computed amounts: `retained_earnings` of all earlier financial
    years, `result_of_year` of the one since `year_began`. `difference` is assets less liabilities
    and equity, zero in correct books. `before` has the totals of `compared_with`.
    """

    tenant_id: UUID
    as_of: date
    compared_with: date | None
    assets: list[PositionAccount]
    liabilities: list[PositionAccount]
    equity: list[PositionAccount]
    before: PositionTotals | None
    difference: str
    in_balance: bool
    currency: str


class BalanceSheetResponse(CurrencyBalanceSheetResponse):
    """Balance sheet in the agency's currency; the others are in `by_currency`."""

    by_currency: list[CurrencyBalanceSheetResponse]


def wire_profit_and_loss(tenant_id: UUID, report: ProfitAndLoss) -> dict[str, Any]:
    """Return profit and loss as the API writes it."""
    home, *others = [_wire_result(tenant_id, report, block) for block in report.blocks]
    return {**home, "by_currency": others}


def wire_balance_sheet(tenant_id: UUID, report: BalanceSheet) -> dict[str, Any]:
    """Return the balance sheet as the API writes it."""
    home, *others = [_wire_position(tenant_id, report, block) for block in report.blocks]
    return {**home, "by_currency": others}


def _wire_result(tenant_id: UUID, report: ProfitAndLoss, block: Result) -> dict[str, Any]:
    is_compared = report.before is not None
    before = {
        "total_revenue": block.revenue.total_before.wire,
        "total_expenses": block.expense.total_before.wire,
        "result": block.result_before.wire,
    }
    return {
        "tenant_id": tenant_id,
        "period": _wire_days(report.days),
        "compared_with": _wire_days(report.before) if report.before else None,
        "revenue": _wire_compared(block.revenue, is_compared=is_compared),
        "expenses": _wire_compared(block.expense, is_compared=is_compared),
        "total_revenue": block.revenue.total.wire,
        "total_expenses": block.expense.total.wire,
        "result": block.result.wire,
        "before": before if is_compared else None,
        "currency": block.currency,
    }


def _wire_compared(section: Section, *, is_compared: bool) -> list[dict[str, Any]]:
    return [
        {
            "code": line.code,
            "name": line.name,
            "amount": line.amount.wire,
            "before": line.before.wire if is_compared else None,
            "change": (line.amount - line.before).wire if is_compared else None,
        }
        for line in section.lines
    ]


def _wire_position(tenant_id: UUID, report: BalanceSheet, block: Position) -> dict[str, Any]:
    is_compared = report.before is not None
    before = {
        "retained_earnings": block.kept_before.wire,
        "result_of_year": block.of_the_year_before.wire,
        "total_assets": block.assets.total_before.wire,
        "total_liabilities": block.liabilities.total_before.wire,
        "total_equity": block.total_equity_before.wire,
    }
    return {
        "tenant_id": tenant_id,
        "as_of": report.now.as_of,
        "year_began": report.now.year_began,
        "compared_with": report.before.as_of if report.before else None,
        "assets": _wire_compared(block.assets, is_compared=is_compared),
        "liabilities": _wire_compared(block.liabilities, is_compared=is_compared),
        "equity": _wire_compared(block.equity, is_compared=is_compared),
        "retained_earnings": block.kept.wire,
        "result_of_year": block.of_the_year.wire,
        "total_assets": block.assets.total.wire,
        "total_liabilities": block.liabilities.total.wire,
        "total_equity": block.total_equity.wire,
        "before": {"year_began": report.before.year_began, **before} if report.before else None,
        "difference": block.difference.wire,
        "in_balance": block.in_balance,
        "currency": block.currency,
    }


def _wire_days(days: Days) -> dict[str, date]:
    return {"from": days.first, "to": days.last}
