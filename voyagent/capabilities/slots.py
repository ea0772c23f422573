"""Fill the fields of a capability from a text: one reader for each kind of value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from voyagent.capabilities.capability import Capability, Choice, Lookup
from voyagent.capabilities.describe import form_fields
from voyagent.kernel.text import people, stations
from voyagent.kernel.text.dates import DateKind
from voyagent.kernel.text.names import find_known_names
from voyagent.kernel.text.naming import Role, find_names
from voyagent.kernel.text.places import find_route, is_known_place, places_in
from voyagent.kernel.text.quantities import quantity_of
from voyagent.kernel.text.reading import Reading, Span, read

CHOICES_MAX = 5
_AMOUNT_MIN = 100
"""A smaller number without a currency is rather a count."""
_LINE_WORDS_MAX = 12

_COUNT = r"\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|do|teen|char|chaar|paanch|chhe|saat"
_GROUP = re.compile(
    rf"(?<![\d.,/-])(?P<n>{_COUNT})\s*(?:ppl|log|logo|logon|jan[ae]|sawari|लोग|लोगों|जन"
    rf"|family members|tkts?|seats?|ladies|gents|friends|students|heads|bade|yatri)(?!\w)"
    r"|(?P<pair>\b(?:couple|honeymoon(?:ers)?|wife and i|husband and wife|miyan biwi|pati patni"
    r"|mr\.? (?:and|&) mrs|with (?:his|her|my) (?:wife|husband)|both of them)\b)"
    r"|(?P<single>\b(?:solo|alone|akel[ae]|ek aadmi|single (?:person|traveller|pax))\b)",
    re.IGNORECASE,
)
_HINDI_COUNTS = {"do": 2, "teen": 3, "char": 4, "chaar": 4, "paanch": 5, "chhe": 6, "saat": 7}
_CODES = re.compile(
    r"(?<![\w/])(?P<origin>[a-z]{3})\s*(?:[-–/>]|→|\s|to|se)\s*(?P<destination>[a-z]{3})(?![\w/])",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    r"(?P<origin>[^\W\d_][\w.]*)\s*(?:\s(?:se|से|to)\s|[-–/>]|→)\s*(?P<destination>[^\W\d_][\w.]*)",
    re.IGNORECASE,
)
_BILL_NUMBER = re.compile(
    r"\b(?:bill|inv(?:oice)?|ref(?:erence)?|voucher)\.?\s*(?:(?:no|number|num)\b\.?)?\s*[:#-]?\s*"
    r"(?P<value>(?=[A-Z/-]*\d)[A-Z0-9][A-Z0-9/-]*)\b|\bno\.?\s*(?P<other>(?=[A-Z/-]*\d)[A-Z0-9/-]{2,})",
    re.IGNORECASE,
)
_CASH = re.compile(r"\b(?:cash|nakad)\b|नकद|कैश", re.IGNORECASE)
_BANK = re.compile(
    r"\b(?:bank|neft|rtgs|imps|upi|gpay|g-?pay|google pay|phonepe|paytm|cheque|chq|transfer(?:red)?"
    r"|wire|swift|card|online|net ?banking|credited|hdfc|icici|sbi|axis|kotak)\b|यूपीआई|बैंक",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:utr|ref(?:erence)?|cheque|chq|txn|transaction)\.?\s*(?:no\.?|number|id)?\s*[:#-]*\s*"
    r"(?P<value>(?=[A-Za-z/-]*\d)[A-Za-z0-9/-]{3,})",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\d:/.])(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d))?\s*(?P<half>am|pm)\b"
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
    r"\b(?:because|reason\s*(?:is|:|-)?|since|kyunki)\s+(?P<value>[^\n]{3,200})|\s[-–]\s(?P<end>[^\n]{3,200})$",
    re.IGNORECASE,
)
_ACCOUNT_CODE = re.compile(r"(?<![\d/.,-])\d{4}(?![\d/.,-])")
_ACCOUNT_NAME = re.compile(
    r"\b(?:balance|ledger|account)\s+(?:of|in|for|on)?\s*(?:the\s+|our\s+)?"
    r"(?P<name>[a-z][a-z &-]{2,40}?)"
    r"(?:\s+(?:account|a/c|balance|ledger|as|on|at|now|today)\b|[?.,]|$)",
    re.IGNORECASE,
)
_ABOVE = re.compile(r"(?:more than|above|over|exceeding|beyond|>)\s*$", re.IGNORECASE)
_FROM = re.compile(r"(?:at least|minimum(?: of)?|min|from|>=)\s*$", re.IGNORECASE)
_OR_MORE = re.compile(r"\s*(?:or more|and above|and up|or above|\+)", re.IGNORECASE)
_NIGHTS = re.compile(
    r"\b(?P<n>\d{1,2})\s*(?:(?:nights?|nts?|raat)\b|n(?=\b|\s*\d+\s*d\b))", re.IGNORECASE
)
_NOT_SOLD_WORDS = """
draft raise make prepare create new an a the invoice inv bill proforma for to of at each and
customer due by on in no it please pls with rs received got from vendor supplier number total
enter book dated dt our is rupees inr only amount amt per pax person record against ka ki ke ko ne
hai bana do add
"""
_NOT_SOLD = frozenset(_NOT_SOLD_WORDS.split())
_THREE_LETTERS = """
are can did eta etd for get had has her him his how its jan feb mar apr may jun jul aug sep
oct nov dec mon tue wed thu fri sat sun new not now off one our out pax per pls pnr put say see
set she the they tkt too try two use via was way who why yes you ret adt chd inf dob end
"""
_SHORT_WORDS = frozenset(_THREE_LETTERS.split())
_KNOWN_CODES = frozenset(code for code, _name in stations.KNOWN)
"""Words that are a code of an airport only in capitals."""
_DATE_CUES: Mapping[str, tuple[re.Pattern[str], bool]] = {
    name: (re.compile(rf"(?:{words})\W{{0,3}}(?:\w+\W){{0,2}}$", re.IGNORECASE), is_needed)
    for name, (words, is_needed) in {
        "due_date": (r"\bdue|payable|pay(?:ment)? by|before", True),
        "date_of_birth": (r"\bdob|d\.o\.b\.?|born|birth(?:day)?", True),
        "passport_expiry": (r"exp(?:iry|ires|iring|\.)?|valid(?: till| until)?", True),
        "return_date": (r"\bret(?:urn(?:ing)?)?|back|coming back|wapas", False),
        "check_out": (r"check ?-?out|\bout|leaving|till|until", False),
    }.items()
}
"""Words before a date that give it to a field; `True` if the field takes no other date."""
_DATE_KINDS: Mapping[str, DateKind] = {"due_date": "due", "date_of_birth": "birth"}
_BACK = ("return_date", "check_out")


@dataclass(frozen=True, slots=True)
class Context:
    """Facts that a text is read against.

    `names` are names that the agency knows. `known` are fields of the subject of the conversation,
    for pronouns. `look_up` runs a lookup of a capability.
    """

    today: date
    currency: str = "INR"
    region: str = "IN"
    names: Sequence[str] = ()
    known: Mapping[str, Any] = field(default_factory=dict)
    look_up: Callable[[Lookup, str], Sequence[Choice]] = lambda _lookup, _text: ()


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the words that it was read from; empty if it was assumed."""

    value: Any
    words: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """Fields that a text gives, the words of each, and choices where several values fit."""

    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)


