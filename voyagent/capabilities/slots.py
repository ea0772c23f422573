"""Fill the fields of a capability from a text.

READERS has the functions that read a value from a text, for most kinds of value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from voyagent.approvals.words.arguments import date_kind
from voyagent.capabilities.capability import Capability, Choice, Lookup
from voyagent.capabilities.describe import form_fields
from voyagent.capabilities.slot_words import (
    AGE,
    FLAGS,
    OVERDUE_DAYS,
    STATUS_WORDS,
    TRAVELLER_KINDS,
)
from voyagent.capabilities.unread import Unread, find_unread
from voyagent.kernel.text import people, stations
from voyagent.kernel.text.amounts import find_taxes
from voyagent.kernel.text.dates import DateKind, Day, read_date
from voyagent.kernel.text.journeys import find_ends
from voyagent.kernel.text.line_items import find_lines
from voyagent.kernel.text.names import find_known_names, near_names
from voyagent.kernel.text.naming import Role, find_names
from voyagent.kernel.text.party_size import party_size
from voyagent.kernel.text.passages import lead
from voyagent.kernel.text.periods import find_period
from voyagent.kernel.text.places import places_in
from voyagent.kernel.text.reading import Reading, Span, read
from voyagent.kernel.text.transfers import find_transfer

CHOICES_MAX = 5
MESSAGE_MAX = 10_000
"""Maximum number of characters of a message that a field stores."""
_AMOUNT_MIN = 100
"""Minimum of a number without a currency that is read as an amount; a smaller one is a quantity."""

_BILL_NUMBER = re.compile(
    r"\b(?:bill|inv(?:oice)?|ref(?:erence)?|voucher)\.?\s*(?:(?:no|number|num)\b\.?)?\s*[:#-]?\s*"
    r"(?P<value>(?=[A-Z/-]{0,40}\d)[A-Z0-9][A-Z0-9/-]*)\b"
    r"|\bno\.?\s*(?P<other>(?=[A-Z/-]{0,40}\d)[A-Z0-9/-]{2,})",
    re.IGNORECASE,
)
_CASH = re.compile(r"\b(?:cash|nakad)\b|नकद|कैश", re.IGNORECASE)
_BANK = re.compile(
    r"\b(?:bank|neft|rtgs|imps|upi|gpay|g-?pay|google pay|phonepe|paytm|cheque|chq|transfer(?:red)?"
    r"|wire|swift|card|online|razorpay|bhim|pos|wallet|demand draft|dd|pdc|trf"
    r"|a/c|deposit(?:ed)?|net ?banking|credited|remit\w*|draft|eft|ach|iban|hdfc|icici|sbi"
    r"|axis|kotak|pnb|idfc|idbi|canara|hsbc|citi|enbd|adcb|mashreq|federal|our account|khaat[ea])\b"
    r"|यूपीआई|बैंक|चेक|खाते",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:utr|rrn|ref(?:erence)?|cheque|chq|txn|transaction|p\.?o\.?|voucher)\b\.?"
    r"(?:\s*(?:no\b\.?|number|num|id|ref|is|was|[:#-])){0,5}\s*"
    r"(?P<value>(?=[A-Za-z/-]{0,40}\d)[A-Za-z0-9/-]{3,})"
    r"|\b(?:neft|rtgs|imps|upi|trx|trans(?:fer)?)\b\W{0,3}(?:ref|no|id|from|by)?\W{0,3}"
    r"(?P<after>[A-Z]{1,6}\d{4,}[A-Z0-9]*|\d{8,})",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\d:/.])(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d))?\s*(?P<half>am|pm)\b"
    r"|(?P<noon>\bnoon\b|\bmidday\b)|(?P<midnight>\bmidnight\b)"
    r"|(?:(?P<part>subah|shaam|sham|raat|dopahar|सुबह|शाम|रात|दोपहर)\s+(?:ke\s+|के\s+)?)?"
    r"(?P<hour4>[01]?\d)(?:[:.](?P<minute4>[0-5]\d))?\s*(?:baje|बजे)(?:\s*(?P<part2>subah|shaam|sham|raat))?"
    r"|(?<![\d:/.])(?P<hour2>[01]?\d|2[0-3]):(?P<minute2>[0-5]\d)(?!\d)|\b(?P<hour3>[0-2]\d)"
    r"(?P<minute3>[0-5]\d)\s*(?:hrs?|h)\b",
    re.IGNORECASE,
)
_CABIN = re.compile(
    r"\b(?:(?P<premium>prem(?:ium)?(?:\s+eco(?:nomy)?)?)|(?P<economy>eco(?:nomy)?)"
    r"|(?P<business>biz|business)(?=\s|$|[,.;])|(?P<first>first)(?=\s+class))",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"\b(?:in\s+)?(?P<name>hindi|english)\b|(?P<hi>हिंदी|हिन्दी)", re.IGNORECASE)
_LOCATOR = re.compile(
    r"\b(?:pnr|locator|booking(?:\s+(?:ref|code))?|ref)\s*[:#-]?\s*(?:no\.?\s+|is\s+)?"
    r"(?P<cued>(?-i:[A-Z0-9]{5,8}))\b|\b(?P<bare>(?-i:(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}))\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because(?: of)?|reason\s*(?:is|:|-)?|since|due to|on account of|kyunki|क्योंकि"
    r"|as(?=\s+(?:the|he|she|they|it|customer|client|party|company|firm|\w+\s+(?:is|has|was|will|left"
    r"|refus\w+|cannot|can't|not|never|closed|died|passed))\b))\s+(?P<value>[^\n]{3,200})",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*[,;:]\s+|\s+[-–—]\s+|\.\s+")
_WRITE_OFF = re.compile(
    r"\b(?:write|written|writing|w)[\s/-]*off\b|\bbad debts?\b|\bwaive|\bplease$|\bpls$|राइट ऑफ",
    re.IGNORECASE,
)
_CANCEL = re.compile(
    r"^(?:(?:and|then|also|please|pls|we)\s+)*(?:cancel|keep|retain|deduct|refund|return|pay|give|hold"
    r"|process)\b|\b(?:radd|cancel|wapas)\s+kar|\b(?:kaat|rakh)\b|(?:रद्द|कैंसल|वापस)\s+कर|काट|रख लो",
    re.IGNORECASE,
)
"""Words of a clause that asks for a cancellation, or says what is kept and paid back."""
_STATED_NUMBER = re.compile(
    r"\b(?:invoice|inv|bill)\.?\s*(?:no\.?|number|#)?\s*#?(?P<digits>\d{2,6})\b(?![.,]\d)",
    re.IGNORECASE,
)
_FOR = re.compile(r"\bfor\s*$", re.IGNORECASE)
_BUDGET_BEFORE = re.compile(
    r"\b(?:budgets?|upto|up to|under|within|below|max(?:imum)?|around|about|approx\w*|spend|afford"
    r"|bajat|kharcha)\b\W*(?:(?:is|of|to|hai|will be|would be|around|about|approx\w*|now|max|only)"
    r"\W+)*$|बजट\W*$",
    re.IGNORECASE,
)
_BUDGET_BEHIND = re.compile(
    r"\s*(?:ka |ki |total |max |approx )?(?:budget|bajat|tak\b|max\b)|\s*(?:का )?(?:बजट|तक)",
    re.IGNORECASE,
)
_OTHER_MONEY = re.compile(
    r"\b(?:pay(?:ment)?s?|paid|paying|receipts?|received?|transfer\w*|deposit\w*|refund\w*"
    r"|invoic\w+|bill(?:ed)?|record|post|send|sent|advance|write off|credit(?:ed)?|debit(?:ed)?"
    r"|charged?)\b",
    re.IGNORECASE,
)
"""Words of payments and documents: an amount beside them is no budget."""
_STOP = re.compile(r"[,;\n]\s|[.!?]\s|\n")
_PEOPLE_MAX = 20
"""The largest number that “for” can introduce as a number of people."""
_ACCOUNT_CODE = re.compile(r"(?<![\d/.,-])\d{4}(?![\d/.,-])")
_ACCOUNT_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:balance|ledger|account|lying|kept|spent|money|much)\s+(?:is\s+)?(?:of|in|for|on)\s+"
        r"(?:the\s+|our\s+)?(?P<name>[a-z][a-z &-]{1,40}?)(?:\s+(?:account|a/?c|balance|bal|ledger"
        r"|khaat[ea]|as|on|at|till|now|right|today|this|so)\b|[?.,]|$)",
        r"(?<![a-z&-])(?P<name>[a-z][a-z&-]*(?:\s[a-z&-]+){0,5}?)\s+(?:ke?\s+)?"
        r"(?:account|a/?c|khaate|khaata"
        r"|balance|bal|ledger|(?:ka|ke|mein|me)\s+(?:balance|kitn[aei]|khaate|khaata|paisa))\b",
        r"\b(?P<name>cash|bank)\b",
    )
)
_ACCOUNT_WORDS = """
what is the show me our my balance of in a an current closing opening todays today's give tell check
how much do we have s account see get please pls batao ka ke ki mein me whats what's was
"""
_NO_ACCOUNT = frozenset(_ACCOUNT_WORDS.split())
_ABOVE = re.compile(r"(?:more than|above|over|exceeding|beyond|>)\s*$", re.IGNORECASE)
_FROM = re.compile(r"(?:at least|minimum(?: of)?|min|from|>=)\s*$", re.IGNORECASE)
_OR_MORE = re.compile(r"\s*(?:or more|and above|and up|or above|\+)", re.IGNORECASE)
_NIGHTS = re.compile(
    r"\b(?P<n>\d{1,2})\s*(?:(?:nights?|nts?|raat)\b|n(?=\b|\s*\d+\s*d\b))", re.IGNORECASE
)
_DATE_CUES: Mapping[str, tuple[re.Pattern[str], bool]] = {
    name: (re.compile(rf"(?:{words})\W{{0,3}}(?:\w+\W){{0,2}}$", re.IGNORECASE), is_needed)
    for name, (words, is_needed) in {
        "due_date": (r"\bdue|payable|pay(?:ment)?(?: is)? by|before", True),
        "date_of_birth": (r"\bdob|d\.o\.b\.?|born|birth(?:day)?|janam|janm|जन्म", True),
        "passport_expiry": (r"exp(?:iry|ires|iring|\.)?|valid(?: till| until)?", True),
        "return_date": (r"\bret(?:urn(?:ing)?)?|back|coming back|wapas", False),
        "check_out": (r"check ?-?out|\bout|leaving|till|until", False),
    }.items()
}
"""Words before a date that assign the date to a field.

