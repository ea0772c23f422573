"""A customer's own words, pasted from mail or chat, as the fields of an enquiry; each field keeps
the words that gave it, what is not said stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from voyagent.kernel.text import people, phones, places
from voyagent.kernel.text.amounts import Figure, find_figures
from voyagent.kernel.text.dates import Day, find_days, impossible_date, open_words
from voyagent.kernel.text.passages import STAMP, condense, lead

NOTES_MAX = 10_000
TOLD_MAX = 400
LINE_MAX = 160
_COMMAND = re.compile(
    r"^\s*(?:please\s+|pls\s+|can you\s+|could"
    r" you\s+|kindly\s+)*(?:(?:log|add|create|record|save|note(?:"
    r" down)?|make|register|capture|enter"
    r"|open|put in|take)\s+(?:this|the|an?|up)?\s*"
    r"(?:new\s+)?(?:as\s+(?:an?\s+)?)?(?:customer'?s?\s+)?(?:enquiry|inquiry|lead|query|travel"
    r" request|request)|new\s+(?:enquiry|inquiry"
    r"|lead)(?!\s*(?:to|in|this|today)\b)|(?:enquiry|inquiry|lead)(?=\s*(?:from|for|:)[^\n]*(?:@|\+?\d[\d\s-]{7,})))\b"
    r"(?P<link>\s*(?:from|for|of|by)\b)?\s*(?:this|the"
    r" following)?\s*(?:message|mail|e-?mail|whatsapp)?\s*[:,\-–]*\s*",
    re.IGNORECASE,
)
_NO_ENQUIRY = re.compile(
    r"\b(?:invoices?|bills?|receipts?|refunds?|cancel\w*|pay|pays|paid|payments?|statement|itinerary|ledger|account|e-?tickets?|credit"
    r" note|balance|owes?)\b",
    re.IGNORECASE,
)
_LOG_THIS = re.compile(
    r"^\s*(?:and\s+|now\s+|please\s+|pls\s+|plz\s+|kindly\s+|can you\s+|could"
    r" you\s+)*(?:(?:log|save|record|add|note)\s+(?:this|it|another|one more)"
    r"(?:\s+(?:message|mail|e-?mail|one))?\s*[:\-–]*\s*|log\s*:\s*)",
    re.IGNORECASE,
)
_TRAVEL = re.compile(
    r"\b(?:trip|travel(?:l?ing)?|holidays?|vacation|package|flights?|tickets?|tkts?|hotels?|visa|tour|honeymoon|cruise|itinerary|resort|umrah"
    r"|pilgrimage|nights?|fly(?:ing)?|going to|visit)\b",
    re.IGNORECASE,
)
_CUSTOMER_VOICE = re.compile(
    r"\b(?:we are|we're|we want|we would|we plan|we need|i want|i would like|i'd like|i need|i"
    r" am|i'm|my (?:family|wife|husband|parents"
    r"|budget|name)|our budget|looking for|planning|"
    r"interested in|please (?:send|share|quote|suggest|let)|kindly (?:send|share|quote|suggest)|can"
    r" you (?:send|share|quote|suggest|help)|quote for|"
    r"need (?:a|an|some|\d+|tickets?|visas?|packages?|hotels?|flights?|quotes?|\w+"
    r" (?:package|visa|tickets?)))\b",
    re.IGNORECASE | re.MULTILINE,
)
_GREETING = re.compile(
    r"^\s*(?:hi|hello|hey|dear|sir|madam|good"
    r" (?:morning|evening|afternoon)|namaste|salam)\b|\b(?:regards|thanks|thank"
    r" you|thx)\b[\s,.!]*[^\n]{0,40}\s*$",
    re.IGNORECASE,
)
_OWN_WORDS = re.compile(
    r"\b(?:we are|we're|we plan|i would like|i'd like|i am|i'm|(?:my|our) \w+|looking"
    r" for|planning|interested in"
    r"|(?:please|kindly) (?:send|share|quote|suggest|let)"
    r"|can you (?:send|share|quote|suggest|help)|quotes?|best (?:price|rate)|regards|thanks|thank"
    r" you)\b",
    re.IGNORECASE,
)
_GREETED = re.compile(
    r"^\s*(?:hi|hello|hey|good"
    r" (?:morning|evening|afternoon)|namaste)(?:\s+(?:there|all|team))?\s*[,.!:–-]*\s+(?=\S)",
    re.IGNORECASE,
)
_COPIED = re.compile(
    rf"^\s*(?:(?:from|subject|name|customer|destination)\s*:|{STAMP})",
    re.IGNORECASE | re.MULTILINE,
)
_CHAT = re.compile(rf"^\s*{STAMP}\s*[-–]?\s*[^:\n]{{1,60}}:")
_HEADER_LINES = re.compile(
    r"^\s*(?:(?:sent|date|received|on)\s*:.*|on .{6,80}"
    rf" wrote:|subject\s*:\s*(?=.)|{STAMP})",
    re.IGNORECASE | re.MULTILINE,
)
_OTHERS_LINES = re.compile(r"^\s*(?:to|cc|bcc|reply-to)\s*:.*", re.IGNORECASE | re.MULTILINE)
_OTHER_DATE = re.compile(
    r"\b(?:passports?|expir\w*|valid\w*|born|birth\w*|dob|d\.o\.b\.?|anniversary|issued|last"
    r" (?:year|trip|time)|exams?"
    r"|call(?:ed)? (?:me )?(?:on|by)|reply"
    r" by|paid|deposit(?:ed)?|transferred|sent|spoke|met)\b[^.;\n]{0,40}$",
    re.IGNORECASE,
)
_RETURN = re.compile(
    r"\b(?:return(?:ing)?|back|inbound|check-?out|coming back|come"
    r" back|until|till)\b[^.;\n\d]{0,20}$",
    re.IGNORECASE,
)
_DEPART = re.compile(
    r"\b(?:depart(?:ing|ure)?|leav(?:e|ing)|outbound|onward|start(?:ing)?|from|check-?in|fly(?:ing)?(?:"
    r" out)?|travel(?:l?ing)?(?: on)?|on)\b[^.;\n\d]{0,20}$",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\s*(?:,|/)?\s*(?:or|either)\b", re.IGNORECASE)
_NIGHTS = re.compile(r"\b(?P<n>\d{1,2})\s*(?:nights?|N\b)", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?P<n>a|one|two|three|\d{1,2})\s+(?P<unit>days?|weeks?)\s+(?:later|after(?:wards)?)\b|\bfor\s+(?P<n2>a|one|two|three|\d)\s+(?P<unit2>weeks?)\b",
    re.IGNORECASE,
)
_COUNTED = {"a": 1, "one": 1, "two": 2, "three": 3}
_WISHES = re.compile(
    r"\b(?:(?:no|not|avoid|without|prefer|only)\s+(?:an?\s+|any\s+)?)?(?:red[-"
    r" ]?eyes?(?:\s+flights?)?|(?:early|late)[- ](?:morning|night)(?:\s+flights?)?"
    r"|(?:direct|non-?\s?stop)(?:\s+flights?)?|(?:business|first|premium"
    r" economy)\s+class|(?:window|aisle|bulkhead|front|extra[- ]legroom|adjacent)\s+seats?"
    r"|(?:(?:pure\s+)?veg(?:etarian|an)?|non-?\s?veg(?:etarian)?|jain|halal|hindu|kosher|diabetic|gluten[-"
    r" ]free)(?:\s+(?:meals?|food|breakfast))?"
    r"|seats?\s+together|wheel\s?chairs?(?:\s+assistance)?|bassinet|(?:extra|excess)\s+(?:baggage|luggage|bed)|(?:early|late)\s+check-?\s?(?:in|out)"
    r"|(?:sea|ocean|lake|beach|city)[-"
    r" ](?:view|facing|front)|(?:connecting|adjoining|interconnected)\s+rooms?|(?:king|twin|double)\s+beds?"
    r"|ground[- ]floor|breakfast|half board|full board|all inclusive|[3-5][-"
    r" ]?star(?:\s+hotels?)?|(?:airport\s+)?(?:pick-?\s?ups?|transfers?|drops?)"
    r"|sightseeing|refundable|(?:travel\s+)?insurance|visas?(?:\s+(?:needed|required|help|assistance|also|too|included|on"
    r" arrival))?|forex|honeymoon"
    r"|anniversary|birthday)(?:\s*\?)?(?![\w-])",
    re.IGNORECASE,
)
_SECOND = re.compile(
    r"\b(?:second|2nd|next|another|other)\s+(?:customer|client|guest|enquiry|inquiry)\s*(?:is|:|-)\s*[^\n]{0,60}",
    re.IGNORECASE,
)
_BUDGET = re.compile(
    r"\b(?:budget|spend|afford|upto|up"
    r" to|within|around|approx\w*|about|max(?:imum)?|under)\b[^.;\n\d]{0,25}$",
    re.IGNORECASE,
)
_NOT_BUDGET = re.compile(
    r"\b(?:invoice|bill|refund|pay|paid|deposit|advance|airline|quoted|quote|fare|price of|other"
    r" agent|costs?|offer(?:ed)?)\b[^.;\n\d]{0,25}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the enquiry, its value as the API takes it, and the words that gave it."""

    name: str
    value: Any
    words: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What a message gives: the fields found, and what was left open with the reason."""

    fields: tuple[Field, ...]
    left_open: tuple[str, ...] = ()
    notes: str = ""
    wishes: tuple[str, ...] = ()
    other_emails: tuple[str, ...] = ()
    index: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {found.name: found for found in self.fields})

    @property
    def arguments(self) -> dict[str, Any]:
        """The tool's arguments; absent where nothing was said."""
        return {found.name: found.value for found in self.fields} | (
            {"notes": self.notes} if self.notes else {}
        )