Several = tuple[Choice, ...]
FieldReader = Callable[[Reading, Context], Found | Several | None]


def fill(capability: Capability[Any], text: str, context: Context) -> Filled:
    """Read the fields of a capability. A value that a reader does not find is left out."""
    reading = _read(text, context, _kind_of(capability))
    filled = Filled()
    for name, lookup in capability.lookups.items():
        rows = context.look_up(lookup, text)
        _put(filled, name, _meant(rows, reading, context.known.get(name)), capability)
    dates = _dates(capability, text, context)
    for name, slot in capability.slots.items():
        if name in capability.lookups:
            continue
        if slot.reader in ("date", "date_or_today"):
            is_assumed = slot.reader == "date_or_today"
            assumed = Found(context.today.isoformat()) if is_assumed else None
            _put(filled, name, dates.get(name, assumed), capability)
        elif slot.reader == "status":
            _put(filled, name, _status(capability, name, text), capability)
        elif slot.reader in READERS:
            _put(filled, name, READERS[slot.reader](reading, context), capability)
    return filled


def _put(
    filled: Filled, name: str, found: Found | Several | None, capability: Capability[Any]
) -> None:
    if isinstance(found, Found):
        is_list = name in _list_fields(capability)
        value = [found.value] if is_list and not isinstance(found.value, list) else found.value
        filled.values[name], filled.words[name] = value, found.words
    elif found:
        filled.choices[name] = found[:CHOICES_MAX]