The second value is True if the field takes a date only after these words.
"""
DATE_READERS = ("date", "date_or_today")
"""Kinds of value that are a date."""
_BACK = ("return_date", "check_out")
_PAST_PERIODS = ("created_", "issued_", "period_")
_DUE_BEHIND = re.compile(
    r"\W*(?:tak|तक|due\b|ko due|se pehle|payment date|is the due)", re.IGNORECASE
)
_TERMS = re.compile(
    r"\b(?:due|payable|pay(?:ment)?|within|net|credit|terms?)\W+(?:of\s+|in\s+|within\s+)?(\d{1,3})"
    r"\s*(?:days?|din)\b|\b(\d{1,3})\s*days?['’]?\s*(?:credit|terms?|time|to pay)\b"
    r"|\bnet\s*(\d{1,3})\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b(?:(?:billing\s+)?address|billed?\s+to)\s*(?:is|:|-)?\s+"
    r"(?P<value>(?=[^\n]*\d)[^\n.;]{8,160}?)(?=\s+due\b|[;\n]|\.\s|\.?$)",
    re.IGNORECASE,
)
_SINCE = re.compile(r"\b(?:since|from|after|starting)\s+(?:the\s+)?$|$(?<=से )", re.IGNORECASE)
_UNTIL = re.compile(
    r"\b(?:by|before|until|till|upto|up to|on or before)\s+(?:the\s+)?$", re.IGNORECASE
)
_UNTIL_BEHIND = re.compile(r"\s*(?:tak\b|तक|se pehle)", re.IGNORECASE)
_CREATED = re.compile(
    r"\b(?:came|come|received?|got|get|new|created|logged|entered|added|today|yesterday|aaj|aay[aie]"
    r"|aai|so far|last|past|this week|is hafte)\b|आई|आए|आज|पिछले",
    re.IGNORECASE,
)
_LEAVING = re.compile(
    r"\b(?:depart\w*|travel\w*|going|fly\w*|leav\w*|go|ja rah[ei]|jaa?na|trips?)\b|जा रहे|जाना",
    re.IGNORECASE,
)
_STAY = re.compile(
    r"\b(?:for\s+)?(?P<n>an?|one|two|three|\d)\s*(?P<unit>weeks?|hafte|hafta)\b|\bweek[- ]long\b",
    re.IGNORECASE,
)
_DAYS_LATER = re.compile(
    r"\b(?:return\w*|back|wapas)\W+(?:\w+\W+){0,2}?(?:after|in)\s+(?P<n>\d{1,2})\s+days?\b",
    re.IGNORECASE,
)
_LAST_DAY = re.compile(
    r"(?:\b(?:to|till|until|tak|return\w*|back|out|checkout|leaving|se)\b|[-–—])\W{0,3}(?:on\s+|by\s+)?"
    r"(?:the\s+)?(?P<d>[12]?\d|3[01])(?:st|nd|rd|th)?(?![\d/.,:-]|\s*(?:adults?|pax|nights?|days?|log|am|pm"
    r"|people|persons?|guests?|kids?|child|rooms?|lakh|k\b))",
    re.IGNORECASE,
)
_SENIOR_FROM = 60


@dataclass(frozen=True, slots=True)
class Context:
    """Data that are needed to read a text.

    `names` are names of the agency's records. `known` has, by field, values of the record that the
    conversation is about, such as the destination of an enquiry. `look_up(lookup, text)` calls a
    function of `Capability.lookups` and returns the records that the text can mean.
    """

    today: date
    currency: str = "INR"
    region: str = "IN"
    names: Sequence[str] = ()
    known: Mapping[str, Any] = field(default_factory=dict)
    look_up: Callable[[Lookup, str], Sequence[Choice]] = lambda _lookup, _text: ()


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the words from which it was read.

    `words` is empty if the value was assumed.
    """

    value: Any
    words: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """Values of fields that were found in a text.

    `values` and `words` have, by field, the value and the part of the text from which the value was
    read. If several records fit a field, `choices` has these records by field. `unread` has parts
    of the text that no field takes.
    """

    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()


