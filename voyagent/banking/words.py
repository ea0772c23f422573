"""Labels of bank accounts, and the lines that invoices print."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l

from voyagent.banking.rules import Kind
from voyagent.kernel.database.read_pool import Row

KIND_WORDS: dict[Kind, Any] = {
    "bank": _l("Bank"),
    "cash": _l("Cash"),
    "card": _l("Card"),
    "gateway": _l("Payment gateway"),
    "wallet": _l("Wallet"),
}


def printed_lines(account: Row) -> str:
    """Return bank and number of an account as lines of an invoice."""
    number, ifsc, swift = account["number"], account["ifsc"], account["swift"]
    lines = (
        account["bank_name"] or account["name"],
        _("A/c %(number)s", number=number) if number else "",
        _("IFSC %(code)s", code=ifsc) if ifsc else "",
        _("SWIFT %(code)s", code=swift) if swift else "",
    )
    return "\n".join(filter(None, lines))
