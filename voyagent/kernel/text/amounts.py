"""Find amounts in plain text, such as `45,000`, `1.2 lakh` or `AED 48,000`.

A number that counts something else (`2 adults`, `5 nights`, `3 %`) is not an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from voyagent.kernel.money import is_currency
from voyagent.kernel.text.passages import FIELD_MAX, lead

FIGURES_MAX = 100
"""Largest number of amounts that are read in one text; the rest are ignored."""
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
    "half": "0.5", "aadha": "0.5", "dedh": "1.5", "derh": "1.5", "dhai": "2.5", "dhaai": "2.5",
    "adhai": "2.5",
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15",
    "twenty": "20", "twentyfive": "25", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "ek": "1", "do": "2", "teen": "3", "char": "4", "chaar": "4", "panch": "5", "paanch": "5",
    "che": "6", "chhe": "6", "saat": "7", "aath": "8", "nau": "9", "das": "10", "dus": "10",
    "gyarah": "11", "barah": "12", "pandrah": "15", "bees": "20", "pachees": "25",
    "pachis": "25", "tees": "30", "chalis": "40", "chalees": "40", "pachas": "50",
    "pachaas": "50", "saath": "60", "sattar": "70", "assi": "80", "nabbe": "90",
    "आधा": "0.5", "डेढ़": "1.5", "ढाई": "2.5", "एक": "1", "दो": "2", "तीन": "3",
    "चार": "4", "पांच": "5", "पाँच": "5", "छह": "6", "सात": "7", "आठ": "8", "नौ": "9", "दस": "10",
    "बारह": "12", "पंद्रह": "15", "बीस": "20", "पच्चीस": "25", "तीस": "30", "चालीस": "40",
    "पचास": "50", "साठ": "60", "सत्तर": "70", "अस्सी": "80", "नब्बे": "90",
}  # fmt: skip
"""Numbers in words; they are amounts only before a unit such as `hazaar`: `dedh lakh`."""
_PARTS = {
    **dict.fromkeys(("saade", "saadhe", "sade", "sadhe", "साढ़े", "साढे"), Decimal("0.5")),
    **dict.fromkeys(("sava", "sawa", "सवा"), Decimal("0.25")),
    **dict.fromkeys(("paune", "paun", "pone", "पौने"), Decimal("-0.25")),
}
"""Hindi words that change the next number: `saade teen` is 3.5, `paune do` is 1.75."""
_AMBIGUOUS = frozenset({"do", "ek", "one", "saath", "एक", "दो"})
"""Numbers that are usually other words after an amount: `paanch hazaar do` means give 5,000."""
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3}|\d+)(?:\.\d+)?"
"""Commas must group thousands or lakhs, as in `money.ungrouped`; else there is no amount."""
_NO_LETTER = r"(?![^\W\d_]|[\u0900-\u0963])"
_SCALE = "|".join(sorted(map(re.escape, _SCALES), key=len, reverse=True))
_BIG_SCALE = "|".join(
    sorted((re.escape(one) for one in _SCALES if len(one) > 2), key=len, reverse=True)
)
_SPELLED = "|".join(sorted(map(re.escape, _SPELLED_NUMBERS), key=len, reverse=True))
_PART = "|".join(sorted(map(re.escape, _PARTS), key=len, reverse=True))
_GROUP = (
    rf"(?:(?:(?:{_PART})\s+)?(?:{_NUMBER}\s{{0,2}}(?:{_SCALE})"
    rf"|(?:{_SPELLED})(?:(?:\s+and\s+|[\s-]+)(?:{_SPELLED})){{0,4}}\s+(?:{_BIG_SCALE}))"
    rf"|(?:{_PART})\s+(?:{_BIG_SCALE})){_NO_LETTER}"
)
_RUN = (
    rf"(?>{_GROUP}(?:(?:\s+(?:and|aur)\s+|[\s-]+)"
    rf"(?:{_GROUP}|(?:{_BIG_SCALE}|{_SPELLED}){_NO_LETTER})){{0,12}})"
)
"""Numbers and units that belong together: `1 lakh 20 thousand`, `two hundred and fifty`.

