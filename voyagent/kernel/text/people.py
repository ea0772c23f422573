"""Find names, e-mail addresses and the number of travellers in plain text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from voyagent.kernel.text.passages import STAMP, lead
from voyagent.kernel.text.places import is_known_place

EMAIL = re.compile(r"[\w.+%'-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_COUNT_WORDS = "zero one two three four five six seven eight nine ten eleven twelve"
_COUNTS = {word: number for number, word in enumerate(_COUNT_WORDS.split())}
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(list(_COUNTS)[1:])})"
_KINDS = (
    re.compile(
        rf"\b(?P<n>{_NUMBER})\s*(?:adults?|adls?|adts?)\b|\b(?P<c>\d{{1,2}})\s?A(?=[\s+&,]*\d{{1,2}}\s?C\b)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<n>{_NUMBER}|an?|the(?=\s+(?:child|kid)\b))\s*(?:child(?:ren)?|kids?|chd)\b|(?<=[A\s+&,])(?P<c>\d{{1,2}})\s?C\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<n>{_NUMBER}|an?)\s*(?:infants?|inf|bab(?:y|ies)|toddlers?)\b", re.IGNORECASE
    ),
    re.compile(rf"\b(?P<n>{_NUMBER})\s*(?:seniors?|senior citizens?)\b", re.IGNORECASE),
)
_COUPLES = re.compile(rf"\b(?P<n>{_NUMBER})\s*couples\b", re.IGNORECASE)
_AGED = re.compile(
    r"\b(?:kids|children)\s*(?:,?\s*(?:aged?|ages|of)\s*|\(\s*(?:aged?\s*)?)(?P<ages>\d{1,2}(?:\s*(?:,|and|&)\s*\d{1,2})+)",
    re.IGNORECASE,
)
INFANT_UNTIL, CHILD_UNTIL = 2, 12
"""Ages in years: a younger passenger is an infant, or a child, for an airline."""
_TOTALS = (
    re.compile(
        rf"\b(?:family|group|party|team|total)\s+of\s+(?P<n>{_NUMBER})\b(?!\s*(?:nights?|days?|weeks?|rooms?))",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<n>{_NUMBER})\s*(?:of"
        r" us|people|persons?|pax|travell?ers?|passengers?|guests?|members?|heads|friends"
        r"|pilgrims?|students?|delegates?|employees|colleagues|ladies|gents|couples?)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<n>{_NUMBER})\s*(?:(?:air|flight|return|one[- ]way)\s*)?(?:tickets?|tkts?|seats)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:pax|people|travell?ers|passengers|number of"
        rf" (?:people|travell?ers))\s*[:=-]\s*(?P<n>{_NUMBER})\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bfor\s+(?P<n>two|three|four|five|six|seven|eight|nine|ten)\b(?!\s*(?:nights?|days?|weeks?|months?|hours?|rooms?|families|lakhs?|hundred|thousand))",
        re.IGNORECASE,
    ),
)
_SPOUSE = re.compile(
    r"\b(?:my\s+(?:wife|husband|spouse|partner|fianc[ée]e?)\s+(?:and|&)\s+(?:me|I|myself)"
    r"|(?:me|I|myself)\s*(?:,|and|&|with)\s*my\s+(?:wife|husband|spouse|partner|fianc[ée]e?)"
    r"|(?-i:[A-Z])\w+\s+(?:and|&|with)\s+(?:his|her)\s+(?:wife|husband|spouse|partner|fianc[ée]e?))",
    re.IGNORECASE,
)
_WE_ARE = re.compile(
    r"\bwe(?:['’]re|\s+are)\s+(?:(?:only|just|a (?:family|group|party)"
    rf" of)\s+)?(?P<n>{_NUMBER})\b(?!\s*"
    r"(?:adults?|child(?:ren)?|kids?|nights?|days?|weeks?|rooms?|couples?))",
    re.IGNORECASE,
)
_PEOPLE = _TOTALS[1]
_KIN = re.compile(
    r"\b(?:my|our|and|plus|with)\s+(?:(?:my|our|her|his)\s+)?(?:(?:elder|older|younger)\s+)?"
    r"(?:parents|in-?laws|mother(?:-in-law)?|father(?:-in-law)?|mom|mum|dad|sister|brother)\b",
    re.IGNORECASE,
)
_OWN_CHILD = re.compile(
    r"(?:(?:\b(?:my|our|and)\s+|[,&]\s*)(?:(?:my|our)\s+)?(?:(?:little|elder|older|younger|only)\s+)?(?:son|daughter|baby|child|kid)\b)"
    r"(?:[^,.;\n\d]{0,40}?(?:\(\s*)?(?:aged?\s*)?(?:(?P<age>\d{1,2})\s*-?(?:years?|yrs?|y/?o)\b|(?P<months>\d{1,2})\s*-?(?:months?|mths?)\b|(?P<bare>\d{1,2})\s*\)))?",
    re.IGNORECASE,
)
_TWO = re.compile(r"(?:parents|in-?laws)$", re.IGNORECASE)
_BESIDES = re.compile(
    r"\b(?:and|with|plus|besides)\s+(?:the\s+|both\s+)?$", re.IGNORECASE
)  # "my parents and the two of us" does not say how many parents travel
_PAIR = re.compile(
    r"\b(?:we are a couple|a couple(?! of)|as a couple|married couple)\b", re.IGNORECASE
)
_ALONE = re.compile(
    r"\b(?:just me|only me|by myself|alone|solo (?:trip|travell?er|travel)|single travell?er)\b",
    re.IGNORECASE,
)

NAME_WORDS_MAX = 6
POSSESSIVE = r"(?:['’]s|(?<=s)['’])(?!\w)"
"""The possessive ending of a name: `Deepa's`, `Anil Das’`."""
_WHOSE_END = re.compile(rf"(?P<name>\S){POSSESSIVE}\s*$", re.IGNORECASE)
_GIVEN = re.compile(
    r"^\s*(?:(?:(?:her|his|their|the|my|customer'?s?|client'?s?|full)\s+)*name(?:'s|’s|\s+is)?|(?:he|she|it|this|that)(?:'s|’s|\s+is|\s+was)|from|to|for|of)"
    r"\s*[:,-]?\s+",
    re.IGNORECASE,
)
_WORD = r"[^\W\d_][\w’'.-]*"
_NAME = rf"{_WORD}(?:[ \t]+(?:{_WORD}|&)){{0,4}}"
_TITLE = r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Smt|Shri|Sri)\.?\s+)?"
_HEADER = re.compile(
    rf"^\s*(?:from|sender)\s*:\s*[\"']?(?P<name>{_TITLE}{_NAME})[\"']?\s*<",
    re.IGNORECASE | re.MULTILINE,
)
_LABEL = re.compile(
    rf"^\s*(?:customer|client|guest|contact|full|lead)?\s*(?:name|customer|client|guest)\s*[:=-]\s*(?P<name>{_TITLE}{_NAME})",
    re.IGNORECASE | re.MULTILINE,
)
_EXPORT = re.compile(
    rf"^\s*{STAMP}\s*[-–]?\s*(?P<name>{_NAME})\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_SELF = re.compile(
    rf"\b(?:this is|my name is|I am|I'm|I’m|myself)\s+(?P<name>{_TITLE}(?-i:[A-Z])[\w’'.-]*(?:["
    r" \t]+(?-i:[A-Z])[\w’'.-]*){0,3})",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"(?<!hotel )(?<!airline )(?<!last )(?<!family )(?<!company )\bname\s*(?:is|:|=|-)?\s+"
    rf"(?P<name>{_TITLE}(?-i:[A-Z])[\w’'.-]*(?:[ \t]+(?-i:[A-Z])[\w’'.-]*){{0,3}})",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"(?P<name>[A-Z][\w’'.-]*(?:[ \t]+[A-Z][\w’'.-]*){0,2})\s+(?:here\b|speaking\b|this side\b)"
)
_SIGNED = re.compile(
    r"(?:^|[.!?,;]|\s)\s*(?:(?:with|best|kind|warm|many)\s+){0,4}(?:regards|thanks|thank you|thank"
    r" u|thx|cheers|best|wishes|sincerely|yours truly|rgds)"
    rf"(?:\s*(?:and|&)\s*regards)?\s*[,.!-]*\s*\n?\s*(?P<name>{_TITLE}{_WORD}(?:["
    rf" \t]+(?:{_WORD}|&)){{0,4}})\s*(?:$|[,(+<|/]|\s[\w.+-]+@|\s\d)",
    re.IGNORECASE | re.MULTILINE,
)
_THIRD = re.compile(
    r"\b(?P<name>(?:(?:Mr|Mrs|Ms|Dr)\.?\s+)?[A-Z][\w’'.-]*(?:["
    r" \t]+[A-Z][\w’'.-]*){0,3})\s+(?:wants?|would like|needs?|is looking"
    r"|are looking|called|rang|phoned|asked|is asking|enquired|inquired|wrote|plans?|is planning)\b"
)
_TOLD_TO = re.compile(
    rf"^\s*(?:(?:an?|the|our|one|new|old|regular)\s+)*(?:customer|client|guest|lead|pax)\s+(?:named\s+|called\s+)?"
    rf"(?P<name>{_TITLE}{_WORD}(?:[ \t]+{_WORD}){{0,3}}?)\s+(?:has\s+|just\s+)?"
    r"(?:called|rang|phoned|messaged|mailed|whats?app(?:ed)?|came|walked"
    r" in|wants?|needs?|asked|asks|is (?:asking|looking)|enquired|inquired)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=\w{3})\.\s")
_NO_NAME_WORDS = """
i we he she they it you hi hello dear hey team sir madam please thanks thank regards the this that
my our customer customers client clients everybody guest someone somebody looking planning going
interested writing from for and not very so just also new enquiry inquiry lead request message
whatsapp email mail today tomorrow travelling traveling sure here there monday tuesday wednesday
thursday friday saturday sunday january february march april may june july august september
october november december budget trip travel sent forwarded fwd re subject as quoted agreed
discussed usual above below in advance waiting await awaiting reply soon lot much what who how
everyone anyone nobody
"""
_NO_NAME = frozenset(_NO_NAME_WORDS.split())


_TALK_WORDS = """
wait check call ask tell see think hold hang let me him her them first later paste wrong oops sure
maybe yes no ok okay cancel change leave minute moment second date number actually should be only
again forget remove add make show what which when where why drop undo reverse reject grant issue
due dated paid
"""
_TALK = frozenset(_TALK_WORDS.split())
"""Words of a conversation, which are not part of a name that is in lower case."""
_LOWER_WORDS = (
    "a an me is are was can could would should do does did have has had to in on at with by as or"
    " if then"
)
_LOWER = frozenset(_LOWER_WORDS.split())
_DAY_BEHIND = re.compile(r"(?<=\S)\s+(?:kal|aaj|pars[ou]n?|tmrw|tomo)$")
"""Words for days after a name in lower case, which are not part of the name."""
_GROUPS = frozenset({"family", "group", "party", "couple", "friends"})
_NOUN_WORDS = """
invoice invoices bill bills receipt receipts payment payments refund refunds enquiry enquiries
inquiry quote quotes quotation visa visas flight flights ticket tickets hotel hotels package
packages trip trips itinerary transfer transfers booking bookings insurance passenger passengers
passport passports statement report balance receivables payables voucher vouchers credit note
notes draft drafts journal entry
"""
_NOUNS = frozenset(_NOUN_WORDS.split())
"""Nouns of the travel trade, which are not a name alone or together with a place."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """A name, and the words of the text that it was read from."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Travellers:
    """The number of travellers, and the words of the text that state it.

    `spans` are the start and end of these words.
    """

    count: int
    words: str
    spans: tuple[tuple[int, int], ...] = ()


