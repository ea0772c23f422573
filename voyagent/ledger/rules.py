"""Chart of accounts of a new agency, rules of accounts, and month arithmetic.

An account has a purpose if the application posts to the account automatically. Agencies may change
codes and names of accounts, but not the purpose.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal, NamedTuple

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_
from voyagent.ledger.errors import MonthNotFound

Revalued = Literal["reversed", "kept"]
CashFlowKind = Literal["operating", "investing", "financing"]
"""Section of the cash flow statement."""


class ChartAccount(NamedTuple):
    """An account in the chart of a new agency.

    The normal side of a contra account, such as accumulated depreciation, is opposite to the normal
    side of other accounts of the same type.

    `revalued` says what a month-end revaluation does with a foreign balance of the account. The
    difference of an account of documents is `reversed` on the next day, because a document keeps
    the base amount that it was booked with. The difference of an account of money is `kept`,
    because no document has it: if it were reversed, an emptied account would have a base amount
    again. `revalued` is None for an account that is not monetary.
    """

    code: str
    name: str
    type: str
    purpose: str | None = None
    is_contra: bool = False
    revalued: Revalued | None = None

    @property
    def normal_side(self) -> str:
        """Return the side, debit or credit, on which the balance of the account increases."""
        side = normal_side_of(self.type)
        return side if not self.is_contra else "credit" if side == "debit" else "debit"


def normal_side_of(account_type: str) -> str:
    """Return the side on which the balance of accounts of a type increases.

    The side is `debit` for assets and expenses, and `credit` for liabilities, equity and revenue.
    """
    return "debit" if account_type in {"asset", "expense"} else "credit"


CHART = (
    ChartAccount("1010", N_("Cash in hand"), "asset", "cash", revalued="kept"),
    ChartAccount("1100", N_("Bank, current account"), "asset", "bank", revalued="kept"),
    ChartAccount(
        "1150",
        N_("Payment gateway, money on its way"),
        "asset",
        "gateway_clearing",
        revalued="kept",
    ),
    ChartAccount("1160", N_("Currency exchange"), "asset", "currency_exchange"),
    ChartAccount("1200", N_("Trade receivables"), "asset", "receivable", revalued="reversed"),
    ChartAccount(
        "1310",
        N_("Deposits with airlines and BSP"),
        "asset",
        "supplier_deposits",
        revalued="reversed",
    ),
    ChartAccount("1320", N_("Advances to suppliers"), "asset", "supplier_advances"),
    ChartAccount(
        "1325",
        N_("Refunds due from suppliers"),
        "asset",
        "supplier_claims",
        revalued="reversed",
    ),
    ChartAccount("1330", N_("Prepaid trip costs"), "asset", "prepaid_trip_costs"),
    ChartAccount("1410", N_("Input CGST"), "asset", "input_cgst"),
    ChartAccount("1411", N_("Input SGST"), "asset", "input_sgst"),
    ChartAccount("1412", N_("Input IGST"), "asset", "input_igst"),
    ChartAccount("1413", N_("Input VAT"), "asset", "input_vat"),
    ChartAccount("1420", N_("TDS receivable"), "asset", "tds_receivable"),
    ChartAccount("1430", N_("GST on advances"), "asset", "advance_tax"),
    ChartAccount("1510", N_("Office equipment"), "asset"),
    ChartAccount("1590", N_("Accumulated depreciation"), "asset", is_contra=True),
    ChartAccount("2100", N_("Trade payables"), "liability", "payable", revalued="reversed"),
    ChartAccount(
        "2110",
        N_("Accrued trip costs"),
        "liability",
        "accrued_trip_costs",
        revalued="reversed",
    ),
    ChartAccount("2150", N_("BSP payable"), "liability", "bsp_payable", revalued="reversed"),
    ChartAccount(
        "2160",
        N_("Held for suppliers, as their agent"),
        "liability",
        "held_for_suppliers",
        revalued="reversed",
    ),
    ChartAccount("2200", N_("Advances from customers"), "liability", "customer_advances"),
    ChartAccount(
        "2210",
        N_("Credits of customers, refundable"),
        "liability",
        "customer_credits",
        revalued="reversed",
    ),
    ChartAccount("2310", N_("Output CGST"), "liability", "output_cgst"),
    ChartAccount("2311", N_("Output SGST"), "liability", "output_sgst"),
    ChartAccount("2312", N_("Output IGST"), "liability", "output_igst"),
    ChartAccount("2320", N_("Output VAT"), "liability", "output_vat"),
    ChartAccount("2330", N_("TCS payable, overseas packages"), "liability", "tcs_payable"),
    ChartAccount("2340", N_("TDS payable"), "liability", "tds_payable"),
    ChartAccount("2400", N_("Deferred income"), "liability", "deferred_income"),
    ChartAccount("3000", N_("Capital"), "equity", "capital"),
    ChartAccount("3900", N_("Retained earnings"), "equity", "retained_earnings"),
    ChartAccount("4100", N_("Commission from suppliers"), "revenue", "revenue_commission"),
    ChartAccount("4200", N_("Service fees"), "revenue", "revenue_fees"),
    ChartAccount("4250", N_("Kept on cancellation"), "revenue", "revenue_cancellation"),
    ChartAccount("4300", N_("Sales of travel services"), "revenue", "revenue_services"),
    ChartAccount("4900", N_("Other income"), "revenue"),
    ChartAccount("5100", N_("Cost of travel services"), "expense", "cost_of_services"),
    ChartAccount("5200", N_("Commission to sub-agents"), "expense"),
    ChartAccount("5300", N_("Salaries"), "expense"),
    ChartAccount("5400", N_("Rent and utilities"), "expense"),
    ChartAccount("5500", N_("Communication and office"), "expense"),
    ChartAccount("5600", N_("Professional fees"), "expense"),
    ChartAccount("5700", N_("Bank and gateway charges"), "expense", "bank_charges"),
    ChartAccount("5750", N_("Bad debts"), "expense", "bad_debts"),
    ChartAccount("5800", N_("Depreciation"), "expense"),
    ChartAccount("5910", N_("Round-off"), "expense", "round_off"),
    ChartAccount("5920", N_("Exchange differences"), "expense", "exchange_differences"),
    ChartAccount("5921", N_("Unrealised exchange differences"), "expense", "exchange_unrealised"),
)
OPENING = "opening_balances"
"""Purpose of the account for opening balances."""
OPENING_ACCOUNT = ChartAccount("3800", N_("Opening balances"), "equity", OPENING)
"""Account that the first opening balance of an agency adds to the chart."""
FORMER_NAMES = (N_("Commission from airlines"),)
"""Names that earlier versions gave to accounts; agencies created then still have them."""
CONTROL = frozenset(
    {
        "receivable",
        "payable",
        "customer_advances",
        "supplier_advances",
        "customer_credits",
        "supplier_claims",
    }
)
"""Purposes of control accounts; their balances equal open documents, advances and claims.