def pasted(message: str) -> str | None:
    """The customer's words when a message is (or holds) an enquiry to log, else None.

    Of one short line that is so only where it says who writes (a name, an address, a number, a
    header of mail or chat) or speaks as a customer does: of herself and hers, for a quote, with
    thanks or regards. `hi, need 2 adults mumbai to dubai 12 dec` has none of it: that is how staff
    ask for a search. Several lines or a long one are a letter where two more signs of one are
    there.
    """
    command = _COMMAND.match(message) or _LOG_THIS.match(message)
    if command:
        return message[command.end() :].strip()
    text = condense(message)
    is_about_travel = _TRAVEL.search(text) is not None or places.contains_place(text)
    if is_told(message) or (
        is_about_travel and (people.reports_customer(text) or _CHAT.match(text))
    ):
        return message.strip()
    lines = sum(1 for line in text.splitlines() if line.strip())
    if lines < 2 and len(text) <= LINE_MAX and not _is_customers_line(text):
        return None
    signs = [
        people.EMAIL.search(text) is not None,
        re.search(r"\+?\d[\d\s()-]{8,20}\d", text) is not None,
        is_about_travel,
        _CUSTOMER_VOICE.search(text) is not None,
        lines > 2 or len(text) > LINE_MAX,
        _GREETING.search(text) is not None,
        _COPIED.search(text) is not None,
        people.introduces_writer(text) and people.find_travellers(text) is not None,
    ]
    return message.strip() if signs[2] and sum(signs) >= 3 else None


