"""Tally groups of accounts, and Tally voucher types of journal entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from voyagent.reports.queries.day_book import EntryLine

CONTROL = (
    *("receivable", "payable", "customer_advances", "customer_credits", "supplier_advances"),
    "supplier_claims",
)
"""Purposes of control accounts; all their lines except those of revaluations name a party."""
NAMED = (*CONTROL, "currency_exchange")
"""Purposes of accounts that decide the type of a voucher.

An entry with a line on the currency exchange account is neither a sale nor a credit note.
"""
MONEY = frozenset({"cash", "bank", "gateway_clearing"})
OF_TYPE = {
    "asset": "Current Assets",
    "liability": "Current Liabilities",
    "equity": "Capital Account",
    "revenue": "Indirect Incomes",
    "expense": "Indirect Expenses",
}
"""Group of an account whose purpose is not in OF_PURPOSE, by the type of the account."""
OF_PURPOSE = {
    "cash": "Cash-in-Hand",
    "bank": "Bank Accounts",
    "gateway_clearing": "Bank Accounts",
    "receivable": "Sundry Debtors",
    "supplier_deposits": "Deposits (Asset)",
    "supplier_advances": "Loans & Advances (Asset)",
    "payable": "Sundry Creditors",
    "bsp_payable": "Sundry Creditors",
    **dict.fromkeys(
        ("input_cgst", "input_sgst", "input_igst", "output_cgst", "output_sgst", "output_igst"),
        "Duties & Taxes",
    ),
    "advance_tax": "Duties & Taxes",
    **dict.fromkeys(("input_vat", "output_vat", "tcs_payable", "tds_payable"), "Duties & Taxes"),
    "retained_earnings": "Reserves & Surplus",
    **dict.fromkeys(("revenue_commission", "revenue_fees", "revenue_services"), "Sales Accounts"),
    "cost_of_services": "Purchase Accounts",
}
GROUPS = frozenset(
    {
        *(
            "Bank Accounts",
            "Bank OD A/c",
            "Branch / Divisions",
            "Capital Account",
            "Cash-in-Hand",
            "Current Assets",
            "Current Liabilities",
            "Deposits (Asset)",
        ),
        *(
            "Direct Expenses",
            "Direct Incomes",
            "Duties & Taxes",
            "Fixed Assets",
            "Indirect Expenses",
            "Indirect Incomes",
            "Investments",
        ),
        *(
            "Loans & Advances (Asset)",
            "Loans (Liability)",
            "Misc. Expenses (ASSET)",
            "Provisions",
            "Purchase Accounts",
            "Reserves & Surplus",
            "Sales Accounts",
        ),
        *(
            "Secured Loans",
            "Stock-in-Hand",
            "Sundry Creditors",
            "Sundry Debtors",
            "Suspense A/c",
            "Unsecured Loans",
        ),
    }
)
"""Groups that exist in every Tally company."""


def voucher_type(lines: Iterable[EntryLine]) -> str:
    """Return the Tally voucher type of a journal entry.

    If the entry has lines on bank or cash accounts (money lines):
      - Receipt if all money lines are debits, Payment if all money lines are credits
      - Contra if there are debits and credits among the money lines, and no other lines
      - Journal if there are debits and credits among the money lines, and also other lines

    If the entry has no money lines:
      - Sales if receivables and customer credits together are debited, Credit Note if they are
        credited
      - Purchase if payables and claims on suppliers together are credited, Debit Note if they are
        debited
      - Journal for every other entry, such as an entry of currency exchange

    A reversal follows the same rules: the reversal of a Receipt is a Payment.
    """
    moved: dict[str, int] = defaultdict(int)
    sides = set()
    for line in lines:
        is_money = line.account_purpose in MONEY
        moved[
            (
                "money"
                if is_money
                else line.account_purpose
                if line.account_purpose in NAMED
                else "other"
            )
        ] += (line.debit - line.credit).amount_minor
        sides |= {bool(line.debit)} if is_money else set()
    if sides:
        return _of_money(sides, is_alone=len(moved) == 1)
    if "other" in moved and set(moved) <= {"receivable", "customer_credits", "other"}:
        owed = moved["receivable"] + moved["customer_credits"]
        if owed:
            return "Sales" if owed > 0 else "Credit Note"
    if "other" in moved and set(moved) <= {"payable", "supplier_claims", "other"}:
        owing = moved["payable"] + moved["supplier_claims"]
        if owing:
            return "Purchase" if owing < 0 else "Debit Note"
    return "Journal"


def _of_money(sides: set[bool], *, is_alone: bool) -> str:
    if len(sides) == 1:
        return "Receipt" if True in sides else "Payment"
    return "Contra" if is_alone else "Journal"
