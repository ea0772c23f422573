"""Find amounts in plain text: `45,000`, `1.2 lakh`, `₹45,000`, `AED 48,000`, `2k usd`.

A number that counts something else (`2 adults`, `5 nights`, `3 %`) is not an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from voyagent.kernel.money import is_currency
from voyagent.kernel.text.passages import lead

_SIGNS = {"₹": "INR", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_WORDS = {
    "rs": "INR", "rs.": "INR", "re": "INR", "rupee": "INR", "rupees": "INR",
    "dhs": "AED", "dh": "AED", "dirham": "AED", "dirhams": "AED",
    "dollar": "USD", "dollars": "USD", "bucks": "USD",
    "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP", "quid": "GBP",
    "yen": "JPY", "baht": "THB", "ringgit": "MYR", "riyal": "SAR", "riyals": "SAR",
}  # fmt: skip
_COMMON_CODES = (
    "inr usd eur gbp aed sar qar omr kwd bhd sgd myr thb jpy aud nzd cad chf lkr npr bdt"
)
_CODES_IN_ANY_CASE = frozenset(_COMMON_CODES.split())
_SCALES = {
    "k": 1_000, "thousand": 1_000,
    "l": 100_000, "lac": 100_000, "lacs": 100_000, "lakh": 100_000, "lakhs": 100_000,
    "cr": 10_000_000, "crore": 10_000_000, "crores": 10_000_000,
    "m": 1_000_000, "mn": 1_000_000, "million": 1_000_000,
    "hundred": 100, "sau": 100, "hazaar": 1_000, "hazar": 1_000, "hajar": 1_000, "hjr": 1_000,
    "karod": 10_000_000, "सौ": 100, "हजार": 1_000, "हज़ार": 1_000, "लाख": 100_000,
    "करोड़": 10_000_000,
}  # fmt: skip
_SPELLED_NUMBERS = {
    "half": "0.5", "aadha": "0.5", "sava": "1.25", "dedh": "1.5", "dhai": "2.5", "adhai": "2.5",
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15",
    "twenty": "20", "twentyfive": "25", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "ek": "1", "do": "2", "teen": "3", "char": "4", "chaar": "4", "panch": "5", "paanch": "5",
    "che": "6", "chhe": "6", "saat": "7", "aath": "8", "nau": "9", "das": "10", "dus": "10",
    "gyarah": "11", "barah": "12", "pandrah": "15", "bees": "20", "pachees": "25",
    "pachis": "25", "tees": "30", "chalis": "40", "chalees": "40", "pachas": "50",
    "pachaas": "50", "saath": "60", "sattar": "70", "assi": "80", "nabbe": "90",
    "आधा": "0.5", "सवा": "1.25", "डेढ़": "1.5", "ढाई": "2.5", "एक": "1", "दो": "2", "तीन": "3",
    "चार": "4", "पांच": "5", "पाँच": "5", "छह": "6", "सात": "7", "आठ": "8", "नौ": "9", "दस": "10",
    "बारह": "12", "पंद्रह": "15", "बीस": "20", "पच्चीस": "25", "तीस": "30", "चालीस": "40",
    "पचास": "50", "साठ": "60", "सत्तर": "70", "अस्सी": "80", "नब्बे": "90",
}  # fmt: skip
"""Numbers in words; they are amounts only before a unit such as `hazaar`: `dedh lakh`."""
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3}|\d+)(?:\.\d+)?"
"""Commas must group thousands or lakhs, as in `money.ungrouped`; else there is no amount."""
_NO_LETTER = r"(?![^\W\d_]|[\u0900-\u0963])"
_SCALE = "|".join(sorted(map(re.escape, _SCALES), key=len, reverse=True))
_BIG_SCALE = "|".join(
    sorted((re.escape(one) for one in _SCALES if len(one) > 2), key=len, reverse=True)
)
_SPELLED = "|".join(sorted(map(re.escape, _SPELLED_NUMBERS), key=len, reverse=True))
_CURRENCY = "|".join(
    [
        *(re.escape(w) for w in sorted(_WORDS, key=len, reverse=True)),
        *sorted(_CODES_IN_ANY_CASE),
        "(?-i:[A-Z]{3})",
    ]
)
_AMOUNT = re.compile(
    rf"(?P<sign>(?<![\w)])[-−](?=[₹$€£¥]|{_CURRENCY})|\bminus\s+)?"
    rf"(?:(?P<before>[₹$€£¥]|(?<!\w)(?:{_CURRENCY}))\s*|(?<![\w.,/@#]))(?P<minus>(?<!\w)[-−](?=\d))?(?P<number>{_NUMBER}|(?<![^\W_])(?:{_SPELLED})(?=\s+(?:{_BIG_SCALE}){_NO_LETTER}))(?!\d|,\d|/\d|@)"
    rf"(?:\s{{0,2}}(?P<scale>{_SCALE}){_NO_LETTER})?"
    rf"(?:/-)?(?:\s?(?P<after>[₹$€£¥]|(?:{_CURRENCY})(?!\w)))?",
    re.IGNORECASE,
)
_REST = re.compile(
    rf"\s+(?:and\s+)?(?P<number>{_NUMBER}|{_SPELLED})\s*(?P<scale>{_BIG_SCALE}){_NO_LETTER}",
    re.IGNORECASE,
)
"""The second part of an amount in two units, such as `1 lakh 20 thousand`."""
_NOUNS = (
    r"(?:nights?|days?|weeks?|months?|years?|yrs?|hours?|hrs?|adults?|child(?:ren)?|kids?|infants?"
    r"|pax|people|persons?|travell?ers?|passengers?|guests?|of us|members?|rooms?|beds?|seats?"
    r"|tickets?|visas?|bags?|stars?|km|kg|log|logon|raat|din|bade|bac?h?ch[aei]|jan[ae]|aadmi|sawari"
    r"|saal|baje|लोग|लोगों|रात|दिन|बड़े|बच्चे|साल|बजे|यात्री)"
)
_COUNTED = re.compile(
    rf"\s?-?(?:{_NOUNS}|n\d{{1,2}}d|n|d|am|pm|a|c|st|nd|rd|th)(?!\w)|\s?%|\s?per\s?cent\b|:\d",
    re.IGNORECASE,
)
_COUNTED_ANYWAY = re.compile(
    r"\s?-?(?:nights|days|weeks|months|years|hours|adults|children|kids|infants|pax|people|persons"
    r"|travell?ers|passengers|guests|of us|members)\b",
    re.IGNORECASE,
)
"""Words for people and periods: a number before them is not an amount, however large it is.

