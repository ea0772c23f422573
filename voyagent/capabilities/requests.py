"""Requests that the assistant recognises in order to refuse them clearly."""

from __future__ import annotations

import re

from voyagent.kernel.text.amounts import find_figures

_REFUND = re.compile(
    r"\brefund(?:ed|ing|s)?\b|रिफंड|रिफ़ंड"
    r"|\b(?:give|giving|gave|given|send|sent|pay|paid|transfer(?:red)?)\s+"
    r"(?:[\w.,'’₹$]+\s+){0,4}?back\b"
    r"|^\W*(?:please|pls|kindly)?\s*return(?:ed)?\s+(?!(?:flight|ticket|tkt|trip|fare)s?\b)"
    r"(?:[\w.,'’₹$]+\s+){0,5}?(?:to|of|for)\b"
    r"|\b(?:wapas|vapas|vapis|wapis)\s+(?:kar|kiy|de|do\b|di|bhej)|\blauta"
    r"|वापस\s+(?:कर|दे|दो|दि|भेज)|लौटा"
    r"|\brevers(?:e|ed|ing|al)\b(?=[^.\n]{0,40}\b(?:payment|receipt)\b)",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\b(?:money|cash|advance|deposit|payments?|receipts?|amount|paid|paise|paisa|rupaye|rakam)\b"
    r"|पैस|रुपय|रकम|भुगतान",
    re.IGNORECASE,
)
_IS_ORDER = re.compile(
    r"^\W*(?:(?:please|pls|kindly|we|i|have|has)\s+)*"
    r"(?:(?:record|make|process|issue|enter|give|book|pay)\s+(?:an?\s+|the\s+)?)?refund(?:ed)?\b"
    r"(?!\s+(?:policy|rules?|terms|status))",
    re.IGNORECASE,
)
_OTHER = re.compile(r"\b(?:cancel\w*|radd|policy|rules?|enquiry|lead)\b|रद्द", re.IGNORECASE)


def is_refund(text: str) -> bool:
    """Return True if a message asks to give money back, which no capability does."""
    if _OTHER.search(text) or not _REFUND.search(text):
        return False
    return bool(find_figures(text) or _MONEY.search(text) or _IS_ORDER.search(text))