def find_travellers(text: str) -> Travellers | None:
    """Return the number of travellers in a text, None if the text does not state it."""
    counted = [match for pattern in _KINDS for match in [pattern.search(text)] if match]
    people = sum(_count_in(match) for match in counted)
    is_of_adults = bool(counted) and counted[0].re is _KINDS[0]
    aged = None if any(match.re is _KINDS[1] for match in counted) else _AGED.search(text)
    if aged:
        people += len(re.findall(r"\d+", aged["ages"]))
        counted.append(aged)
    if is_of_adults:
        return _travellers(people, counted)
    pairs = _COUPLES.search(text) or _SPOUSE.search(text)
    together = _WE_ARE.search(text) or _PEOPLE.search(text)
    if _SPOUSE.search(text) and together:
        return _travellers(_count(together["n"]), [together])
    if pairs:
        own = [] if people else [*_OWN_CHILD.finditer(text)]
        kin = [*_KIN.finditer(text)]
        people += len(own) + sum(2 if _TWO.search(match.group()) else 1 for match in kin)
        couples = _count(pairs["n"]) if pairs.re is _COUPLES else 1
        return _travellers(2 * couples + people, [pairs, *counted, *own, *kin])
    if len(counted) > 1:
        return _travellers(people, counted)
    for pattern in _TOTALS:
        match = pattern.search(text)
        if match and not (
            match.group().lower().endswith("of us") and _BESIDES.search(lead(text, match.start()))
        ):
            is_of_couples = match.group().lower().rstrip("s").endswith("couple")
            return _travellers(_count(match["n"]) * (2 if is_of_couples else 1), [match])
    for pattern, count in ((_PAIR, 2), (_ALONE, 1)):
        match = pattern.search(text)
        if match:
            return _travellers(count + people, [match, *counted])
    return None