Several = tuple[Choice, ...]
FieldReader = Callable[[Reading, Context], Found | Several | None]


def fill(capability: Capability[Any], text: str, context: Context) -> Filled:
    """Return the fields of a capability that a text gives; other fields are left out."""
    reading = _read(text, context, _kind_of_text(capability))
    filled = Filled()
    context = _fill_records(filled, capability, reading, context)
    dates = _dates(capability, text, context)
    for name, slot in capability.slots.items():
        if name in capability.lookups:
            continue
        if slot.reader in DATE_READERS:
            is_open = any(one.kind == "date" for one in reading.unclear)
            is_assumed = slot.reader == "date_or_today" and not is_open
            assumed = Found(context.today.isoformat()) if is_assumed else None
            _put(filled, name, dates.get(name, assumed), capability)
        elif slot.reader == "status":
            _put(filled, name, _status(capability, name, text), capability)
        elif slot.reader == "flag":
            _put(filled, name, _flag(name, text), capability)
        elif slot.reader == "invoice":
            _put(filled, name, _invoice(reading, context, text), capability)
        elif slot.reader in NAME_READERS and not capability.writes:
            found = READERS[slot.reader](reading, context)
            _put(filled, name, _existing(found, context), capability)
        elif slot.reader in READERS:
            _put(filled, name, READERS[slot.reader](reading, context), capability)
    return replace(filled, unread=find_unread(capability, reading, filled.values))