@cache
def _list_fields(capability: Capability[Any]) -> frozenset[str]:
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


def _kind_of(capability: Capability[Any], name: str = "") -> DateKind:
    """The kind of a date: as its name says, else of the books if the capability posts there."""
    if name in _DATE_KINDS:
        return _DATE_KINDS[name]
    if name == "passport_expiry":
        return "travel"
    if name.startswith(("period_", "as_of", "created_", "issued_")):
        return "past"
    return "book" if capability.book_date and capability.writes else "travel"


def _dates(capability: Capability[Any], text: str, context: Context) -> dict[str, Found]:
    """Give dates to fields: to those that a word before the date names, then in order."""
    names = [
        name
        for name, slot in capability.slots.items()
        if slot.reader in ("date", "date_or_today") and name not in capability.lookups
    ]
    readings = {
        kind: _read(text, context, kind) for kind in {_kind_of(capability, name) for name in names}
    }
    given: dict[str, Found] = {}
    taken: set[tuple[int, int, int]] = set()
    for is_cued in (True, False):
        for name in names:
            cue, is_needed = _DATE_CUES.get(name, (None, False))
            if name in given or (is_cued and cue is None) or (not is_cued and is_needed):
                continue
            reading = readings[_kind_of(capability, name)]
            for place, span in enumerate(reading.of("date")):
                key = (span.start, span.end, place)
                before = text[max(0, span.start - 30) : span.start]
                if key in taken or (is_cued and cue and not cue.search(before)):
                    continue
                taken.add(key)
                given[name] = Found(span.value.isoformat(), reading.words(span))
                break
    _count_nights(names, given, text)
    return given


def _count_nights(names: list[str], given: dict[str, Found], text: str) -> None:
    """Derive the last day from the first one and a number of nights."""
    back = next((name for name in names if name in _BACK and name not in given), None)
    nights = _NIGHTS.search(text)
    first = given.get(names[0]) if names else None
    if back and nights and first:
        last = date.fromisoformat(first.value) + timedelta(days=int(nights["n"]))
        given[back] = Found(last.isoformat(), nights.group())


def _meant(
    rows: Sequence[Choice], reading: Reading, known: object = None
) -> Found | Several | None:
    """Of several records the one with a stated number, else with exactly a stated amount.

    Otherwise it is the one of the conversation's subject, if it is among them.
    """
    numbers = {_bare(str(span.value)) for span in reading.of("number")}
    amounts = {span.value.value for span in reading.of("amount")}
    numbered = [row for row in rows if row.number and _bare(row.number) in numbers]
    equal = [row for row in rows if row.amount is not None and row.amount.decimal in amounts]
    own = [row for row in rows if row.id == known and not numbered]
    one = next((some[0] for some in (numbered, equal, rows, own) if len(some) == 1), None)
    return Found(one.id, one.label) if one else tuple(numbered or rows) or None


def _bare(number: str) -> str:
    return number.rsplit("/", 1)[-1].lstrip("0")


def _status(capability: Capability[Any], name: str, text: str) -> Found | None:
    options = next(
        (control.options for control in form_fields(capability, {}) if control.name == name), ()
    )
    for option in options:
        words = re.escape(option).replace("_", r"[\s_-]")
        match = re.search(rf"\b{words}\b", text, re.IGNORECASE)
        if match:
            return Found(option, match.group())
    return None


def _span(reading: Reading, span: Span) -> Found:
    return Found(span.value, reading.words(span))


