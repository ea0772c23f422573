"""Find names that the agency has not stored, by nearby words and capitals.

A candidate is a run of words that are not common words, places, or values such as dates and
amounts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voyagent.kernel.text.places import places_in
from voyagent.kernel.text.vocabulary import COMMON_WORDS, FIRM_WORDS, plain

Role = Literal["customer", "supplier", "traveller"]
SCORE_MIN = 2.0
_WORDS_MAX = 6
_RUN_MAX = 24
"""Words that are read as one run; after them, the next run begins."""
_TOKEN = re.compile(r"(?<![\w@/-])[^\W\d_](?:[\w&.'’\u0900-\u0963-]*[\w\u0900-\u0963])?\.?|&")
_TITLE_WORDS = """
mr mrs ms miss mister dr doctor prof smt shri sri shree capt col adv er master श्री श्रीमती
डॉ
"""
_WORDS_BEHIND = """
ji sir madam maam bhai bhaiya sahab saab sahib family group party ne ka ki ke ko se bhi wala
wale wali जी ने का की के को से साहब मैडम भाई वाला वाले वाली
"""
_VERB_WORDS = """
paid pays has have had gave gives wants want need needs called says said is was are owes owe
sent cleared settled transferred deposited travelling traveling asked confirmed cancelled
backed wont will would can cant cannot not also just still now here speaking again dropped
isnt stays joining coming going does did agreed refused left booked travels
"""
_CUE_WORDS = """
from frm by client customer vendor supplier pax passenger traveller traveler guest name naam
lead paid pay paying invoice bill inv remove drop delete with myself regards thanks called
rgds owe owes owed does did was is has adult child infant senior include नाम ग्राहक यात्री
"""
_WEAK_CUE_WORDS = """
of for to against and at in add put book enquiry enq query visa ticket tickets passport dob
show find search hold cancel issue apply file charge update mark tell about if
"""
_PASSED_WORDS = """
the our a an new old dear customer client vendor supplier guest passenger pax agent lead
party one amount balance
"""
_HOTEL_NOUNS = """
hotel resort inn palace court residency residences suites lodge retreat spa villas stay
homestay hotels resorts होटल रिज़ॉर्ट
"""
_NEVER_WORDS = """
upi neft rtgs imps utr pnr gst cgst sgst igst tds tcs pan inr usd aed eur gbp sar hdfc icici
sbi axis kotak iata invoice invoices bill bills visa visas package packages tkt tkts ticket
tickets booking bookings enquiry enquiries payment payments jv tb dob adt chd inf pax hi
hello dear thanks regards subject fwd re fw jan feb mar apr may jun jul aug sep sept oct nov
dec january february march april june july august september october november december monday
tuesday wednesday thursday friday saturday sunday pls please kindly ac emd adm ttl ref vat
indian indians instagram facebook whatsapp google justdial hindi english schengen
"""
_ADDRESS_WORDS = """
road street marg lane nagar colony avenue drive floor building sector chowk bazaar rd st
"""
_LABEL_WORDS = "name customer client guest vendor supplier pax passenger lead naam enquiry"
_JOURNEY_NOUNS = frozenset(["hotel", "hotels", "tour", "tours", "trip", "holiday"])
"""Words of firms' names that more often name what is sold: `Pillai hotel booking`."""
_TITLES = frozenset(_TITLE_WORDS.split())
_BEHIND_NAMES = frozenset(_WORDS_BEHIND.split())
_VERBS_BEHIND = frozenset(_VERB_WORDS.split())
_BEFORE_NAMES = frozenset(_CUE_WORDS.split())
_WEAK_BEFORE = frozenset(_WEAK_CUE_WORDS.split())
_PASSED_OVER = frozenset(_PASSED_WORDS.split())
_HOTELS = frozenset(map(plain, _HOTEL_NOUNS.split()))
_NEVER = frozenset(_NEVER_WORDS.split())
_ADDRESSES = frozenset(_ADDRESS_WORDS.split())
_LABELS = frozenset(_LABEL_WORDS.split())
"""Words that are labels of the name after them, also with a colon between."""
_ADDRESS = re.compile(r"(?<!\S)\S*@\S*")
_JOINTS = frozenset(["and", "aur", "और"])
_OWNER = re.compile(r"(?:['’]s|(?<=s)['’])$")
_NOT_NAME_ENDING = re.compile(
    r".{3,}(?:ing|able|tion|sion|ment|ness|ous|ally|ated|cted|lled|nned|pped|rred|ssed|tted|oned"
    r"|used|ised|ized|ched|shed|sted)$"
)
_SENTENCE_ENDS = frozenset("\n.!?:;•*-")
_DASHES = frozenset("–—")
_BREAK = re.compile(r"[^\s.]|\n|\.\s")