def _fill_records(
    filled: Filled, capability: Capability[Any], reading: Reading, context: Context
) -> Context:
    """Fill the fields that have a lookup, and return the context for the other fields.

    If a record with an amount was found, the returned context has the currency of the record.
    """
    for name, lookup in capability.lookups.items():
        rows = context.look_up(lookup, reading.text)
        meant = _meant(rows, reading, context.known.get(name))
        if not isinstance(meant, Choice):
            _put(filled, name, meant, capability)
            continue
        _put(filled, name, Found(meant.id, meant.label), capability)
        if meant.amount is not None:
            context = replace(context, currency=meant.amount.currency)
            for one, slot in capability.slots.items():
                if slot.reader == "currency":
                    _put(filled, one, Found(context.currency), capability)
    return context


def reading_of(text: str, context: Context) -> Reading:
    """Return the amounts, dates and other values in a text, with their positions."""
    return _read(text, context, "travel")


def answered_date(name: str, text: str, context: Context) -> str | None:
    """Return the date of a message that is only a date, such as “5th”, or None.

    `name` is the field that the message answers.
    """
    day = read_date(text.strip(), context.today, date_kind(name))
    return day.day.isoformat() if isinstance(day, Day) else None


def _put(
    filled: Filled, name: str, found: Found | Several | None, capability: Capability[Any]
) -> None:
    if isinstance(found, Found):
        is_list = name in list_fields(capability)
        value = [found.value] if is_list and not isinstance(found.value, list) else found.value
        filled.values[name], filled.words[name] = value, found.words
    elif found:
        filled.choices[name] = found[:CHOICES_MAX]


@cache
def list_fields(capability: Capability[Any]) -> frozenset[str]:
    """Return the fields of a capability that are lists."""
    properties = capability.input.model_json_schema().get("properties", {})
    return frozenset(name for name, one in properties.items() if one.get("type") == "array")


def _read(text: str, context: Context, prefer: DateKind) -> Reading:
    return read(
        text,
        today=context.today,
        region=context.region,
        prefer=prefer,
        names=context.names,
    )


def _kind_of_text(capability: Capability[Any]) -> DateKind:
    """Return the purpose of the dates in a message for a capability.

    The purpose is `book` (book dates) or `travel` (travel dates).
    """
    fields = capability.slots.items()
    kinds = {date_kind(name) for name, slot in fields if slot.reader in DATE_READERS}
    is_book = capability.writes and (capability.book_date or "book" in kinds)
    return "book" if is_book else "travel"


def _dates(capability: Capability[Any], text: str, context: Context) -> dict[str, Found]:
    """Return the dates of a text by the name of the field that each of them fills."""
    names = [
        name
        for name, slot in capability.slots.items()
        if slot.reader in DATE_READERS
        and name not in capability.lookups
        and not name.endswith(("_from", "_to", "_start", "_end"))
    ]
    readings = {kind: _read(text, context, kind) for kind in {date_kind(name) for name in names}}
    given: dict[str, Found] = {}
    taken: set[tuple[int, int, int]] = set()
    for is_cued in (True, False):
        for name in names:
            cue, is_needed = _DATE_CUES.get(name, (None, False))
            if name in given or (is_cued and cue is None) or (not is_cued and is_needed):
                continue
            reading = readings[date_kind(name)]
            for place, span in enumerate(reading.of("date")):
                key = (span.start, span.end, place)
                before = text[max(0, span.start - 30) : span.start]
                if key in taken or (is_cued and cue and not cue.search(before)):
                    continue
                taken.add(key)
                given[name] = Found(span.value.isoformat(), reading.words(span))
                break
    if "due_date" in names and "due_date" not in given:
        due = _due_date(text, context)
        if due:
            given["due_date"] = Found(due, text)
    _add_birth(names, given, readings, context, {(start, end) for start, end, _ in taken})
    _count_nights(names, given, text)
    return given | _periods(capability, text, context)


def _add_birth(
    names: list[str],
    given: dict[str, Found],
    readings: Mapping[DateKind, Reading],
    context: Context,
    taken: set[tuple[int, int]],
) -> None:
    """Take the last free date up to today as date of birth, unless a word names one.

    `taken` has the first and last place of each date that another field has.
    """
    if "date_of_birth" not in names or "date_of_birth" in given:
        return
    reading = readings["birth"]
    for span in reading.of("date"):
        if span.value <= context.today and (span.start, span.end) not in taken:
            given["date_of_birth"] = Found(span.value.isoformat(), reading.words(span))