Before other counted nouns a large number is a price, as in `5,000 visa fee`.
"""
_NOUN_BEFORE = re.compile(
    r"\b(?:pax|people|adults?|child(?:ren)?|kids?|infants?|travell?ers?|passengers?|guests?|rooms?"
    r"|nights?|aged?|ages)\s*[:=-]?\s*$",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"\s*,?\s*(?:per\s+(?:person|head|pax|adult|night|ticket|visa|room|seat|couple|piece|child|kid)"
    r"|/\s?(?:person|pax|head|night|adult)|\bpp\b|\bp\.p\.|each\b|a head\b|apiece\b|har ek\b"
    r"|prati (?:vyakti|raat)\b|प्रति)",
    re.IGNORECASE,
)
_RANGE_BEFORE = re.compile(
    rf"(?:{_NUMBER})\s*(?:k|l|lakhs?|lacs?)?\s*(?:-|–|to)\s*$|\bbetween\s+\S+(?:\s+lakhs?)?\s+and\s+$",
    re.IGNORECASE,
)
_RANGE_AFTER = re.compile(rf"\s*(?:-|–|to)\s*(?:[₹$€£¥]|{_CURRENCY})?\s*\d", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)


_TAX = r"(?:[csi]?gst|vat|tcs|tds|(?:service\s+)?tax(?:es)?)"
_SHARE = r"\d{1,3}(?:\.\d+)?\s*(?:%|percent\b|per\s+cent\b)"
_ADDED = re.compile(
    rf"[,;]?\s*(?:\b(?:plus|and|with|add(?:ing)?)\b|[+&@])?\s*{_SHARE}\s*(?:of\s+)?(?:{_TAX}\b)?"
    rf"|[,;]?\s*(?:\b(?:plus|and|with|add(?:ing)?)\b|[+&])?\s*(?:the\s+)?\b{_TAX}\s*(?:@|at|of|:|=)?\s*{_SHARE}"
    rf"|[,;]?\s*(?:\b(?:plus|with|add(?:ing)?)\b|[+&])\s*(?:the\s+|applicable\s+)?{_TAX}\b(?!\s*(?:of|at|:|=)?\s*(?:[₹$€£\d]|[A-Z]{{3}}\s*\d))"
    rf"|[,;]?\s*\b{_TAX}\s+(?:is\s+)?(?:extra|on top|as applicable|applicable)\b",
    re.IGNORECASE,
)
_TAX_WORDS = re.compile(
    rf"\bincl\w*\.?\s*(?:of\s+)?(?:all\s+)?(?:{_SHARE}\s*)?{_TAX}\b"
    rf"|(?<![\d.,]){_SHARE}\s*(?:of\s+)?{_TAX}\b|\b{_TAX}\s*(?:@|at|of|:|=|is)?\s*{_SHARE}"
    rf"|\b(?:(?<=plus )|(?<=with )|(?<=adding )|(?<=\+ ))(?:applicable\s+)?{_TAX}\b"
    rf"|\b{_TAX}\b(?=\s+(?:is\s+)?(?:extra|on top|as applicable|applicable)\b)",
    re.IGNORECASE,
)
_INCLUDED = re.compile(r"\b(?:incl\w*\.?|all in|after)\s*(?:of\s+)?(?:the\s+)?$", re.IGNORECASE)


def added_tax(text: str) -> re.Match[str] | None:
    """Find a tax or percentage that is to be added: `+ 18% GST`, `plus GST`.

    None if there is none, or if the amount includes the tax.
    """
    return next(
        (
            match
            for match in _ADDED.finditer(text)
            if not _INCLUDED.search(lead(text, match.start()))
        ),
        None,
    )


def find_taxes(text: str) -> list[re.Match[str]]:
    """Return the taxes that a text names, added or included: `18% GST`, `GST @ 5%`, `plus GST`."""
    return list(_TAX_WORDS.finditer(text))


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount in a text: its exact value, its currency if it is written, and its position.

    `each` is true for a price per person or piece, `ranged` for one end of a range.
    """

    value: Decimal
    currency: str | None
    start: int
    end: int
    words: str
    scaled: bool = False
    each: bool = False
    ranged: bool = False

    @property
    def plain(self) -> str:
        """Return the value as a plain decimal number, such as `120000` or `45000.50`."""
        return plain(self.value)

    @property
    def marked(self) -> bool:
        """Return True if a currency or a unit such as lakh shows that this number is money."""
        return self.currency is not None or self.scaled