The length of a run is limited, because a run that is not one number is read again from its second
number.
"""
_TOKEN = re.compile(
    rf"(?P<digits>{_NUMBER})|(?P<word>[^\W\d_](?:[^\W\d_]|[\u0900-\u0963])*)", re.IGNORECASE
)
_CURRENCY = "|".join(
    [
        *(re.escape(w) for w in sorted(_WORDS, key=len, reverse=True)),
        *sorted(_CODES_IN_ANY_CASE),
        "(?-i:[A-Z]{3})",
    ]
)
_AMOUNT = re.compile(
    rf"(?P<sign>(?<![\w)])[-−](?=[₹$€£¥]|{_CURRENCY})|\bminus\s+)?"
    rf"(?:(?P<before>[₹$€£¥]|(?<!\w)(?:{_CURRENCY}))\s*|(?<![\w.,/@#]))(?P<minus>(?<!\w)[-−](?=\d))?"
    rf"(?P<number>(?P<run>{_RUN})|(?:{_PART})\s+{_NUMBER}|{_NUMBER})(?!\d|[.,]\d|/\d|@)"
    rf"(?:\s{{0,2}}(?P<scale>{_SCALE}){_NO_LETTER})?"
    rf"(?:/-)?(?:\s?(?P<after>[₹$€£¥]|(?:{_CURRENCY})(?!\w)))?",
    re.IGNORECASE,
)
_ODD = re.compile(
    rf"(?<![\w.,/@#])(?:(?P<spaced>\d{{1,3}}(?:\s\d{{2,3}}){{0,4}}\s000|\d+\s\d/\d"
    rf"|{_NUMBER}\s?(?:l|la(?:c|kh)s?|cr|crores?)\s\d{{3,5}})(?![\w/]|[.,]\d)"
    rf"|(?P<number>\d(?:[\d.,]*\d)?)(?P<glued>\w*))(?:\s?(?:{_SCALE}){_NO_LETTER})?",
    re.IGNORECASE,
)
_ODD_END = re.compile(r"e[+-]?\d{1,2}|[½¼¾⅓⅔]|[kl]{2,}|o{2,}|[kl]\d+", re.IGNORECASE)
_CURRENCY_BEFORE = re.compile(rf"(?:[₹$€£¥]|(?<!\w)(?:{_CURRENCY}))\s*$", re.IGNORECASE)
_MONTH_BEHIND = re.compile(
    r"(?:st|nd|rd|th)?\s*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE
)
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

    Returns None if the text adds no tax, or if the amount includes the tax.
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
    """Return the taxes that a text names: `18% GST`, `GST @ 5%`, `plus GST`."""
    return list(_TAX_WORDS.finditer(text))


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount in a text: its exact value, its written currency and its position.

    `scaled` is true if a unit such as lakh is written. `each` is true for a price per person or
    piece. `ranged` is true for one end of a range.
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
        """Return True if a currency or a unit such as lakh marks the number as money."""
        return self.currency is not None or self.scaled


def plain(value: Decimal) -> str:
    """Return a number without exponent, and without decimals that are all zero."""
    text = f"{value:f}"
    return (
        text.rstrip("0").rstrip(".") if "." in text and not text.split(".")[1].strip("0") else text
    )


@dataclass(frozen=True, slots=True)
class UnreadFigure:
    """A number that looks like an amount but has no certain value: `12.500,00`, `1e5`."""

    start: int
    end: int
    words: str


def find_figures(text: str) -> list[Figure]:
    """Return the amounts of a text, in order."""
    return split_figures(text)[0]


def find_unread_figures(text: str) -> list[UnreadFigure]:
    """Return the numbers that look like amounts and cannot be read, in order."""
    return split_figures(text)[1]


def split_figures(text: str) -> tuple[list[Figure], list[UnreadFigure]]:
    """Return the amounts of a text and the numbers that cannot be read, each in order.

    The two lists together have at most FIGURES_MAX members.
    """
    found = list(islice(_figures(text), FIGURES_MAX))
    unread = [one for one in found if isinstance(one, UnreadFigure)]
    return (
        [one for one in found if isinstance(one, Figure)],
        sorted(unread, key=lambda one: one.start),
    )


def read_amount(text: str) -> Figure | None:
    """Read a text that consists of one amount; return None for any other text.

    The result is also None for a price per piece, for one end of a range, and for an amount to
    which a tax is added. A text of more than FIELD_MAX characters is not read.
    """
    if len(text) > FIELD_MAX:
        return None
    figures = find_figures(text)
    if len(figures) != 1 or added_tax(text):
        return None
    figure = figures[0]
    rest = (text[: figure.start] + text[figure.end :]).strip(" .")
    return None if rest or figure.ranged or figure.each else figure


def _figures(text: str) -> Iterator[Figure | UnreadFigure]:
    odd = list(islice(_odd(text), FIGURES_MAX))
    yield from odd
    in_odd = bytearray(len(text))
    for one in odd:
        in_odd[one.start : one.end] = b"\1" * (one.end - one.start)
    place = 0
    while match := _AMOUNT.search(text, place):
        place = max(match.end("number"), place + 1)
        if 1 in in_odd[match.start("number") : match.end()]:
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
        value, end = _value(text, match)
        if value is None:
            yield UnreadFigure(start, match.end("number"), text[start : match.end("number")])
            continue
        place = max(match.start("number") + 1, end)
        if end < match.end("number"):  # the words after it belong to the next value
            currency = currency_of(before)
        elif after and currency and not currency_of(before):
            end = match.end("after")
        scale = scale or match["run"]
        if currency is None and not scale and _is_count(text, match):
            continue
        if text[end : end + 2] == "/-":
            end += 2
        place = max(place, end)
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


def _odd(text: str) -> Iterator[UnreadFigure]:
    """Yield numbers with an exponent, a fraction or misplaced commas and points."""
    for match in _ODD.finditer(text):
        number, glued = match["number"] or "", match["glued"] or ""
        is_malformed = bool(number) and not re.fullmatch(_NUMBER, number)
        if not (match["spaced"] or is_malformed or _ODD_END.fullmatch(glued)):
            continue
        currency = _CURRENCY_BEFORE.search(lead(text, match.start()))
        is_marked = currency is not None or match.end() > match.end("glued")
        parts = re.split("[.,]", number)
        is_list = "." not in number and not is_marked and max(map(len, parts)) <= 2
        if (
            is_malformed
            and is_list
            and (
                len(parts) > 2
                or min(map(len, parts)) < 2
                or _NOUN_BEFORE.search(lead(text, match.start()))
                or _COUNTED.match(text, match.end())
                or _MONTH_BEHIND.match(text, match.end())
            )
        ):
            continue  # `ages 8,10` and `24,25 Dec` are lists of small numbers
        start = match.start() - len(currency.group()) if currency else match.start()
        yield UnreadFigure(start, match.end(), text[start : match.end()].strip())


def _value(text: str, match: re.Match[str]) -> tuple[Decimal | None, int]:
    """Return the value of a matched number and its end position in the text.

    The value is None if the words are not one number.
    """
    start = match.start("number")
    if match["run"]:
        value, length = _value_of_run(match["run"], text[match.end("run") :])
        return value, start + length
    if not match["number"][0].isdigit():
        return None, match.end("number")  # `saade 3` without a unit
    scale = (match["scale"] or "").lower()
    value = Decimal(match["number"].replace(",", "")) * _SCALES.get(scale, 1)
    return value, match.end("scale") if scale else match.end("number")


def _value_of_run(run: str, behind: str) -> tuple[Decimal | None, int]:
    """Return the value of a run such as `2 lakh 50 thousand`, and its length.

    The length is the number of characters that belong to the value. The value is None if the run is
    not one number. `behind` is the text after the run.
    """
    total = pending = Decimal(0)
    length, last, highest = 0, 0, max(_SCALES.values()) * 10
    for words, scale, end in _groups(run):
        unit = _SCALES[scale] if scale else 1
        if length and words and words[0][0].isdigit() and (unit >= last or len(scale) < 3):
            break
        number = Decimal(0) if pending and not words else _number_of(words)
        if number is None or unit >= highest:
            return None, len(run)
        if not scale:
            return _with_rest(total + pending, length, last, words, number, run, behind)
        if unit == 100:
            pending = number * unit
        else:
            total, pending, highest = total + (pending + number) * unit, Decimal(0), unit
        length, last = end, unit
    return total + pending, length


def _groups(run: str) -> Iterator[tuple[list[str], str, int]]:
    """Yield the words of each number in a run, its unit and its end position.

    For example, `2 lakh 50` yields `["2"], "lakh", 6` and `["50"], "", 9`.
    """
    words: list[str] = []
    for token in _TOKEN.finditer(run):
        word = token.group().lower()
        if word in _SCALES:
            yield words, word, token.end()
            words = []
        elif word not in ("and", "aur"):
            words.append(word)
    if words:
        yield words, "", len(run)


def _number_of(words: list[str]) -> Decimal | None:
    """Return the number that words name, such as `twenty five`, or None.

    The result is None if the words are not one number, such as `five twenty`.
    """
    part = _PARTS.get(words[0]) if words else None
    rest = words[1:] if part is not None else words
    if not rest:
        return 1 + part if part is not None else None
    total = Decimal(0)
    for place, word in enumerate(rest):
        if word in _PARTS:
            return None
        number = Decimal(_SPELLED_NUMBERS.get(word, word.replace(",", "")))
        if place and not (total >= 20 and total % 10 == 0 and number < 10):
            return None
        total += number
    return total + (part or 0)


def _with_rest(
    value: Decimal,
    length: int,
    last: int,
    words: list[str],
    number: Decimal,
    run: str,
    behind: str,
) -> tuple[Decimal | None, int]:
    """Add the last number of a run, which has no unit; return new value and length.

    For example, `do sau pachas` is Hindi for two hundred fifty: `value` is 200 and `number` is 50.
    The last number is not added if it is ambiguous, or if it counts something else, as in `two
    hundred five nights`. The value is None if the words are not one number.
    """
    if (len(words) == 1 and words[0] in _AMBIGUOUS) or _COUNTED.match(behind):
        return value, length
    return (value + number, len(run)) if number < 100 and last <= 1_000 else (None, len(run))


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
    """Return the ISO 4217 code of a currency, given its symbol, name or code.

    Returns None if the word is not a currency.
    """
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