def _count_nights(names: list[str], given: dict[str, Found], text: str) -> None:
    """Add the return or check-out date to `given`, found from the first date.

    For example, “5 May for 3 nights” gives 8 May, and “5 May to 9” gives 9 May.
    """
    back = next((name for name in names if name in _BACK and name not in given), None)
    first = given.get(names[0]) if names else None
    if back is None or first is None:
        return
    start = date.fromisoformat(first.value)
    nights, weeks, days = _NIGHTS.search(text), _STAY.search(text), _DAYS_LATER.search(text)
    place = text.find(first.words) + len(first.words)
    last = _LAST_DAY.match(text, place) or _LAST_DAY.search(text, place)
    if nights:
        given[back] = Found((start + timedelta(days=int(nights["n"]))).isoformat(), nights.group())
    elif days:
        given[back] = Found((start + timedelta(days=int(days["n"]))).isoformat(), days.group())
    elif last and first.words:
        number = int(last["d"])
        found = next(
            (day for day in (start + timedelta(days=n) for n in range(1, 62)) if day.day == number),
            None,
        )
        if found:
            given[back] = Found(found.isoformat(), last.group())
    elif weeks:
        number = people.bare_count(weeks["n"] or "") or 1
        given[back] = Found((start + timedelta(days=7 * number)).isoformat(), weeks.group())


def _periods(capability: Capability[Any], text: str, context: Context) -> dict[str, Found]:
    """Return the first and last day of a period by field.

    The fields are a pair such as `created_from` and `created_to`. An end that the text leaves open
    is left out. “Overdue” sets the end of the due dates to yesterday.
    """
    pairs = [
        (name, f"{name.removesuffix(end)}{other}")
        for end, other in (("_from", "_to"), ("_start", "_end"))
        for name in capability.slots
        if name.endswith(end) and capability.slots[name].reader == "date"
    ]
    if not pairs:
        return {}
    is_created = len(pairs) > 1 and _CREATED.search(text) and not _LEAVING.search(text)
    first, last = next(
        (pair for pair in pairs if is_created and pair[0] == "created_from"), pairs[0]
    )
    is_past = first.startswith(_PAST_PERIODS)
    reading = _read(text, context, date_kind(first))
    days = reading.of("date")
    if len(days) > 1:
        ends = sorted(days[:2], key=lambda span: span.value)
        return {
            name: Found(span.value.isoformat(), reading.words(span))
            for name, span in zip((first, last), ends, strict=True)
        }
    if days:
        day = Found(days[0].value.isoformat(), reading.words(days[0]))
        if _SINCE.search(lead(text, days[0].start)):
            return {first: day}
        is_end = _UNTIL.search(lead(text, days[0].start)) or _UNTIL_BEHIND.match(text, days[0].end)
        return {last: day} if is_end else {first: day, last: day}
    period = find_period(text, context.today, is_past=is_past)
    if period is None:
        is_overdue = first == "due_from" and FLAGS["overdue_only"][0].search(text)
        yesterday = context.today - timedelta(days=1)
        return {last: Found(yesterday.isoformat(), is_overdue.group())} if is_overdue else {}
    found = {first: Found(period.start.isoformat(), period.words)}
    if not period.is_open:
        found[last] = Found(period.end.isoformat(), period.words)
    return found


def _meant(
    rows: Sequence[Choice], reading: Reading, known: object = None
) -> Choice | Several | None:
    """Return the record that a text means, or several records to choose from.

    The result is None if `rows` is empty. `known` is the id of the record that the conversation is
    about.
    """
    numbers = {_bare(str(span.value)) for span in reading.of("number")}
    amounts = {span.value.value for span in reading.of("amount")}
    stated = _STATED_NUMBER.search(reading.text)
    if stated:
        numbers.add(_bare(stated["digits"]))
    numbered = [row for row in rows if row.number and _bare(row.number) in numbers]
    is_other = stated is not None and not numbered
    sure = [row for row in rows if not row.is_near and not is_other]
    equal = [row for row in sure if row.amount is not None and row.amount.decimal in amounts]
    own = [row for row in sure if row.id == known and not numbered]
    one = next((some[0] for some in (numbered, equal, sure, own) if len(some) == 1), None)
    return one or tuple(numbered or rows) or None


def _bare(number: str) -> str:
    return number.rsplit("/", 1)[-1].lstrip("0")


def _status(capability: Capability[Any], name: str, text: str) -> Found | None:
    """Return the status that a text names, or None."""
    options = next(
        (control.options for control in form_fields(capability, {}) if control.name == name), ()
    )
    for option, words in STATUS_WORDS:
        match = words.search(text) if option in options else None
        if match:
            return Found(option, match.group())
    for option in options:
        if option == "new":
            continue
        match = re.search(rf"\b{re.escape(option).replace('_', '[ _-]')}\b", text, re.IGNORECASE)
        if match:
            return Found(option, match.group())
    return None


def _existing(found: Found | Several | None, context: Context) -> Found | Several | None:
    """Return the name that was found, or similar known names to choose from.

    A name is returned unchanged if it is known or if no known name is similar.
    """
    if not isinstance(found, Found) or found.value in context.names:
        return found
    near = near_names(found.words, context.names)
    return tuple(Choice(name, name) for name in near) or found


def _flag(name: str, text: str) -> Found | None:
    pattern, value = FLAGS[name]
    match = pattern.search(text)
    return Found(value, match.group()) if match else None


