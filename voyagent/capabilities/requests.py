"""Recognise requests for refunds, and two requests in one message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voyagent.kernel.text.amounts import find_figures

_WORDS_MAX = 40
"""Maximum number of words of a message with two requests; a longer one is a pasted text."""
_JOINT = re.compile(r"[;\n]\s*|\.\s+|,?\s+(?:and|then|also|aur|phir|और|फिर)\s+|,\s+", re.IGNORECASE)
_LED = r"(?:(?:and|then|also|please|pls|kindly|aur|phir|now|next)\s+)*"
_VERB = re.compile(
    rf"\s*{_LED}(?:invoice|bill|draft|prepare|raise|create|make|record|enter|post|log|note"
    r"|add|remove|book|reserve|hold|release|issue|cancel|search|find|show|list|open|read|send|mail"
    r"|email|pay|paid|received|got|write\s+off|apply|file|check|update|change|fetch|reconcile"
    r"|summari[sz]e)\s+(?=\S)"
    r"(?!(?:it|that|and|to|by|from|in|on|at|for)\b)",
    re.IGNORECASE,
)
_LEADING = re.compile(rf"\s*{_LED}", re.IGNORECASE)

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
_CAME_IN = re.compile(
    r"\b(?:got|received?|recd|rcvd)\b(?=[^.\n]{0,60}\b(?:refund|back)\b)"
    r"|\brefund\b(?=[^.\n]{0,60}\b(?:received?|recd|rcvd|came|credited|landed|hit|reached|mila"
    r"|aay?a|aa gaya|mil gaya)\b)"
    r"|\brefund\s+(?:[\w.,'’₹$/-]+\s+){0,4}?from\b"
    r"|^\W*(?!(?:we|i|please|pls|kindly|have|has)\b)(?:[\w&.'’-]+\s+){1,6}?(?:refunded|returned"
    r"|(?:sent|gave|given|paid|credited)(?=[^.\n]{0,60}\bback\b))\b(?![^.\n]{0,60}\bto\s+(?!us|our))"
    r"|\bne\b(?=[^.\n]{0,60}\b(?:refund|wapas|vapas|lauta\w*)\b)"
    r"|(?:रिफंड|रिफ़ंड)(?=[^.\n]{0,40}(?:आया|आ गया|मिल))"
    r"|(?<!\S)ने\s(?=[^.\n]{0,60}(?:रिफंड|रिफ़ंड|वापस|लौटा))",
    re.IGNORECASE,
)
"""Words of money that came back, such as the refund of a supplier."""
_OTHER = re.compile(r"\b(?:cancel\w*|radd|policy|rules?|enquiry|lead)\b|रद्द", re.IGNORECASE)


def splits(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to split a message into two parts that can be requests.

    Each part begins with a verb.
    """
    if len(text.split()) > _WORDS_MAX or not _VERB.match(text):
        return
    for joint in _JOINT.finditer(text):
        if _VERB.match(text, joint.end()):
            rest = text[_end_of_leading(text, joint.end()) :].strip()
            yield text[: joint.start()].strip(), rest


def is_refund(text: str) -> bool:
    """Return True if a message asks to give a customer money back.

    No capability does that by itself; it is a part of a cancellation. A refund that a supplier has
    paid is another act.
    """
    if _OTHER.search(text) or _CAME_IN.search(text) or not _REFUND.search(text):
        return False
    return bool(find_figures(text) or _MONEY.search(text) or _IS_ORDER.search(text))


def _end_of_leading(text: str, start: int) -> int:
    leading = _LEADING.match(text, start)
    return leading.end() if leading else start