def _first(kind: str) -> FieldReader:
    def reader(reading: Reading, _context: Context) -> Found | None:
        spans = [span for span in reading.spans if span.kind == kind]
        return _span(reading, spans[0]) if spans else None

    return reader


def _document(reading: Reading, _context: Context) -> Found | None:
    """A number in the form of a document's, else the one behind `bill` or `invoice`."""
    spans = reading.of("number")
    if spans:
        return _span(reading, spans[0])
    match = _BILL_NUMBER.search(reading.text)
    return Found(match["value"] or match["other"], match.group()) if match else None


def _figure(reading: Reading) -> Span | None:
    """The amount of a text: one with a currency or scale, else a large one, else any."""
    spans = reading.of("amount")
    marked = [span for span in spans if span.value.marked]
    large = [span for span in spans if span.value.value >= _AMOUNT_MIN]
    return next(iter(marked or large or spans), None)


def _amount(reading: Reading, _context: Context) -> Found | None:
    span = _figure(reading)
    return Found(span.value.plain, span.value.words) if span else None


def _amount_after(before: re.Pattern[str], after: re.Pattern[str] | None = None) -> FieldReader:
    def reader(reading: Reading, _context: Context) -> Found | None:
        for span in reading.of("amount"):
            is_led = before.search(reading.text[: span.start])
            if is_led or (after and after.match(reading.text, span.end)):
                return Found(span.value.plain, span.value.words)
        return None

    return reader


def _currency(reading: Reading, context: Context) -> Found | None:
    """The currency of an amount or a rate; the agency's, assumed, if none is written."""
    spans = [*reading.of("amount"), *reading.of("rate")]
    written = [span.value.currency for span in spans if span.value.currency]
    if written:
        return Found(written[0], written[0])
    return Found(context.currency) if spans else None


def _name_of(role: Role) -> FieldReader:
    """A known name, else the words that are most likely a name."""

    def reader(reading: Reading, context: Context) -> Found | Several | None:
        found = find_known_names(reading.text, context.names)
        known = list(dict.fromkeys(one.name for one in found))
        if len(known) == 1:
            return Found(known[0], known[0])
        if known:
            return tuple(Choice(name, name) for name in known)
        labelled = people.find_name(reading.text)
        if labelled:
            return Found(labelled.value, labelled.words)
        hidden = [(span.start, span.end) for span in reading.spans if span.kind != "route"]
        for one in find_names(reading.text, hidden, role):
            name = people.as_name(people.without_possessive(one.words))
            if name:
                return Found(name, one.words)
        return None

    return reader


_party = _name_of("customer")


def _without_values(reading: Reading) -> str:
    """The text with a comma in the place of each value; a route keeps its words."""
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
    party = people.find_party(reading.text)
    spans = reading.of("people")
    if party:
        return Found(party, reading.words(spans[0]) if spans else "")
    group = _GROUP.search(reading.text)
    if group is None:
        return None
    said = (group["n"] or "").lower()
    alone = 1 if group["single"] else 0
    count = 2 if group["pair"] else alone or _HINDI_COUNTS.get(said) or people.bare_count(said)
    return Found({"adult": count or int(said)}, group.group())


def _route(text: str) -> dict[str, Found]:
    """The ends of a journey: as written, else from codes, `A se B`, or the only places named."""
    route = find_route(text)
    ends = {
        name: Found(place.name, place.words)
        for name, place in (("origin", route.origin), ("destination", route.destination))
        if place
    }
    if len(ends) == 2:
        return ends
    for pattern in (_CODES, _FROM_TO):
        for match in pattern.finditer(text):
            is_codes = pattern is _CODES
            if all(_is_place(match[end], is_code=is_codes) for end in ("origin", "destination")):
                write = str.upper if is_codes else str.title
                return {
                    end: Found(write(match[end]), match.group())
                    for end in ("origin", "destination")
                }
    words = " ".join(found.words for found in ends.values()).casefold()
    others = [one.group() for one in places_in(text) if one.group().casefold() not in words]
    for end in ("destination", "origin"):
        if end not in ends and others and (end == "destination" or len(others) > 1):
            place = others.pop(-1 if end == "destination" else 0)
            ends[end] = Found(place if place.isupper() else place.title(), place)
    return ends