def _traveller_kind(reading: Reading, _context: Context) -> Found | None:
    """Return the age group that the text names, else the group of an age in the text."""
    for kind, pattern in TRAVELLER_KINDS:
        match = pattern.search(reading.text)
        if match:
            return Found(kind, match.group())
    age = AGE.search(reading.text)
    if age is None:
        return None
    years = int(next(filter(None, age.groups())))
    if years < people.CHILD_UNTIL:
        return Found("infant" if years < people.INFANT_UNTIL else "child", age.group())
    return Found("senior" if years >= _SENIOR_FROM else "adult", age.group())


def _days_overdue(reading: Reading, _context: Context) -> Found | None:
    match = OVERDUE_DAYS.search(reading.text)
    if match is None:
        return None
    is_more = match["more"] or match["behind"]
    return Found(int(match["n"]) + (1 if is_more else 0), match.group().strip())


def _span(reading: Reading, span: Span) -> Found:
    return Found(span.value, reading.words(span))


def _first(kind: str) -> FieldReader:
    def reader(reading: Reading, _context: Context) -> Found | None:
        spans = [span for span in reading.spans if span.kind == kind]
        return _span(reading, spans[0]) if spans else None

    return reader


def _document(reading: Reading, _context: Context) -> Found | None:
    """Return a document number, or the number after `bill` or `invoice`."""
    spans = reading.of("number")
    if spans:
        return _span(reading, spans[0])
    match = _BILL_NUMBER.search(reading.text)
    return Found(match["value"] or match["other"], match.group()) if match else None


def _figure(reading: Reading) -> Span | None:
    """Return the amount in a text, or None if there is none or it is not clear.

    Of several amounts, the first with a currency or a unit such as lakh is returned, else the
    first of at least _AMOUNT_MIN, else the first. A small number after “for” is a number of people.
    """
    if any(one.reason == "unread" for one in reading.unclear):
        return None
    spans = [
        span
        for span in reading.of("amount")
        if span.value.value > 0
        and (
            span.value.marked
            or span.value.value > _PEOPLE_MAX
            or not _FOR.search(lead(reading.text, span.start))
        )
    ]
    marked = [span for span in spans if span.value.marked]
    large = [span for span in spans if span.value.value >= _AMOUNT_MIN]
    return next(iter(marked or large or spans), None)


def _amount(reading: Reading, _context: Context) -> Found | None:
    span = _figure(reading)
    return Found(span.value.plain, span.value.words) if span else None


def _budget(reading: Reading, _context: Context) -> Found | None:
    """Return the amount that the text calls a budget, else the amount in the text.

    The latter is left out if the words around the amount are about a payment or a document.
    """
    spans = [span for span in reading.of("amount") if span.value.value > 0]
    for span in spans:
        before = lead(reading.text, span.start)
        if _BUDGET_BEFORE.search(before) or _BUDGET_BEHIND.match(reading.text, span.end):
            return Found(span.value.plain, span.value.words)
    figure = _figure(reading)
    if figure is None or _OTHER_MONEY.search(_clause_of(reading.text, figure)):
        return None
    return Found(figure.value.plain, figure.value.words)


def _clause_of(text: str, span: Span) -> str:
    """Return the sentence, or the part of a list, that contains a value."""
    begins = max((match.end() for match in _STOP.finditer(text, 0, span.start)), default=0)
    end = _STOP.search(text, span.end)
    return text[begins : end.start() if end else len(text)]


def _amount_after(before: re.Pattern[str], after: re.Pattern[str] | None = None) -> FieldReader:
    def reader(reading: Reading, _context: Context) -> Found | None:
        for span in reading.of("amount"):
            is_led = before.search(lead(reading.text, span.start))
            if is_led or (after and after.match(reading.text, span.end)):
                return Found(span.value.plain, span.value.words)
        return None

    return reader


def _currency(reading: Reading, context: Context) -> Found | None:
    """Return the currency of the amount or rate in a text.

    If the text names no currency, the currency of `context` is assumed. The result is None if the
    text has no amount and no rate.
    """
    spans = [*reading.of("amount"), *reading.of("rate")]
    written = [span.value.currency for span in spans if span.value.currency]
    if written:
        return Found(written[0], written[0])
    return Found(context.currency) if spans else None


def _name_of(role: Role) -> FieldReader:
    """Return a function that reads the name of a person or firm from a text.

    Stored names are preferred. If the text has several of them, the function returns them as
    choices.
    """

    def reader(reading: Reading, context: Context) -> Found | Several | None:
        found = find_known_names(reading.text, context.names)
        known: dict[str, str] = {}
        for stored in found:  # names that differ only in case are those of namesakes
            known.setdefault(stored.name.casefold(), stored.name)
        if len(known) == 1:
            return Found(found[0].name, reading.text[found[0].start : found[0].end])
        if known:
            return tuple(Choice(name, name) for name in known.values())
        labelled = people.find_name(reading.text)
        if labelled:
            return Found(labelled.value, labelled.words)
        hidden = [(span.start, span.end) for span in reading.spans if span.kind != "route"]
        for one in find_names(reading.text, hidden, role):
            name = people.as_name(people.without_possessive(one.words), is_joint=True)
            if name:
                return Found(name, one.words)
        return None

    return reader


_party = _name_of("customer")


