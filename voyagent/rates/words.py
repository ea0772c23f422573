"""Labels of the kinds of exchange rates."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from voyagent.rates.rules import Kind

KIND_WORDS: dict[Kind, Any] = {
    "reference": _l("Reference"),
    "bank_sell": _l("Bank sells"),
    "bank_buy": _l("Bank buys"),
    "card": _l("Card"),
    "customs": _l("Customs"),
}