def _is_customers_line(text: str) -> bool:
    """Whether a line says who writes, or speaks of the writer; what is needed can be said by staff,
    too.
    """
    says_who = (
        people.EMAIL.search(text)
        or re.search(r"\+?\d[\d\s()-]{8,20}\d", text)
        or _COPIED.search(text)
        or people.introduces_writer(text)
    )
    return (
        bool(says_who) or people.find_name(text) is not None or _OWN_WORDS.search(text) is not None
    )


def without_greeting(message: str) -> str:
    """A line of staff without the greeting before it; a customer's message, or what has several
    lines, as it is.
    """
    said = message.strip()
    return said if "\n" in said or pasted(said) is not None else _GREETED.sub("", said)


def is_dictated(message: str) -> bool:
    """Whether a person tells us about the enquiry ("log an enquiry from …") rather than pasting
    what the customer wrote.
    """
    return _COMMAND.match(message) is not None or is_told(message)


def is_told(message: str) -> bool:
    """Whether staff tell in a line who wants to travel: `Priya Nair wants two adults Mumbai to
    Dubai next Friday`.
    """
    said = message.strip()
    if (
        "\n" in said
        or len(said) > TOLD_MAX
        or not people.reports_request(said)
        or _NO_ENQUIRY.search(said)
    ):
        return False
    return places.contains_place(said) or (
        _TRAVEL.search(said) is not None and people.find_travellers(said) is not None
    )