def _is_place(words: str, *, is_code: bool) -> bool:
    if is_code and not words.isupper() and words.casefold() in _SHORT_WORDS:
        return False
    if is_code and not words.isupper():
        return words.upper() in _KNOWN_CODES
    return is_known_place(words) or stations.code_of(words) is not None


def _end_of_route(end: str, *, is_airport: bool = False) -> FieldReader:
    def reader(reading: Reading, _context: Context) -> Found | None:
        found = _route(reading.text).get(end)
        if found is None or not is_airport:
            return found
        code = stations.code_of(found.value)
        return Found(code, found.words) if code else None

    return reader


def _city(reading: Reading, context: Context) -> Found | None:
    found = _end_of_route("destination")(reading, context)
    if isinstance(found, Found):
        return found
    places = places_in(reading.text)
    return Found(places[0].group().title(), places[0].group()) if places else None


def _country(reading: Reading, context: Context) -> Found | None:
    """A country that is named, else that of the city; not the nationality of somebody."""
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
    named = _ACCOUNT_NAME.search(reading.text)
    return Found(named["name"].strip(), named["name"]) if named else None


def _group(pattern: re.Pattern[str]) -> FieldReader:
    """The group of a pattern that has matched."""

    def reader(reading: Reading, _context: Context) -> Found | None:
        match = pattern.search(reading.text)
        if match is None:
            return None
        value = next(group for group in match.groups() if group)
        return Found(value.strip(), match.group().strip())

    return reader


def _time(reading: Reading, _context: Context) -> Found | None:
    match = _TIME.search(reading.text)
    if match is None:
        return None
    hour = int(match["hour"] or match["hour2"] or match["hour3"])
    minute = int(match["minute"] or match["minute2"] or match["minute3"] or 0)
    half = (match["half"] or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return Found(f"{hour:02d}:{minute:02d}", match.group()) if hour < 24 else None


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
    return Found(text[:10_000]) if len(text.split()) > 3 else None


def _lines(reading: Reading, context: Context) -> Found | None:
    """One line: the words that are no name, value or verb, at the last amount.

    A price per head or piece has the quantity that the words around it state.
    """
    spans = sorted([*reading.of("amount"), *reading.of("rate")], key=lambda span: span.start)
    if not spans:
        return None
    span = spans[-1]
    quantity = quantity_of(
        reading.text[: span.start], reading.text[span.end :], each=span.kind == "rate"
    )
    party = _party(reading, context)
    said = _without_values(reading)
    numbered = _BILL_NUMBER.search(said)
    for gone in (
        *((party.words, party.value) if isinstance(party, Found) else ()),
        numbered.group() if numbered else "",
    ):
        if gone:
            said = re.sub(re.escape(gone), " ", said, flags=re.IGNORECASE)
    words = [
        word for word in re.findall(r"[^\W\d_][\w&'’-]*", said) if word.casefold() not in _NOT_SOLD
    ]
    line = {
        "description": " ".join(words[:_LINE_WORDS_MAX]).capitalize(),
        "quantity": quantity.count if quantity else 1,
        "unit_price": span.value.plain,
        "currency": span.value.currency or context.currency,
    }
    return Found([line], span.value.words)


READERS: Mapping[str, FieldReader] = {
    "account": _ledger_account,
    "amount": _amount,
    "amount_above": _amount_after(_ABOVE),
    "amount_from": _amount_after(_FROM, _OR_MORE),
    "booking": _group(_LOCATOR),
    "cabin": _cabin,
    "cash_or_bank": _money_account,
    "city": _city,
    "country": _country,
    "currency": _currency,
    "destination": _end_of_route("destination"),
    "destination_airport": _end_of_route("destination", is_airport=True),
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
    "reason": _group(_REASON),
    "supplier": _name_of("supplier"),
    "time": _time,
}
"""Readers by kind. Dates and statuses need the field and are read by `fill`."""
FROM_RECORDS = frozenset({"enquiry", "fare", "open_bill", "open_invoice", "rate", "trip"})
"""Kinds that only a lookup or a choice from a list can give."""