Manual journal entries cannot use these accounts, except on an approved request.
"""
CODE_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$"
COST_PURPOSE = "cost_of_services"
EXCHANGE = "currency_exchange"
"""Purpose of the account over which an entry exchanges currencies."""
DIFFERENCES = "exchange_differences"
"""Purpose of the account of exchange gains (credit) and losses (debit)."""
MONEY_PURPOSES = ("cash", "bank", "gateway_clearing")
"""Purposes of accounts that hold money; the accounts of bank accounts hold money too."""
RETAINED = "retained_earnings"
"""Purpose of the account of the results of earlier financial years."""
UNREALISED = "exchange_unrealised"
"""Purpose of the account of differences that a revaluation posts and reverses on the next day."""
YEAR_START_MONTH = 4
"""First month of the financial year, unless the agency chooses another month."""
PROFIT_AND_LOSS = ("revenue", "expense")
"""Types of accounts that start each financial year at zero.

At the end of a year their balance becomes part of retained earnings.
"""


_REVALUED = {account.purpose: account.revalued for account in CHART if account.purpose}
_FIXED_ASSETS = {
    account.code for account in CHART if account.purpose is None and account.type == "asset"
}


def chart_account(purpose: str) -> ChartAccount:
    """Return the account of the chart, or the one for opening balances, for a purpose."""
    return next(one for one in (*CHART, OPENING_ACCOUNT) if one.purpose == purpose)


def revalued(account: Row) -> Revalued | None:
    """Return what a revaluation does with a foreign balance of an account.

    The result is None if the account is not monetary. `account` has the columns of `accounts`. The
    purpose decides. An asset or liability without a purpose, such as a bank account that the agency
    added, is monetary if its column `is_monetary` says so, or if the column is null and the account
    is not one for fixed assets of the chart.
    """
    if account["purpose"] is not None:
        return _REVALUED.get(account["purpose"])
    if account["type"] not in ("asset", "liability"):
        return None
    is_monetary = account["is_monetary"]
    if is_monetary is None:
        is_monetary = account["code"] not in _FIXED_ASSETS
    return "kept" if is_monetary else None


def cash_flow_kind(account: Row) -> CashFlowKind:
    """Return the section of the cash flow statement to which an account belongs.

    `account` has the columns of `accounts`. Equity is financing, unless the column `cash_flow` says
    otherwise. The accounts for fixed assets of the chart are investing, and all others operating.
    """
    chosen: CashFlowKind | None = account["cash_flow"]
    if chosen is not None:
        return chosen
    if account["type"] == "equity":
        return "financing"
    is_fixed_asset = account["purpose"] is None and account["code"] in _FIXED_ASSETS
    return "investing" if is_fixed_asset and account["type"] == "asset" else "operating"


def parse_month(text: str) -> date:
    """Return the first day of a month given as text, such as `2026-03`.

    Raises:
        MonthNotFound: the text has another format, or the year is not 1900 to 2200.
    """
    if re.fullmatch(r"(19|2[01])\d\d-(0[1-9]|1[0-2])|2200-(0[1-9]|1[0-2])", text, re.ASCII) is None:
        raise MonthNotFound
    return date(int(text[:4]), int(text[5:]), 1)


def year_began(day: date, month: int) -> date:
    """Return the first day of the financial year that contains a day.

    `month` is the number of the month in which the financial year begins.
    """
    return date(day.year if day.month >= month else day.year - 1, month, 1)


def next_month(month: date) -> date:
    """Return the first day of the month after a month, given by its first day."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)