def plain(value: Decimal) -> str:
    """Return a decimal number without an exponent and without unneeded zeros at its end."""
    text = f"{value:f}"
    return (
        text.rstrip("0").rstrip(".") if "." in text and not text.split(".")[1].strip("0") else text
    )


def find_figures(text: str) -> list[Figure]:
    """Return the amounts of a text, in order."""
    return list(_figures(text))


def read_amount(text: str) -> Figure | None:
    """Read a text that consists of one amount; None for any other text.

    None also for a price per piece, one end of a range, and an amount to which a tax is added.
    """
    figures = find_figures(text)
    if len(figures) != 1 or added_tax(text):
        return None
    figure = figures[0]
    rest = (text[: figure.start] + text[figure.end :]).strip(" .")
    return None if rest or figure.ranged or figure.each else figure


def _figures(text: str) -> Iterator[Figure]:
    taken_until = 0
    for match in _AMOUNT.finditer(text):
        if match.start("number") < taken_until:
            continue
        before, after = match["before"], match["after"]
        currency = currency_of(before) or currency_of(after)
        scale = (match["scale"] or "").lower()
        is_negative = bool(match["sign"] or match["minus"])
        start = (
            match.start("sign")
            if match["sign"]
            else match.start("before")
            if before and currency_of(before)
            else match.start("minus")
            if match["minus"]
            else match.start("number")
        )
        end = (
            match.end("after")
            if after and currency_of(after) and not currency_of(before)
            else match.end("scale")
            if scale
            else match.end("number")
        )
        if currency is None and not scale and _is_count(text, match):
            continue
        if text[end : end + 2] == "/-":
            end += 2
        value = _number(match["number"]) * _SCALES.get(scale, 1)
        rest = _REST.match(text, end) if scale else None
        if rest and _SCALES[rest["scale"].lower()] < _SCALES[scale]:
            value += _number(rest["number"]) * _SCALES[rest["scale"].lower()]
            end = rest.end()
            taken_until = end
        each = _EACH.match(text, end)
        ranged = _RANGE_BEFORE.search(lead(text, start))
        yield Figure(
            value=-value if is_negative else value,
            currency=currency,
            start=start,
            end=each.end() if each else end,
            words=text[
                start - len(ranged.group()) if ranged else start : each.end() if each else end
            ].strip(),
            scaled=bool(scale),
            each=each is not None,
            ranged=bool(
                ranged or _BETWEEN.search(lead(text, start)) or _RANGE_AFTER.match(text, end)
            ),
        )


def _number(written: str) -> Decimal:
    return Decimal(_SPELLED_NUMBERS.get(written.lower(), written.replace(",", "")))


def _is_count(text: str, match: re.Match[str]) -> bool:
    """Return True for a number next to a counted noun: `2 adults`, `pax: 4`, `3 %`."""
    number, end = match["number"], match.end("number")
    is_short = len(number) < 4 and "," not in number
    if _COUNTED_ANYWAY.match(text, end) or (is_short and _COUNTED.match(text, end)):
        return True
    is_small = number.isdecimal() and len(number) <= 2
    return bool(
        is_small
        and _NOUN_BEFORE.search(lead(text, match.start("number")))
        and not _EACH.match(text, end)
    )


def currency_of(word: str | None) -> str | None:
    """Return the currency code of a currency's symbol, name or code; None for other words."""
    if not word:
        return None
    if word in _SIGNS:
        return _SIGNS[word]
    bare = word.rstrip(".")
    if word.lower() in _WORDS or bare.lower() in _WORDS:
        return _WORDS.get(word.lower()) or _WORDS[bare.lower()]
    if (
        len(bare) == 3
        and (bare.lower() in _CODES_IN_ANY_CASE or bare.isupper())
        and is_currency(bare.upper())
        and bare not in {"ALL", "TOP", "TRY"}
    ):
        return bare.upper()
    return None