def _travellers(count: int, matches: list[re.Match[str]]) -> Travellers:
    words = ", ".join(match.group().rstrip(" (") for match in matches)
    return Travellers(count, words, tuple(sorted(match.span() for match in matches)))


def _count_in(match: re.Match[str]) -> int:
    groups = match.groupdict()
    return _count(groups.get("n") or groups.get("c") or "1")


def find_party(text: str) -> dict[str, int] | None:
    """Count the travellers of each kind, such as `2 adults and a child`.

    The keys are among `adult`, `child`, `infant` and `senior`. A traveller whose kind is not
    written is an adult. Returns None if the text states no number of travellers.
    """
    party: dict[str, int] = {}
    for kind, pattern in zip(("adult", "child", "infant", "senior"), _KINDS, strict=True):
        match = pattern.search(text)
        if match:
            party[kind] = _count_in(match)
    aged = _AGED.search(text)
    if aged:
        ages = [int(age) for age in re.findall(r"\d+", aged["ages"])]
        beyond = max(party.pop("child", 0) - len(ages), 0)
        kinds = _kinds_of(ages)
        party = {
            kind: count
            for kind in (*party, *kinds)
            if (
                count := party.get(kind, 0)
                + kinds.get(kind, 0)
                + (beyond if kind == "child" else 0)
            )
        }
    if party:
        return party
    total = find_travellers(text) or _for_few(text)
    if total is None or total.count < 1:
        return None
    young = _kinds_of([_age_of(match) for match in _OWN_CHILD.finditer(text)])
    young.pop("adult", None)
    grown = total.count - sum(young.values())
    return {"adult": grown, **young} if grown > 0 else {"adult": total.count}


