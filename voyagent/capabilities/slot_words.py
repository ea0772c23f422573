"""Words that stand for values of fields with few values, such as statuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

FLAGS: Mapping[str, tuple[re.Pattern[str], bool]] = {
    name: (re.compile(words, re.IGNORECASE), value)
    for name, (words, value) in {
        "direct_only": (r"\b(?:direct|non[- ]?stop|seedhi)\b|सीधी", True),
        "overdue_only": (
            r"\b(?:over ?due|past due|late|due date (?:nikal|gone|passed|over)|date nikal)\b"
            r"|तारीख निकल",
            True,
        ),
        "include_zero": (r"\bzeros?\b|\bnil\b|\ball accounts\b|\beven (?:the )?empty\b", True),
        "pays_back": (
            r"\b(?:refund(?:ed|ing)?|(?:pay|give|send|return|transfer)\w*\s+(?:\w+\s+){0,4}?back|lauta\w*"
            r"|(?:wapas|vapas)\s+(?:kar|de|do|bhej)\w*|return (?:the )?(?:rest|balance|money))\b"
            r"|रिफंड|रिफ़ंड|वापस\s+(?:कर|दे|दो|भेज)|लौटा",
            True,
        ),
        "give_up_rest": (
            r"\b(?:give up|gave up|forget|write off|waive|drop)\s+(?:on\s+)?(?:the\s+)?"
            r"(?:rest|balance|remaining|difference)\b|\brest\b[^.,;]{0,20}\b(?:will not come"
            r"|won['’]t come|is lost|is gone|not coming)|\bbaaki\s+(?:chhod|nahi|bhool)"
            r"|बाकी\s+(?:छोड़|नहीं)",
            True,
        ),
        "prices": (
            r"\b(?:without|no|hide|hiding|minus|excluding|bina|remove)\s+(?:\w+\s+){0,2}?(?:the\s+)?"
            r"(?:prices?|rates?|costs?|amounts?|fares?|daam|keemat|kimat)\b|बिना (?:कीमत|रेट|दाम)"
            r"|\b(?:prices?|rates?|costs?|amounts?)\b\s+(?:hata|hidden|mat|nahi|na\b|off\b)",
            False,
        ),
    }.items()
}
"""Words that set a field of type boolean, with the value that they set."""
STATUS_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (option, re.compile(words, re.IGNORECASE))
    for option, words in (
        ("partially_paid", r"\b(?:part(?:ly|ial|ially)?[- ]?paid|part payment|aadha paid)\b|आंशिक"),
        ("overdue", r"\b(?:over ?due|past due|late|date nikal|crossed due)\b|तारीख निकल"),
        (
            "open",
            r"\b(?:open|unpaid|not (?:yet )?(?:paid|cleared|answered|closed|replied)|pending"
            r"|outstanding|unanswered|unconverted|baaki|baki|khule)\b|बाकी|खुल",
        ),
        ("draft", r"\bdrafts?\b|ड्राफ्ट"),
        ("void", r"\b(?:void(?:ed)?|cancel(?:led|ed)?)\b|रद्द"),
        (
            "cancelled",
            r"\b(?:cancel(?:led|ed|s)?|lost|dropped|dead|radd|not (?:coming|going))\b|रद्द|कैंसल",
        ),
        (
            "booked",
            r"\b(?:booked|booking done|confirm(?:ed|s)?|converted|won|finali[sz]ed|pakka)\b|बुक",
        ),
        (
            "quoted",
            r"\b(?:quoted?|quot(?:e|ation) (?:sent|given|diya|bhej\w*)|(?:sent|gave|given|shared)"
            r" (?:\w+ ){0,3}quot\w+)\b|कोट",
        ),
        ("paid", r"\b(?:paid|cleared|settled|fully paid)\b|चुका"),
        ("issued", r"\bissued\b|जारी"),
        (
            "new",
            r"(?:\b(?:as|to|status|is)\s+new\b|\b(?:new|nay[iae]|fresh|reopen\w*)\s*(?:$|enqui\w+|leads?\b"
            r"|quer\w+|inquir\w+|ones?\b|the\b|it\b|this\b))|नई|नए",
        ),
    )
)
"""Words for the status of a record; more specific ones come first."""
TRAVELLER_KINDS = (
    (
        "infant",
        re.compile(
            r"\b(?:infants?|bab(?:y|ies)|toddler|newborn|months? old|mahine ka)\b|शिशु",
            re.IGNORECASE,
        ),
    ),
    ("senior", re.compile(r"\bsenior\b|वरिष्ठ", re.IGNORECASE)),
    (
        "child",
        re.compile(
            r"\b(?:child|kids?|bach+[aei]|bach?ch[aei]|master|minor|chd)\b|बच्च", re.IGNORECASE
        ),
    ),
    ("adult", re.compile(r"\badults?\b", re.IGNORECASE)),
)
AGE = re.compile(
    r"\b(?:aged?|age is|umar)\W+(?P<a>\d{1,2})\b|\b(?P<n>\d{1,2})\s*-?\s*(?:years?|yrs?|y/?o|saal)"
    r"|(?P<hi>\d{1,2})\s*साल",
    re.IGNORECASE,
)
OVERDUE_DAYS = re.compile(
    r"(?P<more>more than|over|above|beyond|older than|>|crossed|past)?\s*(?P<n>\d{1,3})\s*"
    r"(?:\+\s*)?(?:days?|din|दिन)"
    r"(?P<behind>\s*(?:se (?:upar|purana|zyada|jyada)|से (?:ऊपर|पुराना|ज़्यादा)))?",
    re.IGNORECASE,
)
