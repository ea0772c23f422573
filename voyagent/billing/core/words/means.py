"""Labels of the means of a payment."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l

from voyagent.billing.core.rules import Mode
from voyagent.http.account_names import account_name
from voyagent.kernel.database.read_pool import Row

MODE_WORDS: dict[Mode, Any] = {
    "cash": _l("Cash"),
    "cheque": _l("Cheque"),
    "upi": _l("UPI"),
    "neft": _l("NEFT"),
    "rtgs": _l("RTGS"),
    "imps": _l("IMPS"),
    "card": _l("Card"),
    "gateway": _l("Payment gateway"),
    "wire": _l("Wire transfer"),
    "other": _l("Other"),
}
_ACCOUNT_WORDS = {
    "bank": _l("Bank"),
    "cash": _l("Cash"),
    "opening_balances": _l("Opening balances"),
}


def money_account(row: Row) -> str:
    """Return the name of the bank account of a payment or refund, else bank or cash.

    For a credit of a customer, which has no account, the text is “Credit note”.
    """
    if row.get("credit_note_id") is not None:
        return str(_("Credit note"))
    name = row["bank_account_name"]
    return str(_ACCOUNT_WORDS[row["account"]]) if name is None else account_name(name)


def mode_words(row: Row, day: str) -> str:
    """Return mode and instrument, such as “Cheque 000123 of 1 Nov 2026, HDFC Bank”.

    `day` is the day of the instrument in words. The mode is left out for cash in hand, because the
    account already says so. The result is empty if nothing is left.
    """
    mode = None if row["mode"] == row["account"] == "cash" else row["mode"]
    number = row["instrument_no"]
    words = " ".join(filter(None, (str(MODE_WORDS[mode]) if mode else "", number)))
    if day:
        words = _("%(instrument)s of %(day)s", instrument=words, day=day) if words else day
    return ", ".join(filter(None, (words, row["instrument_bank"])))