def _age_of(match: re.Match[str]) -> int:
    """Return the age in years of a child that the text mentions.

    If no age is written, a baby counts as 0 years old, and any other child as 2 years old.
    """
    if match["months"]:
        return int(match["months"]) // 12
    age = match["age"] or match["bare"]
    return int(age) if age else 0 if "baby" in match.group().lower() else INFANT_UNTIL


def _kinds_of(ages: list[int]) -> dict[str, int]:
    """Return the number of infants, children and adults among people of these ages."""
    return dict(
        Counter(
            "infant" if age < INFANT_UNTIL else "child" if age < CHILD_UNTIL else "adult"
            for age in ages
        )
    )


def _for_few(text: str) -> Travellers | None:
    """Find a number of people in words such as `for 2`.

    The words count only at the end of the text, or before punctuation, a date or a place.
    """
    match = re.search(
        rf"\bfor\s+(?P<n>{_NUMBER})(?=\s*(?:$|[,.;?]|on\b|from\b|next\b|this\b|in\b|tomorrow\b))",
        text,
        re.IGNORECASE,
    )
    return _travellers(_count(match["n"]), [match]) if match else None


def answered_name(text: str, read: Callable[[str], str | None] | None = None) -> str | None:
    """Return the name in an answer to a question for a name: `it's Suresh Pillai`.

    The result is None if the answer contains no name, or one of too many words. `read` is a
    function that returns the name in a text, or None. The default is `as_name`.
    """
    answer = _GIVEN.sub("", text.strip(" .?!"))
    name = (read or as_name)(answer)
    return name if name and len(name.split()) <= NAME_WORDS_MAX else None