_TokenKind = Literal["name", "common", "firm", "title", "never", "place", "joiner"]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    kind: _TokenKind
    is_first: bool
    is_apart: bool
    """True if punctuation or a value stands before the token."""

    @property
    def is_capital(self) -> bool:
        return self.text[:1].isupper()

    @property
    def is_acronym(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may be a name, their position, and a score for the evidence."""

    words: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class WordOfName:
    """A word that may be part of a name, and its position."""

    text: str
    start: int
    end: int

    @property
    def is_capital(self) -> bool:
        """Return True if the word is capitalised."""
        return self.text[:1].isupper()


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent words that together may be a name, without titles."""

    named: tuple[WordOfName, ...]

    @property
    def start(self) -> int:
        """Return the position of the first word in the text."""
        return self.named[0].start

    @property
    def end(self) -> int:
        """Return the position after the last word in the text."""
        return self.named[-1].end


def find_runs(text: str) -> list[Run]:
    """Return the runs of words in a text that may be names, in order."""
    tokens = _tokens(_ADDRESS.sub(lambda address: "," * len(address.group()), text))
    found = []
    for first, last in _runs(tokens, has_capitals=_has_capitals(tokens)):
        named = tuple(
            WordOfName(_OWNER.sub("", one.text).rstrip("."), one.start, one.end)
            for one in tokens[first : last + 1]
            if one.kind not in ("title", "joiner")
            and one.text.lower() != "and"
            and (one.is_capital or one.kind == "name" or plain(one.text) not in _JOURNEY_NOUNS)
        )
        if named:
            found.append(Run(named))
    return found


def is_title(word: str) -> bool:
    """Return True for a title such as `Mr`, `Dr.` or `Smt`."""
    return plain(word) in _TITLES


def find_names(
    text: str, hidden: Sequence[tuple[int, int]] = (), role: Role = "customer"
) -> list[Candidate]:
    """Return the probable names of a text, the best first.

    `hidden` has the start and end of values in the text, such as dates, which are not names. `role`
    is the role of the person or firm whose name is wanted. Firms and hotels score higher for a
    supplier; hotels score lower for the other roles. For a customer, a couple such as `Raj and
    Priya Shah` is one name. Candidates with a score below SCORE_MIN are left out.
    """
    visible = list(text)
    for start, end in hidden:
        visible[start:end] = "," * (end - start)
    tokens = _tokens("".join(visible))
    has_capitals = _has_capitals(tokens)
    runs = _runs(tokens, has_capitals=has_capitals)
    if role == "customer":
        runs = _couples(tokens, runs)
    found = [
        _candidate(text, tokens, first, last, role)
        for first, last in runs
        if last - first < _WORDS_MAX
    ]
    return sorted(
        (one for one in found if one.score >= SCORE_MIN), key=lambda one: (-one.score, one.start)
    )


def _tokens(text: str) -> list[_Token]:
    in_place = bytearray(len(text))
    for match in places_in(text):
        in_place[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    found: list[_Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        between = text[end : match.start()]
        end = match.end()
        is_place = 1 in in_place[match.start() : match.end()]
        kind = _kind_of(match.group())
        found.append(
            _Token(
                match.group(),
                match.start(),
                match.end(),
                "place" if is_place and kind not in ("title", "never") else kind,
                is_first=_begins_sentence(text, match.start()),
                is_apart=not found or bool(_BREAK.search(between)),
            )
        )
    return found


def _begins_sentence(text: str, start: int) -> bool:
    """Return True if a sentence, a line or an item of a list begins at a position."""
    place = start - 1
    while place >= 0 and text[place].isspace() and text[place] != "\n":
        place -= 1
    if place < 0 or text[place] in _SENTENCE_ENDS:
        return True
    return text[place] in _DASHES and place > 0 and text[place - 1].isspace()


def _kind_of(text: str) -> _TokenKind:
    word = re.sub("['’]", "", plain(_OWNER.sub("", text)))
    kinds: dict[_TokenKind, bool] = {
        "joiner": text == "&",
        "title": word in _TITLES,
        "never": word in _NEVER or any(letter.isdigit() for letter in word),
        "firm": word in FIRM_WORDS,
        "common": word in COMMON_WORDS
        or not word
        or (text.islower() and _NOT_NAME_ENDING.match(text) is not None),
    }
    return next((kind for kind, is_so in kinds.items() if is_so), "name")


def _has_capitals(tokens: Sequence[_Token]) -> bool:
    """Return True if at least half of the common words begin with a small letter.

    Only in such a text do capitals indicate names.
    """
    common = [one for one in tokens if one.kind in ("common", "never") and not one.is_first]
    small = [one for one in common if not one.is_capital]
    return len(small) * 2 >= len(common)


def _runs(tokens: Sequence[_Token], *, has_capitals: bool) -> list[tuple[int, int]]:
    """Return the indexes of the first and the last token of each candidate."""
    runs: list[tuple[int, int]] = []
    place = 0
    while place < len(tokens):
        last = _run_from(tokens, place, has_capitals=has_capitals)
        if last is None:
            place += 1
        else:
            runs.append((place, last))
            place = last + 1
    return runs


def _couples(tokens: Sequence[_Token], runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the runs, with a couple such as `Raj and Priya Shah` as one run."""
    joined: list[tuple[int, int]] = []
    for first, last in runs:
        before = joined[-1] if joined else None
        if before and _is_couple(tokens, before, (first, last)):
            joined[-1] = (before[0], last)
        else:
            joined.append((first, last))
    return joined


def _is_couple(tokens: Sequence[_Token], one: tuple[int, int], other: tuple[int, int]) -> bool:
    joint = one[1] + 1
    if joint + 1 != other[0] or tokens[joint].is_apart or tokens[other[0]].is_apart:
        return False
    is_joint = tokens[joint].kind == "joiner" or tokens[joint].text.lower() in _JOINTS
    given = [token for token in tokens[one[0] : one[1] + 1] if token.kind != "title"]
    named = [token for token in tokens[other[0] : other[1] + 1] if token.kind != "title"]
    return (
        is_joint
        and len(given) == 1
        and len(named) > 1
        and all(token.kind == "name" for token in (*given, *named))
        and given[0].is_capital == named[0].is_capital
        and not given[0].text.islower()
    )


def _run_from(tokens: Sequence[_Token], first: int, *, has_capitals: bool) -> int | None:
    kinds: list[str] = []
    last = None
    for place in range(first, min(first + _RUN_MAX, len(tokens))):
        token = tokens[place]
        if kinds and (token.is_apart or _changes_case(tokens, place, first)):
            break
        if not _continues(tokens, place, kinds, has_capitals=has_capitals):
            break
        kinds.append("joiner" if token.text.lower() == "and" else token.kind)
        last = place
        if _OWNER.search(token.text):
            break
    if last is None:
        return None
    while kinds and kinds[-1] == "joiner":
        kinds.pop()
        last -= 1
    if plain(tokens[last].text) in _ADDRESSES:
        return None
    named = kinds.count("name") + kinds.count("common") + kinds.count("firm") + kinds.count("place")
    if kinds.count("name") == 0 and (named < 2 or "title" in kinds):
        return None
    return last


def _continues(
    tokens: Sequence[_Token], place: int, kinds: Sequence[str], *, has_capitals: bool
) -> bool:
    """Return True if the token with the index `place` begins or continues a name.

    `kinds` are the kinds of the name's earlier tokens; if empty, the token would begin the name.
    """
    token = tokens[place]
    has_capital = has_capitals and token.is_capital and (not token.is_first or token.is_acronym)
    if token.kind == "joiner" or token.text.lower() == "and":
        return bool(kinds) and _joins(tokens, place, kinds)
    return {
        "title": not kinds or kinds[-1] in ("title", "joiner"),
        "name": True,
        "firm": bool(kinds) or has_capital,
        "common": has_capital,
        "place": token.kind == "place" and _is_in_name(tokens, place),
    }.get(token.kind, False)


def _changes_case(tokens: Sequence[_Token], place: int, first: int) -> bool:
    """Return True if a change between capitals and small letters ends a name.

    The token with the index `place` is compared with the token before it. For example,
    `summarise Ravi` is not one name. `first` is the index of the name's first token.
    """
    one, other = tokens[place - 1], tokens[place]
    is_joined = "and" in (one.text.lower(), other.text.lower()) or "joiner" in (
        one.kind,
        other.kind,
    )
    if is_joined or one.kind == "title":
        return False
    if one.is_capital and not other.is_capital:
        return not (place - 1 == first and one.is_first and other.kind == "name")
    return other.is_capital and not one.is_capital and one.text.lower() != "al"


def _joins(tokens: Sequence[_Token], place: int, kinds: Sequence[str]) -> bool:
    """Return True if the `&` or `and` with the index `place` is inside a name.

    Examples: `Shah & Sons`, `Mr and Mrs`. `kinds` are the kinds of the name's earlier tokens.
    """
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    if following is None or following.is_apart:
        return False
    if kinds[-1] == "title":
        return following.kind == "title"
    return following.kind == "firm" and following.is_capital


def _is_in_name(tokens: Sequence[_Token], place: int) -> bool:
    """Return True if a town or country is part of a firm's name, as in `Kerala Tours`.

    `place` is the index of the token with the town or country.
    """
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    earlier = tokens[place - 1] if place else None
    if earlier and not tokens[place].is_apart and earlier.is_acronym and tokens[place].is_capital:
        return earlier.kind != "never"
    return bool(
        following
        and not following.is_apart
        and tokens[place].is_capital
        and following.is_capital
        and following.kind in ("firm", "name")
        and plain(following.text) not in _JOURNEY_NOUNS
    )


def _candidate(text: str, tokens: Sequence[_Token], first: int, last: int, role: Role) -> Candidate:
    run = tokens[first : last + 1]
    words = [one for one in run if one.kind not in ("title", "joiner")]
    name = text[run[0].start : run[-1].end]
    is_owner = _OWNER.search(name) is not None
    before = _before(tokens, first)
    next_token = tokens[last + 1] if last + 1 < len(tokens) else None
    next_word = plain(next_token.text) if next_token and not next_token.is_apart else ""
    is_hotel = any(plain(one.text) in _HOTELS for one in run) or next_word in _HOTELS
    score = 0.0
    score += 3.0 if any(one.kind == "title" for one in run) else 0.0
    score += 2.0 if before in _BEFORE_NAMES else 1.0 if before in _WEAK_BEFORE else 0.0
    score += 2.0 if is_owner or next_word in _BEHIND_NAMES else 0.0
    score += 1.5 if next_word in _VERBS_BEHIND else 0.0
    score += 1.0 if len(words) > 1 else 0.0
    capitals = sum(one.is_capital for one in words)
    score += 2.0 if capitals == len(words) else 0.5 if capitals else 0.0
    if re.fullmatch(r"[\u0900-\u0963\s.]+", name):
        score += 1.0
    if first == 0:
        score += 1.0 if next_token and not next_token.is_apart else 2.0
    if len(name) < 3 or (len(words) == 1 and len(words[0].text) < 3):
        score -= 2.0
    is_firm = is_hotel or before == "at" or any(one.kind == "firm" for one in run)
    if role == "supplier":
        score += 2.5 if is_firm else 0.0
    elif is_hotel or before == "at":
        score -= 2.5
    return Candidate(name, run[0].start, run[-1].end, score)


def _before(tokens: Sequence[_Token], first: int) -> str:
    """Return the word before a candidate, such as `from`.

    Words such as `the` and `customer` directly before the candidate are skipped.
    """
    place = first - 1
    if place < 0 or (tokens[first].is_apart and plain(tokens[place].text) not in _LABELS):
        return ""
    word = plain(tokens[place].text)
    while word in _PASSED_OVER and place > 0 and not tokens[place].is_apart:
        earlier = plain(tokens[place - 1].text)
        if earlier not in _BEFORE_NAMES | _WEAK_BEFORE | _PASSED_OVER:
            break
        place -= 1
        word = earlier
    return word
