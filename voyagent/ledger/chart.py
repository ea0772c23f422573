"""The chart of accounts that a travel agency begins with; codes and names may be changed later, purposes are what our own postings go by."""

from __future__ import annotations

from typing import NamedTuple


class ChartAccount(NamedTuple):
    """An account of the chart; `is_contra` is one whose normal side is the other one, such as depreciation."""

    code: str
    name: str
    type: str
    purpose: str | None = None
    is_contra: bool = False

    @property
    def normal_side(self) -> str:
        """The side on which the account grows."""
        side = normal_side_of(self.type)
        return side if not self.is_contra else "credit" if side == "debit" else "debit"


def normal_side_of(account_type: str) -> str:
    """The side on which accounts of a type grow: debit for assets and expenses, credit for liabilities, equity and revenue."""
    return "debit" if account_type in {"asset", "expense"} else "credit"


CHART = (
    ChartAccount("1010", "Cash in hand", "asset", "cash"),
    ChartAccount("1100", "Bank, current account", "asset", "bank"),
    ChartAccount("1150", "Payment gateway, money on its way", "asset", "gateway_clearing"),
    ChartAccount("1160", "Currency exchange", "asset", "currency_exchange"),
    ChartAccount("1200", "Trade receivables", "asset", "receivable"),
    ChartAccount("1310", "Deposits with airlines and BSP", "asset", "supplier_deposits"),
    ChartAccount("1320", "Advances to suppliers", "asset", "supplier_advances"),
    ChartAccount("1410", "Input CGST", "asset", "input_cgst"),
    ChartAccount("1411", "Input SGST", "asset", "input_sgst"),
    ChartAccount("1412", "Input IGST", "asset", "input_igst"),
    ChartAccount("1413", "Input VAT", "asset", "input_vat"),
    ChartAccount("1420", "TDS receivable", "asset", "tds_receivable"),
    ChartAccount("1510", "Office equipment", "asset"),
    ChartAccount("1590", "Accumulated depreciation", "asset", is_contra=True),
    ChartAccount("2100", "Trade payables", "liability", "payable"),
    ChartAccount("2150", "BSP payable", "liability", "bsp_payable"),
    ChartAccount("2160", "Held for suppliers, as their agent", "liability", "held_for_suppliers"),
    ChartAccount("2200", "Advances from customers", "liability", "customer_advances"),
    ChartAccount("2310", "Output CGST", "liability", "output_cgst"),
    ChartAccount("2311", "Output SGST", "liability", "output_sgst"),
    ChartAccount("2312", "Output IGST", "liability", "output_igst"),
    ChartAccount("2320", "Output VAT", "liability", "output_vat"),
    ChartAccount("2330", "TCS payable, overseas packages", "liability", "tcs_payable"),
    ChartAccount("2340", "TDS payable", "liability", "tds_payable"),
    ChartAccount("2400", "Deferred income", "liability", "deferred_income"),
    ChartAccount("3000", "Capital", "equity", "capital"),
    ChartAccount("3900", "Retained earnings", "equity", "retained_earnings"),
    ChartAccount("4100", "Commission from airlines", "revenue", "revenue_commission"),
    ChartAccount("4200", "Service fees", "revenue", "revenue_fees"),
    ChartAccount("4300", "Sales of travel services", "revenue", "revenue_services"),
    ChartAccount("4900", "Other income", "revenue"),
    ChartAccount("5100", "Cost of travel services", "expense", "cost_of_services"),
    ChartAccount("5200", "Commission to sub-agents", "expense"),
    ChartAccount("5300", "Salaries", "expense"),
    ChartAccount("5400", "Rent and utilities", "expense"),
    ChartAccount("5500", "Communication and office", "expense"),
    ChartAccount("5600", "Professional fees", "expense"),
    ChartAccount("5700", "Bank and gateway charges", "expense", "bank_charges"),
    ChartAccount("5750", "Bad debts", "expense", "bad_debts"),
    ChartAccount("5800", "Depreciation", "expense"),
    ChartAccount("5910", "Round-off", "expense", "round_off"),
    ChartAccount("5920", "Exchange differences", "expense", "exchange_differences"),
)