def find_name(text: str) -> Extracted | None:
    """Find the customer's name in a header, a label, an introduction or the signature."""
    found = [
        Extracted(name, re.sub(r"\s+", " ", match.group().strip(" \n:<.,;!"))[:120])
        for pattern in (_HEADER, _LABEL, _SELF, _EXPORT, _TOLD_TO, _THIRD, _SIGNED, _HERE, _INLINE)
        for match in pattern.finditer(text)
        if (name := as_name(_SENTENCE_END.split(match["name"])[0]))
    ]
    if not found:
        return _last_line(text)
    first = found[0].value.casefold().split()
    return max(
        (candidate for candidate in found if set(first) <= set(candidate.value.casefold().split())),
        key=lambda candidate: len(candidate.value.split()),
    )


def as_name(words: str, *, is_joint: bool = False) -> str | None:
    """Return words as the name of a person or a firm, None if they are not a name.

    A name in lower case gets capitals. Places and nouns of the travel trade are not names. If
    `is_joint` is true, “and” may join two names.
    """
    name = re.sub(r"\s+", " ", words).strip(" ,.;:-–<\"'")
    name = _DAY_BEHIND.sub("", name)
    parts = [part for part in name.split() if not (is_joint and part.lower() == "and")]
    if (
        not parts
        or (not is_capitalised(name) and any(part.lower().strip(".,") in _TALK for part in parts))
        or len(name) > 255
        or any(part.lower().strip(".,") in _NO_NAME or part in _LOWER for part in parts)
        or is_known_place(name)
        or not name[0].isalpha()
        or name.lower() in _GROUPS
        or _is_of_nouns(name)
    ):
        return None
    return name.title().replace(" And ", " and ") if name.islower() else name


def _is_of_nouns(name: str) -> bool:
    rest = [word for word in name.lower().split() if word.strip(".,") not in _NOUNS]
    return len(rest) < len(name.split()) and (not rest or is_known_place(" ".join(rest)))


def is_capitalised(words: str) -> bool:
    """Return True for two or more capitalised words, such as `Creek Side Hotel`.

    The words `of`, `and` and `the` may be in small letters.
    """
    return len(words.split()) > 1 and all(
        word[:1].isupper() or word in ("of", "and", "&", "the") for word in words.split()
    )


def without_possessive(words: str) -> str:
    """Return a name without its possessive ending: `Anil Das’s` → `Anil Das`."""
    trimmed = words.strip(" ?.,")
    return _WHOSE_END.sub(r"\g<name>", trimmed)


def _last_line(text: str) -> Extracted | None:
    lines = [
        line.strip(" ,.-–")
        for line in text.strip().splitlines()
        if line.strip()
        and not EMAIL.search(line)
        and not re.fullmatch(r"[\d\s+()./-]+", line.strip())
    ]
    if len(lines) < 2:
        return None
    words = lines[-1].split()
    if 1 <= len(words) <= 4 and all(re.fullmatch(r"[A-Z][\w’'.-]*", word) for word in words):
        name = as_name(lines[-1])
        return Extracted(name, lines[-1]) if name else None
    return None


def bare_count(words: str) -> int | None:
    """Return the number if a text is only a number, such as `four`; otherwise None.

    The text may have one or two digits, or be a word from `one` to `twelve`.
    """
    lowered = words.strip(" .!?").lower()
    return _COUNTS.get(lowered) or (int(lowered) if re.fullmatch(r"\d{1,2}", lowered) else None)


def _count(word: str) -> int:
    lowered = word.lower()
    return (
        1
        if lowered in {"a", "an"}
        else _COUNTS.get(lowered) or int(lowered)
        if lowered.isdigit() or lowered in _COUNTS
        else 1
    )