def _without_values(reading: Reading) -> str:
    """Return the text with each value replaced by a comma; routes stay as they are."""
    pieces, end = [], 0
    for span in reading.spans:
        if span.start < end or span.kind == "route":
            continue
        pieces += [reading.text[end : span.start], " , "]
        end = span.end
    return "".join([*pieces, reading.text[end:]]).strip(" ,")


def _people(reading: Reading, _context: Context) -> Found | None:
    counted = _people_by_age(reading, _context)
    return Found(sum(counted.value.values()), counted.words) if counted else None


def _people_by_age(reading: Reading, _context: Context) -> Found | None:
    found = party_size(reading.text)
    return Found(found.counts, found.words) if found else None


def _end_of_transfer(end: str) -> FieldReader:
    def reader(reading: Reading, context: Context) -> Found | None:
        hidden = [
            (span.start, span.end) for span in reading.spans if span.kind not in ("route", "name")
        ]
        hidden += [match.span() for match in _TIME.finditer(reading.text)]
        words = find_transfer(reading.text, hidden).get(end)
        if words:
            return Found(words[:1].upper() + words[1:], words)
        found = _end_of_route(end)(reading, context)
        return found if isinstance(found, Found) else None

    return reader


def _end_of_route(end: str, *, is_airport: bool = False) -> FieldReader:
    def reader(reading: Reading, _context: Context) -> Found | None:
        found = find_ends(reading.text).get(end)
        if found is None or not is_airport:
            return Found(found.name, found.words) if found else None
        code = stations.code_of(found.name)
        return Found(code, found.words) if code else None

    return reader


def _city(reading: Reading, context: Context) -> Found | None:
    found = _end_of_route("destination")(reading, context)
    if isinstance(found, Found):
        return found
    places = places_in(reading.text)
    return Found(places[0].group().title(), places[0].group()) if places else None


def _country(reading: Reading, context: Context) -> Found | None:
    """Return the country of the city in a text, else the named country, else None."""
    named = [match.group() for match in stations.countries_in(reading.text)]
    city = _city(reading, context)
    for words in [*([city.value] if city else []), *named]:
        code = stations.country_of(words)
        if code:
            return Found(code, words)
    return None


def _nationality(reading: Reading, _context: Context) -> Found | None:
    code = stations.nationality_in(reading.text)
    return Found(code, "") if code else None


def _money_account(reading: Reading, _context: Context) -> Found | None:
    for value, pattern in (("cash", _CASH), ("bank", _BANK)):
        match = pattern.search(reading.text)
        if match:
            return Found(value, match.group())
    return None


def _ledger_account(reading: Reading, _context: Context) -> Found | None:
    match = _ACCOUNT_CODE.search(reading.text)
    if match:
        return Found(match.group(), match.group())
    text = _without_values(reading)
    for pattern in _ACCOUNT_NAMES:
        named = pattern.search(text)
        words = named["name"].split() if named else []
        while words and words[0].casefold() in _NO_ACCOUNT:
            words.pop(0)
        if words:
            name = " ".join(words)
            return Found(name, name)
    return None


def _group(pattern: re.Pattern[str]) -> FieldReader:
    """Return a function that reads the text of the matching group of a pattern."""

    def reader(reading: Reading, _context: Context) -> Found | None:
        match = pattern.search(reading.text)
        if match is None:
            return None
        value = next(group for group in match.groups() if group)
        return Found(value.strip(), match.group().strip())

    return reader


def _reason(reading: Reading, _context: Context) -> Found | None:
    """Return the words after “because” or a similar word, else the last clause.

    A clause that is the request for a write-off or a cancellation is not a reason.
    """
    match = _REASON.search(reading.text)
    if match:
        return Found(match["value"].strip(" ."), match.group().strip())
    clauses = _CLAUSE.split(reading.text.strip(" ."))
    reasons = [
        clause.strip()
        for clause in clauses
        if len(clause.split()) > 1
        and not _WRITE_OFF.search(clause)
        and not _CANCEL.search(clause.strip())
    ]
    return Found(reasons[-1], reasons[-1]) if len(clauses) > 1 and reasons else None


