"""Labels of account types and sides, and the text of narrations."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

ACCOUNT_TYPES = {
    "asset": _l("Assets"),
    "liability": _l("Liabilities"),
    "equity": _l("Equity"),
    "revenue": _l("Revenue"),
    "expense": _l("Expenses"),
}
CASH_FLOWS = {
    "operating": _l("Operating activities"),
    "investing": _l("Investing activities"),
    "financing": _l("Financing activities"),
}
SIDES = {"debit": _l("Debit"), "credit": _l("Credit")}
# A narration with a reason reads "<title>, <party>: <reason>".
BEFORE_PARTY, BEFORE_REASON = ", ", ": "


def with_reason(title: str, party_name: str, reason: str) -> str:
    """Return a narration such as `Write-off of invoice 7, Asha Rao: bankrupt`."""
    return f"{title}{BEFORE_PARTY}{party_name}{BEFORE_REASON}{reason}"