def _is_line_of_staff(words: str) -> bool:
    """Whether staff say in a line of their own who wants to travel, not in a letter that was pasted
    behind the command.
    """
    return is_told(words) or (
        "\n" not in words.strip() and len(words) <= TOLD_MAX and not is_customers_voice(words)
    )


def is_customers_voice(message: str) -> bool:
    """Whether it sounds like what a customer writes, not like what staff ask for."""
    return (
        _CUSTOMER_VOICE.search(message) is not None
        or _GREETING.search(message) is not None
        or _COPIED.search(message) is not None
    )


def is_greeting(message: str) -> bool:
    """Whether it greets or takes leave, as a letter does."""
    return _GREETING.search(message) is not None


def read(
    words: str, *, today: date, currency: str, named: str | None = None, dictated: bool = False
) -> Intake:
    """Read a customer's message.

    `named` is a name that was given beside it; a `dictated` one may begin with the name.
    """
    whole = _OTHERS_LINES.sub(lambda match: " " * len(match.group()), condense(words))
    body = _HEADER_LINES.sub(lambda match: " " * len(match.group()), whole)
    region = currency[:2] if currency not in {"EUR", "XOF", "XAF", "XCD", "XPF"} else None
    fields: list[Field] = []
    left_open: list[str] = []
    told = people.requester_name(whole) if dictated else None
    name = (
        people.Extracted(named, named)
        if named
        else told or people.find_name(whole) or (people.leading_name(whole) if dictated else None)
    )
    email, others = people.sender_email(whole)
    numbers = phones.find_phones(body, region)
    phone = next((one for one in numbers if one.number), None)
    for key, value, given in (
        ("customer_name", name.value if name else None, name),
        ("customer_email", email.value if email else None, email),
        ("customer_phone", phone.number if phone else None, phone),
    ):
        if value and given:
            fields.append(Field(key, value, given.words))
    if numbers and phone is None:
        left_open.append(numbers[0].words)
    text = _without(body, [said.words for said in (email, *numbers[:1]) if said] + others)
    route = places.find_route(text)
    for key, place in (("origin", route.origin), ("destination", route.destination)):
        if place:
            fields.append(Field(key, place.name, place.words))
    days = [
        day
        for day in find_days(text, today, by_staff=dictated and _is_line_of_staff(words))
        if not _OTHER_DATE.search(lead(text, day.start))
    ]
    _read_dates(text, days, today, fields, left_open)
    travellers = people.find_travellers(text)
    if travellers and travellers.count >= 1:
        fields.append(Field("pax_count", travellers.count, travellers.words))
    _read_budget(text, days, currency, fields, left_open)
    second = _SECOND.search(text)
    left_open += [second.group().strip()] if second else []
    wishes = tuple(dict.fromkeys(match.group().strip() for match in _WISHES.finditer(text)))
    return Intake(tuple(fields), tuple(left_open), words[:NOTES_MAX], wishes, tuple(others))


def _read_dates(
    text: str, days: list[Day], today: date, fields: list[Field], left_open: list[str]
) -> None:
    future = [day for day in days if day.day >= today]
    wrong = impossible_date(text, today)
    if wrong:
        left_open.append(wrong.words)
    if not future:
        left_open += [day.words for day in days] or open_words(text, today)
        return
    depart, back = _ends(text, future)
    either = any(_EITHER.match(text, first.end) for first in future[:-1])
    start, end, words = _in_order(text, depart, back)
    if either or (start and end and end < start):
        left_open += [day.words for day in future]
        return
    if start and depart:
        fields.append(Field("depart_date", start.isoformat(), depart.words))
    if end:
        fields.append(Field("return_date", end.isoformat(), words))