def _time(reading: Reading, _context: Context) -> Found | None:
    match = _TIME.search(reading.text)
    if match is None:
        return None
    if match["noon"] or match["midnight"]:
        return Found("12:00" if match["noon"] else "00:00", match.group())
    parts = {name.rstrip("1234"): one for name, one in match.groupdict().items() if one}
    hour, minute = int(parts["hour"]), int(parts.get("minute", 0))
    half = parts.get("half", "").lower()
    part = parts.get("part", "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif part and hour < 12 and part not in ("subah", "सुबह"):
        hour += 12
    return Found(f"{hour:02d}:{minute:02d}", match.group().strip()) if hour < 24 else None


def _cabin(reading: Reading, _context: Context) -> Found | None:
    match = _CABIN.search(reading.text)
    return Found(str(match.lastgroup), match.group()) if match else None


def _language(reading: Reading, _context: Context) -> Found | None:
    match = _LANGUAGE.search(reading.text)
    if match is None:
        return None
    is_english = (match["name"] or "").lower() == "english"
    return Found("en" if is_english else "hi", match.group())


def _message(reading: Reading, _context: Context) -> Found | None:
    text = reading.text.strip()
    return Found(text[:MESSAGE_MAX]) if len(text.split()) > 3 else None


def _lines(reading: Reading, context: Context) -> Found | None:
    """Return invoice lines: amounts with the words and quantities of each."""
    figures = [
        span.value
        for span in reading.spans
        if span.kind in ("amount", "rate") and span.value.value > 0
    ]
    hidden = [
        (span.start, span.end)
        for span in reading.spans
        if span.kind not in ("amount", "rate", "route", "people")
        or (span.kind in ("amount", "rate") and span.value.value <= 0)
    ]
    hidden += [(one.start, one.end) for one in reading.unclear if one.kind in ("amount", "date")]
    hidden += [match.span() for match in find_taxes(reading.text)]
    party = _name_of("supplier")(reading, context)
    numbered = _BILL_NUMBER.search(reading.text)
    gone = [party.words, party.value] if isinstance(party, Found) else []
    gone += [numbered.group()] if numbered else []
    hidden += [
        match.span()
        for words in filter(None, gone)
        for match in re.finditer(rf"{re.escape(words)}(?:['’]s)?", reading.text, re.IGNORECASE)
    ]
    hidden += [match.span() for match in _TERMS.finditer(reading.text)]
    lines = [
        {
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.price.plain,
            "currency": line.price.currency or context.currency,
        }
        for line in find_lines(reading.text, figures, hidden)
    ]
    written = next((figure.currency for figure in figures if figure.currency), None)
    for line, figure in zip(lines, figures, strict=False):
        line["currency"] = figure.currency or written or context.currency
    return Found(lines, figures[0].words) if lines else None


def _invoice(reading: Reading, context: Context, text: str) -> Found | None:
    """Return number, dates, lines and billing address of an invoice in one currency."""
    found = _lines(reading, context)
    if found is None:
        return None
    lines = [{name: one[name] for name in one if name != "currency"} for one in found.value]
    dates = _read(text, context, "book").of("date")
    due = _due_date(text, context)
    issued = [span.value.isoformat() for span in dates if span.value.isoformat() != due]
    number = _document(reading, context)
    address = _ADDRESS.search(text)
    value = {
        "invoice_number": number.value if isinstance(number, Found) else None,
        "issue_date": issued[0] if issued else context.today.isoformat(),
        "due_date": due,
        "currency": found.value[0]["currency"],
        "lines": lines,
        "billing_address": _address(address["value"], context) if address else None,
    }
    return Found({name: one for name, one in value.items() if one is not None}, found.words)


def _address(words: str, context: Context) -> dict[str, Any]:
    """Return the lines and the country of a postal address.

    A country in the last line is left out of the lines. If the address has no country, the agency's
    country is assumed.
    """
    lines = [line.strip(" .") for line in re.split(r",|\n", words) if line.strip(" .")]
    country = stations.country_of(lines[-1]) if len(lines) > 1 else None
    is_named = country and stations.countries_in(lines[-1])
    return {
        "lines": lines[:-1][:5] if is_named else lines[:5],
        "country": country if is_named and country else context.region,
    }


def _due_date(text: str, context: Context) -> str | None:
    """Return the due date in a text as ISO text, or None if the text has none.

    The text states it as a date or as a number of days from today.
    """
    cue, after = _DATE_CUES["due_date"][0], _DUE_BEHIND
    reading = _read(text, context, "due")
    for span in reading.of("date"):
        if cue.search(text[max(0, span.start - 30) : span.start]) or after.match(text, span.end):
            return str(span.value.isoformat())
    terms = _TERMS.search(text)
    days = next((group for group in terms.groups() if group), None) if terms else None
    return (context.today + timedelta(days=int(days))).isoformat() if days else None


READERS: Mapping[str, FieldReader] = {
    "account": _ledger_account,
    "amount": _amount,
    "amount_above": _amount_after(_ABOVE),
    "amount_from": _amount_after(_FROM, _OR_MORE),
    "booking": _group(_LOCATOR),
    "budget": _budget,
    "cabin": _cabin,
    "cash_or_bank": _money_account,
    "city": _city,
    "country": _country,
    "currency": _currency,
    "destination": _end_of_route("destination"),
    "destination_airport": _end_of_route("destination", is_airport=True),
    "days_overdue": _days_overdue,
    "document": _document,
    "email": _first("email"),
    "language": _language,
    "lines": _lines,
    "message": _message,
    "nationality": _nationality,
    "origin": _end_of_route("origin"),
    "origin_airport": _end_of_route("origin", is_airport=True),
    "party": _party,
    "passenger": _name_of("traveller"),
    "payment_reference": _group(_REFERENCE),
    "people": _people,
    "people_by_age": _people_by_age,
    "phone": _first("phone"),
    "reason": _reason,
    "supplier": _name_of("supplier"),
    "time": _time,
    "transfer_destination": _end_of_transfer("destination"),
    "transfer_origin": _end_of_transfer("origin"),
    "traveller_kind": _traveller_kind,
}
"""Functions that read a value from a text, by kind of value.

Dates, statuses, flags and invoices are read by `fill` itself, because they need further arguments.
"""
NAME_READERS = frozenset({"party", "supplier"})
"""Kinds of value that are the name of a party."""
FROM_RECORDS = frozenset(
    {"enquiry", "fare", "namesake", "open_bill", "open_invoice", "rate", "trip"}
)
"""Kinds of value that only a lookup or a choice from a list can give."""