def _ends(text: str, days: list[Day]) -> tuple[Day | None, Day | None]:
    """Which of the days is the departure and which the return: by the word before it, else by their
    order.
    """
    before = {day.start: lead(text, day.start) for day in days}
    back = next(
        (day for day in days if not day.is_range and _RETURN.search(before[day.start])), None
    )
    depart = next(
        (
            day
            for day in days
            if day is not back and not day.is_range and _DEPART.search(before[day.start])
        ),
        None,
    )
    if depart is None and (back is None or len(days) > 1):
        depart = next((day for day in days if day is not back), None)
    if back is None and depart is not None:
        later = [day for day in days if day.start >= depart.start and day is not depart]
        back = next((day for day in later if day.day > depart.day or not day.has_year), None)
    return depart, back


def _in_order(
    text: str, depart: Day | None, back: Day | None
) -> tuple[date | None, date | None, str]:
    """First and last day with the words of the last; a return without a year lies behind the
    departure, nights count from it.
    """
    start, end = depart.day if depart else None, back.day if back else None
    nights = _NIGHTS.search(text)
    if start and depart and end is None and nights:
        return start, start + timedelta(days=int(nights["n"])), f"{depart.words} + {nights.group()}"
    later = _LATER.search(text) if depart and end is None else None
    if start and depart and later:
        return (
            start,
            start + timedelta(days=_days_later(later)),
            f"{depart.words} + {later.group()}",
        )
    if start and end and depart and back and back.has_year and not depart.has_year:
        start = _same_season(start, end)
    if start and end and back and end < start and not back.has_year:
        end = end.replace(year=end.year + 1)
    return start, end, back.words if back else ""


def _days_later(match: re.Match[str]) -> int:
    """How many days `a week later`, `10 days later` or `for two weeks` are."""
    number, unit = (match["n"] or match["n2"]).lower(), (match["unit"] or match["unit2"]).lower()
    return (_COUNTED.get(number) or int(number)) * (7 if unit.startswith("week") else 1)


def _same_season(start: date, end: date) -> date:
    """`19 Dec to 25 Dec 2027`: the year at the end is that of the beginning too, or the one before
    where the trip goes over New Year.
    """
    try:
        moved = start.replace(year=end.year)
        return moved if moved <= end else start.replace(year=end.year - 1)
    except ValueError:  # the twenty-ninth of February
        return start


def _read_budget(
    text: str, days: list[Day], currency: str, fields: list[Field], left_open: list[str]
) -> None:
    bare = _without(text, [day.words for day in days])
    figures = find_figures(bare)
    named = [
        figure
        for figure in figures
        if _BUDGET.search(lead(bare, figure.start))
        and (figure.marked or _is_budget_word(bare, figure))
    ]
    chosen = named or [
        figure
        for figure in figures
        if figure.marked and not _NOT_BUDGET.search(lead(bare, figure.start))
    ]
    if not chosen:
        return
    figure = chosen[0]
    unclear = (
        figure.each
        or figure.ranged
        or len({each.value for each in chosen}) > 1
        or figure.value <= 0
    )
    if unclear:
        left_open += [
            next(
                (
                    other.words
                    for other in figures
                    if other.ranged and other.end > each.end and each.words in other.words
                ),
                each.words,
            )
            for each in chosen
        ]
        return
    fields.append(Field("budget_amount", figure.plain, figure.words))
    fields.append(
        Field(
            "budget_currency", figure.currency or currency, figure.words if figure.currency else ""
        )
    )


def _is_budget_word(text: str, figure: Figure) -> bool:
    return (
        re.search(
            r"\b(?:budget|spend|afford)\b[^.;\n]{0,40}$", lead(text, figure.start), re.IGNORECASE
        )
        is not None
    )


def _without(text: str, spans: list[str]) -> str:
    """The text with some words blanked, everything else in its place."""
    for span in spans:
        text = text.replace(span, " " * len(span))
    return text
